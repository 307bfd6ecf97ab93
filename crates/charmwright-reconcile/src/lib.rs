//! The driver: desired state, plan, effects, status, actions.

//! The agent's socket as a transport: against agents that misbehave, and against Juju's own.

#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod jujus_agent;
mod other_agents;

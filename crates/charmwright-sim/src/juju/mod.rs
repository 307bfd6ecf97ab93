//! Juju's side of one run of a charm: what the controller knows, what the agent shows the charm, what the hook
//! commands answer, and what is written when the charm has ended.

pub mod bytes;
pub mod commands;
pub mod context;
pub mod controller;
pub mod environment;
pub mod live;
pub mod log;
pub mod peer;
pub mod run;
pub mod serving;
pub mod socket;
pub mod text;
pub mod version;
pub mod worker;

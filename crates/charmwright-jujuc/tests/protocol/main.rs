//! Both ends of the protocol: against each other, against recordings, and against Juju's own ends.
//!
//! Juju's programs are those that `CHARMWRIGHT_JUJUC` and `CHARMWRIGHT_JUJUPEER` name, else those that
//! `cargo xtask setup` builds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "the helpers belong to the tests")]

mod jujus_client;
mod jujus_server;
mod malformed;
mod pipeline;
mod properties;
mod recorded;
mod support;

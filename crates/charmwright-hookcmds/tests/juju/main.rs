//! The typed functions against Juju 3.6.11's own runner, hook commands and errors: each test has `jujupeer` run a
//! charm whose `dispatch` is another test of this program.

#![expect(clippy::unwrap_used, reason = "test")]

mod events;
mod follower;
mod in_action;
mod leader;
mod peer;
mod secrets;

//! What surprises about Pebble, played in process with the real client.

#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod checks;
mod exec;
mod files;
mod notices;
mod requests;
mod services;
mod support;

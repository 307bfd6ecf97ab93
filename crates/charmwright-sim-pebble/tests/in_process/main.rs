//! What surprises about Pebble, played in process with the real client.

#![expect(clippy::unwrap_used, reason = "a test that fails may as well fail there")]

mod checks;
mod exec;
mod faults;
mod files;
mod notices;
mod requests;
mod services;
mod support;

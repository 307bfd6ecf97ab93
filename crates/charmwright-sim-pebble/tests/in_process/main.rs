//! What surprises about Pebble, played in process with the real client.

mod checks;
mod exec;
mod files;
mod notices;
mod requests;
mod services;
mod support;

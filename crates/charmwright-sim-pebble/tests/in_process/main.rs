//! What surprises about Pebble, played in process with the real client.

<<<<<<< HEAD
#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]
=======
#![expect(clippy::unwrap_used, reason = "a test that fails may as well fail there")]
>>>>>>> w-sim2

mod checks;
mod exec;
mod files;
mod notices;
mod requests;
mod services;
mod support;

//! Against a real daemon: `CHARMWRIGHT_PEBBLE`, else the one that `cargo xtask setup` builds.

#![expect(clippy::unwrap_used, reason = "the helpers belong to the tests")]

mod exec;
mod faults;
mod files;
mod layers;
mod merge;
mod services;
mod support;

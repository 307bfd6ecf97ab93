//! What the author of a charm writes with this crate alone.
#![expect(clippy::unwrap_used, reason = "tests")]

mod interface;
mod names;
mod optional;
mod promises;

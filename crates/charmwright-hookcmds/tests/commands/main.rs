//! The typed functions: what they ask, what they refuse, what they make of the answers.

#![expect(clippy::unwrap_used, reason = "test")]

mod answers;
mod failures;
mod fake;
mod requests;
mod secrets;

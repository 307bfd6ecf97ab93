//! Charms to come, to see how they read before they are built.
//!
//! They type-check against what `Desired` takes today, and against [`tomorrow`]: the signatures that are still
//! missing, as traits without an implementation. Nothing here runs. When a signature is built it leaves
//! [`tomorrow`], and when all that a charm needs is built the charm becomes an example of its own.

pub mod coordinator;
pub mod interfaces;
pub mod parca;
pub mod tomorrow;
pub mod worker;

//! The driver: from inputs to status.
//!
//! ```text
//! snapshot ─► inputs ─► reconcile ─► Desired ─► Plan ─► effects ─► status
//! ```
//!
//! [`charm`] turns a `reconcile` function into a program. [`Desired`] records what it wishes; the [`plan`] is the
//! difference to what is observed, as a value that can be printed; an empty plan writes nothing at all.

#![warn(clippy::disallowed_methods)]

mod action;
mod apply;
mod charm;
mod container;
mod container_apply;
mod container_held;
mod container_plan;
mod container_step;
mod desired;
mod digest;
mod driver;
mod file;
mod logging;
mod panics;
pub mod plan;
mod record;
mod status;

pub use action::{Action, ActionFailed, Parameters, Results};
pub use charm::{Charm, charm};
pub use container::ContainerWishes;
pub use desired::Desired;
pub use driver::{DriveError, World};
pub use file::{Directory, File};

//! What a charm declares, collected into typed inputs.
//!
//! Each input is ready, or a [`NotYet`] that says why, what a person can do, and what will run the charm again.
//! The collector reads only what is declared, each datum at most once.
//!
//! | module | for |
//! |---|---|
//! | [`readiness`] | [`Ready`], [`NotYet`], [`Waker`] |
//! | [`config`] | options into Rust types |
//! | [`relation`] | what interfaces are ([`Interface`], [`Offered`]) |
//! | [`requires`] | handshakes ([`Requires`]) |
//! | [`provides`] | offers ([`Provides`]) |
//! | [`peers`] | the other units of the application ([`Peers`]) |
//! | [`container`] | workload containers, their notices and files |
//! | [`input`] | the traits behind `#[derive(Inputs)]` |
//! | [`local`] | who and where this unit is ([`Local`]) |
//! | [`leaving`] | whether this unit is being removed |
//! | [`snapshot`] | what was read, as a value |
//! | [`reader`] | reading it, and observing our own outputs |
//! | [`memory`] | what this unit wrote last: a hint for what to read |

#![warn(clippy::disallowed_methods)]

pub mod config;
pub mod container;
pub mod input;
pub mod leaving;
pub mod local;
pub mod memory;
mod memory_file;
pub mod pebbles;
pub mod peers;
pub mod provides;
pub mod reader;
pub mod readiness;
pub mod relation;
pub mod requires;
pub mod snapshot;

mod collect;
mod look;
mod related;
mod trouble;

pub use charmwright_hookcmds::{Bag, BagOwner, Sensitive};
pub use collect::collect;
pub use config::{Config, Port};
pub use container::{Container, ContainerFile, Noticed};
pub use input::{Declaration, Inputs, Leadership};
pub use local::Local;
pub use look::look;
pub use memory::Memory;
pub use pebbles::Pebbles;
pub use peers::{PeerInterface, Peers};
pub use provides::Provides;
pub use reader::{Observed, OwnBag, Reader};
pub use readiness::{IntoReady, NotYet, Ready, Severity, Waker};
pub use related::read_unasked;
pub use relation::{Interface, Missing, Offered, Recorder, Remote};
pub use requires::Requires;
pub use snapshot::Snapshot;
pub use trouble::Trouble;

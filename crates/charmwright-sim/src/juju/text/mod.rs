//! How Juju's hook commands read arguments and files, and how they write: the rules of the Go libraries that they are
//! built with, so that every byte agrees.

pub mod files;
pub mod flags;
pub mod json;
pub mod keyvalues;
pub mod number;
pub mod output;
pub mod quote;
pub mod value;
pub mod yaml;

pub use output::Output;
pub use value::Value;

//! Secrets: what is in them, what is asked for, what is known of them.

mod base64;
mod content;
mod files;
mod info;
mod request;

pub use content::{SecretContent, SecretContentError};
pub use info::{SecretAccess, SecretInfo};
pub use request::{NewSecret, RotatePolicy, SecretAudience, SecretOwner, SecretRef, SecretUpdate, Tracking};

pub(crate) use base64::decoded as from_base64;
pub(crate) use files::PrivateFiles;
pub(crate) use info::Found as FoundInfo;

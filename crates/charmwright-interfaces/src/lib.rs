//! Typed relation interfaces, one module an interface.
//!
//! Each is written from what the real charms at the other end publish; a reader takes what older versions of
//! them wrote, too.

#![warn(clippy::disallowed_methods)]

pub mod postgresql_client;
pub mod prometheus_scrape;

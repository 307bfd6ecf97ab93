//! The model, served: over the real HTTP API on a Unix socket, with real processes and files.

mod body;
pub mod cli;
mod daemon;
mod http;
mod logs;
mod run;
mod websocket;

//! YAML as the library reads and writes it that Juju uses: yaml.v2, a port of libyaml.

mod emit;
mod input;
mod order;
mod parse;
mod resolve;
mod scalar;
mod scan;
mod scan_scalars;
mod scan_tags;
mod texts;
mod timestamp;

pub use emit::encode;
pub use texts::{Target, texts};

#[cfg(test)]
mod tests;

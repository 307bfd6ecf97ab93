//! The simulator's own program; what it can do is in [`charmwright_sim::tool`].

use std::process::ExitCode;

fn main() -> ExitCode {
    charmwright_sim::tool::main()
}

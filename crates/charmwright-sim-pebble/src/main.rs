//! A simulated Pebble, as a program.

fn main() -> std::process::ExitCode {
    charmwright_sim_pebble::served::cli::main(std::env::args_os().skip(1))
}

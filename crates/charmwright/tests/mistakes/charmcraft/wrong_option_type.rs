use charmwright::prelude::*;

#[derive(Config)]
struct Options {
    server_port: String,
}

fn main() {}

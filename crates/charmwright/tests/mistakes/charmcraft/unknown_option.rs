use charmwright::prelude::*;

#[derive(Config)]
struct Options {
    sever_port: Port,
}

fn main() {}

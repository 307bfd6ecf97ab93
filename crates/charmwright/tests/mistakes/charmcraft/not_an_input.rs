use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    port: Port,
}

fn main() {}

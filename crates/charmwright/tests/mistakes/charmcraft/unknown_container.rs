use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[container("guest-book")]
    server: Container,
}

fn main() {}

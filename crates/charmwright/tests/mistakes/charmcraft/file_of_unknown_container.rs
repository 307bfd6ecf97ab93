use charmwright::prelude::*;

#[derive(Inputs)]
struct Work {
    #[file("wrk", "/etc/version")]
    version: ContainerFile,
}

fn main() {}

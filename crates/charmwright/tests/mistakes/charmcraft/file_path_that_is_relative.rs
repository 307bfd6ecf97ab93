use charmwright::prelude::*;

#[derive(Inputs)]
struct Work {
    #[file("guestbook", "etc/version")]
    version: ContainerFile,
}

fn main() {}

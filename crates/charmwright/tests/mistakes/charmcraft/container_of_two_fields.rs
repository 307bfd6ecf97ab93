use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[container("guestbook")]
    web: Container,
    #[container("guestbook")]
    worker: Container,
}

#[derive(Inputs)]
struct Files {
    #[file("guestbook", "/etc/version")]
    one: ContainerFile,
    #[file("guestbook", "/etc/other")]
    other: ContainerFile,
    #[file("guestbook", "/etc/version")]
    two: ContainerFile,
}

fn main() {}

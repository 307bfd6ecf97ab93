use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[container("guestbook")]
    server: Option<Container>,
}

#[derive(Inputs)]
struct Files {
    #[file("guestbook", "/etc/version")]
    version: Option<ContainerFile>,
}

#[derive(Inputs)]
struct Notices {
    #[notice("guestbook", "example.com/done")]
    done: Option<Noticed>,
}

fn main() {}

use charmwright::prelude::*;

#[derive(Inputs)]
struct Work {
    #[file("guestbook", "/etc/version")]
    version: Noticed,
}

fn main() {}

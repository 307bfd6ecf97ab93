use charmwright::prelude::*;

#[derive(Inputs)]
struct Work {
    #[notice("guestbook", "backup-done")]
    backup: Noticed,
}

fn main() {}

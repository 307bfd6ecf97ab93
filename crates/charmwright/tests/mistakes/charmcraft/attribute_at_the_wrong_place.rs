use charmwright::prelude::*;

#[derive(Inputs)]
#[container("guestbook")]
struct Charm {
    server: Container,
}

#[derive(Config)]
#[option(name = "greeting")]
struct Options {
    greeting: String,
}

#[derive(Action)]
struct Show {
    #[action("show-database")]
    show_password: bool,
}

fn main() {}

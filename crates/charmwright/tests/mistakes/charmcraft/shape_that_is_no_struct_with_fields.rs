use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm(Container);

#[derive(Config)]
enum Options {
    Greeting(String),
}

#[derive(Action)]
union ShowDatabase {
    show_password: bool,
}

fn main() {}

use charmwright::prelude::*;

#[derive(Action)]
struct ShowDatabase {
    show_passwords: bool,
}

fn main() {}

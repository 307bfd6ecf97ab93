use charmwright::prelude::*;

#[derive(Action)]
struct ShowDatabase {
    format: String,
}

fn main() {}

use charmwright::prelude::*;

#[derive(Action)]
struct ShowDatabases {}

fn main() {}

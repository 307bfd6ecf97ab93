use charmwright::prelude::*;

#[derive(Config)]
struct Plain {
    #[option(keep_empty)]
    greeting: String,
}

#[derive(Config)]
struct Number {
    #[option(keep_empty)]
    server_port: Option<Port>,
}

#[derive(Config)]
struct Secret {
    #[option(keep_empty)]
    token: Option<charmwright::config::SecretUri>,
}

fn main() {}

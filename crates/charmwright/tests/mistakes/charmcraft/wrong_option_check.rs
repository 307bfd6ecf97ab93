use charmwright::prelude::*;

#[derive(Config)]
struct Options {
    #[option(check = not_ssh)]
    server_port: Port,
}

fn not_ssh(port: u16) -> Result<u16, String> {
    if port == 22 { Err("must not be 22".into()) } else { Ok(port) }
}

fn main() {}

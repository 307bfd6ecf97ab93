use charmwright::prelude::*;

#[derive(Config)]
struct Named {
    #[option("server-port")]
    port: Port,
}

#[derive(Config)]
struct Equals {
    #[option = "server-port"]
    port: Port,
}

#[derive(Config)]
struct Bare {
    #[option]
    server_port: Port,
}

#[derive(Config)]
struct Misspelt {
    #[option(nam = "server-port")]
    port: Port,
}

#[derive(Config)]
struct Closure {
    #[option(check = |port| Ok(port))]
    server_port: Port,
}

#[derive(Config)]
struct Valued {
    #[option(keep_empty = true)]
    greeting: Option<String>,
}

#[derive(Config)]
struct Twice {
    #[option(name = "server-port", name = "server-port")]
    port: Port,
}

#[derive(Action)]
struct ShowDatabase {
    #[parameter(empty)]
    format: Option<String>,
}

fn main() {}

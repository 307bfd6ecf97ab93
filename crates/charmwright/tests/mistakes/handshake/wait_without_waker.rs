use charmwright::prelude::*;

fn wait() -> NotYet {
    NotYet { cause: "soon".to_owned() }
}

fn wait_too() -> NotYet {
    NotYet::new("soon")
}

fn main() {}

use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Bare {
    #[requires]
    database: Requires<PostgresqlClient>,
}

#[derive(Inputs)]
struct Equals {
    #[container = "guestbook"]
    server: Container,
}

#[derive(Inputs)]
struct Unquoted {
    #[requires(database)]
    database: Requires<PostgresqlClient>,
}

#[derive(Inputs)]
struct Several {
    #[requires("database", "replica")]
    database: Requires<PostgresqlClient>,
}

#[derive(Inputs)]
struct Path {
    #[file("guestbook", path = "/etc/version")]
    version: ContainerFile,
}

#[derive(Action)]
#[action(name = "show-database")]
struct Show {
    show_password: bool,
}

fn main() {}

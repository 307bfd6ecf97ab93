use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[requires("databse")]
    database: Requires<PostgresqlClient>,
}

fn main() {}

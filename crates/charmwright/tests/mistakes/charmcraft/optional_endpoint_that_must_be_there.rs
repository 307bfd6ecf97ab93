use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[requires("replica")]
    replica: Requires<PostgresqlClient>,
}

fn main() {}

use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[requires("metrics-endpoint")]
    metrics: Requires<PostgresqlClient>,
}

fn main() {}

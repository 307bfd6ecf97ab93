use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::prelude::*;

type Replica = Requires<PostgresqlClient>;

#[derive(Inputs)]
struct Charm {
    #[requires("replica")]
    replica: Replica,
}

fn main() {}

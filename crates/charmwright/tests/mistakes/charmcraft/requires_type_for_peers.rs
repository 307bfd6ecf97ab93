use charmwright::interfaces::postgresql_client::PostgresqlClient;
use charmwright::prelude::*;

#[derive(Inputs)]
struct Charm {
    #[peers("guestbook-peers")]
    peers: Requires<PostgresqlClient>,
}

fn main() {}

use charmwright::interfaces::postgresql_client::*;
use charmwright::prelude::*;

fn endpoint(database: &Requires<PostgresqlClient>, desired: &Desired) -> String {
    desired.request(database, Database::named("guestbook")).endpoints
}

fn main() {}

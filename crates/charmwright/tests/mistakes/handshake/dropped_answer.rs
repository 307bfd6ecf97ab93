#![deny(unused_must_use)]

use charmwright::interfaces::postgresql_client::*;
use charmwright::prelude::*;

fn ask(database: &Requires<PostgresqlClient>, desired: &Desired) {
    desired.request(database, Database::named("guestbook"));
}

fn main() {}

use charmwright::interfaces::postgresql_client::{Database, Login, PostgresqlClient};
use charmwright::prelude::*;

fn url(login: &Login) -> String {
    format!("postgres://{}:{}@{}", login.username, login.password, login.endpoints)
}

fn main() {}

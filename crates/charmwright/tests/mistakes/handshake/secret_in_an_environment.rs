use charmwright::interfaces::postgresql_client::{Database, Login, PostgresqlClient};
use charmwright::prelude::*;

fn service(login: &Login) -> Service {
    Service::new("server").env("PASSWORD", login.password.clone())
}

fn main() {}

use charmwright::interfaces::postgresql_client::*;
use charmwright::prelude::*;

fn service(login: &Login) -> Service {
    Service::new("server").env("PASSWORD", login.password.clone())
}

fn main() {}

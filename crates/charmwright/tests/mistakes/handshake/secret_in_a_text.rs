use charmwright::interfaces::postgresql_client::*;

fn url(login: &Login) -> String {
    format!("postgres://{}:{}@{}", login.username, login.password, login.endpoints)
}

fn main() {}

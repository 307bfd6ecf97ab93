//! `postgresql_client`, as the PostgreSQL charms provide it.
//!
//! We ask for a database by name; they make it, with a user of our own, and answer with the endpoints and, in a
//! secret, the credentials. They publish nothing before they have read the request.

use charmwright_snapshot::{Bag, Interface, Missing, Remote, Sensitive};

/// The interface, seen from the charm that wants a database.
#[derive(Debug)]
pub struct PostgresqlClient;

/// Which database is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    name: String,
    extra_user_roles: Option<String>,
}

impl Database {
    /// A database of this name.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), extra_user_roles: None }
    }

    /// Roles that our user shall have besides, such as `admin`.
    #[must_use]
    pub fn with_extra_user_roles(mut self, roles: impl Into<String>) -> Self {
        self.extra_user_roles = Some(roles.into());
        self
    }
}

/// How to reach the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Where it can be written: `host:port`, several with commas between.
    pub endpoints: String,
    /// Where it can only be read, if anywhere: `host:port`, several with commas between.
    pub read_only_endpoints: Option<String>,
    /// Our user.
    pub username: String,
    /// Our user's password.
    pub password: Sensitive,
    /// The version of the server, if it says so.
    pub version: Option<String>,
}

/// The field with the secret that holds the credentials.
const USER: &str = "secret-user";
/// What we want to get in secrets. The provider puts into the databag what is not named here.
const REQUESTED_SECRETS: &str = r#"["username","password","tls","tls-ca","uris"]"#;

impl Interface for PostgresqlClient {
    const NAME: &'static str = "postgresql_client";
    const SECRETS: &'static [&'static str] = &[USER];
    type Request = Database;
    type Answer = Login;

    fn write(request: &Database) -> Bag {
        let mut bag = Bag::from([
            ("database".to_owned(), request.name.clone()),
            ("requested-secrets".to_owned(), REQUESTED_SECRETS.to_owned()),
        ]);
        if let Some(roles) = &request.extra_user_roles {
            bag.insert("extra-user-roles".to_owned(), roles.clone());
        }
        bag
    }

    /// The provider keeps in `data` what it has read in our bag.
    fn echo(remote: &Bag) -> Option<Bag> {
        serde_json::from_str(remote.get("data")?).ok()
    }

    fn read(remote: &Remote<'_>) -> Result<Login, Missing> {
        let endpoints = remote.field("endpoints")?.to_owned();
        // Before secrets, and without them, the credentials stand in the databag.
        let (username, password) = match (remote.get(USER), remote.get("username"), remote.get("password")) {
            (None, Some(username), Some(password)) => (username.to_owned(), Sensitive::new(password)),
            _ => (
                remote.secret(USER, "username")?.expose().to_owned(),
                remote.secret(USER, "password")?.clone(),
            ),
        };
        Ok(Login {
            endpoints,
            read_only_endpoints: remote.get("read-only-endpoints").map(str::to_owned),
            username,
            password,
            version: remote.get("version").map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_what_the_real_charm_reads() {
        let bag = PostgresqlClient::write(&Database::named("guestbook").with_extra_user_roles("admin"));
        assert_eq!(bag["database"], "guestbook");
        assert_eq!(bag["extra-user-roles"], "admin");
        let secrets: Vec<String> = serde_json::from_str(&bag["requested-secrets"]).unwrap();
        assert!(secrets.contains(&"password".to_owned()));
    }

    #[test]
    fn the_provider_says_what_it_has_read() {
        let bag = PostgresqlClient::write(&Database::named("guestbook"));
        let remote = Bag::from([("data".to_owned(), serde_json::to_string(&bag).unwrap())]);
        assert_eq!(PostgresqlClient::echo(&remote), Some(bag));
        assert_eq!(PostgresqlClient::echo(&Bag::from([("data".to_owned(), "{".to_owned())])), None);
        assert_eq!(PostgresqlClient::echo(&Bag::new()), None);
    }
}

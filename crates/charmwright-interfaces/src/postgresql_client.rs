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
#[non_exhaustive]
pub struct Login {
    /// Where it can be written: `host:port`, several with commas between.
    pub endpoints: String,
    /// Where it can only be read, if anywhere: `host:port`, several with commas between.
    pub read_only_endpoints: Option<String>,
    /// Our user.
    pub username: String,
    /// Our user's password.
    pub password: Sensitive,
    /// All of it in one, with the password: `postgresql://user:password@host:port/database`, if the server says so.
    pub uris: Option<Sensitive>,
    /// The same for what can only be read.
    pub read_only_uris: Option<Sensitive>,
    /// Whether the server speaks TLS, if it says so.
    pub tls: Option<bool>,
    /// The certificate of the authority that the server's is signed by, in PEM, if it says so.
    pub tls_ca: Option<String>,
    /// The version of the server, if it says so.
    pub version: Option<String>,
}

impl Login {
    /// What every answer has; the rest is absent, and can be set field by field. For tests.
    pub fn new(endpoints: impl Into<String>, username: impl Into<String>, password: Sensitive) -> Self {
        Self {
            endpoints: endpoints.into(),
            read_only_endpoints: None,
            username: username.into(),
            password,
            uris: None,
            read_only_uris: None,
            tls: None,
            tls_ca: None,
            version: None,
        }
    }
}

/// The field with the secret that holds the credentials.
const USER: &str = "secret-user";
/// The field with the secret that says how to speak TLS.
const TLS: &str = "secret-tls";
/// What we want to get in secrets: all that the provider knows, since it puts into the databag what is not named here.
const REQUESTED_SECRETS: &str =
    r#"["username","password","tls","tls-ca","uris","read-only-uris","entity-name","entity-password"]"#;

/// The provider answers once. A request that is changed after that it echoes and does not answer, or fails its hook
/// with; so a changed one is not written, and blocks the unit: the relation has to be removed and made anew.
impl Interface for PostgresqlClient {
    const NAME: &'static str = "postgresql_client";
    const SECRETS: &'static [&'static str] = &[USER, TLS];
    /// Which values shall be in secrets is no part of it: whatever was named, the answer is read.
    const FIXED: &'static [&'static str] =
        &["database", "extra-user-roles", "extra-group-roles", "entity-type", "entity-permissions"];
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

    /// The provider keeps in `data` what it has read in our bag: seen, not answered.
    fn echo(remote: &Bag) -> Option<Bag> {
        serde_json::from_str(remote.get("data")?).ok()
    }

    /// The provider names the database that the credentials are for.
    fn answered(remote: &Bag) -> Bag {
        remote.get_key_value("database").map(|(key, name)| (key.clone(), name.clone())).into_iter().collect()
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
        let tls = kept(remote, TLS, "tls")?.map(|word| is_tls(word.expose())).transpose()?;
        Ok(Login {
            read_only_endpoints: remote.get("read-only-endpoints").map(str::to_owned),
            uris: kept(remote, USER, "uris")?,
            read_only_uris: kept(remote, USER, "read-only-uris")?,
            tls,
            tls_ca: kept(remote, TLS, "tls-ca")?.map(|certificate| certificate.expose().to_owned()),
            version: remote.get("version").map(str::to_owned),
            ..Login::new(endpoints, username, password)
        })
    }
}

/// What may be in the secret that `field` refers to, or in the databag if there is no such secret.
fn kept(remote: &Remote<'_>, field: &str, key: &str) -> Result<Option<Sensitive>, Missing> {
    if remote.get(field).is_none() {
        return Ok(remote.get(key).map(Sensitive::new));
    }
    match remote.secret(field, key) {
        Ok(value) => Ok(Some(value.clone())),
        Err(Missing::SecretKey { .. }) => Ok(None),
        Err(missing) => Err(missing),
    }
}

/// The words of the providers: `True` of PostgreSQL's, `true` of the library's next version, `enabled` of others.
fn is_tls(word: &str) -> Result<bool, Missing> {
    match word {
        "True" | "true" | "enabled" => Ok(true),
        "False" | "false" | "disabled" => Ok(false),
        _ => Err(Missing::Invalid { field: "tls".to_owned(), expected: "`True` or `False`".to_owned() }),
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
        // What is not named here would come in the databag, for everybody to read.
        for secret in ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"] {
            assert!(secrets.contains(&secret.to_owned()), "{secret}");
        }
    }

    #[test]
    fn the_provider_says_what_it_has_read() {
        let bag = PostgresqlClient::write(&Database::named("guestbook"));
        let remote = Bag::from([("data".to_owned(), serde_json::to_string(&bag).unwrap())]);
        assert_eq!(PostgresqlClient::echo(&remote), Some(bag));
        assert_eq!(PostgresqlClient::echo(&Bag::from([("data".to_owned(), "{".to_owned())])), None);
        assert_eq!(PostgresqlClient::echo(&Bag::new()), None);
    }

    #[test]
    fn the_words_for_tls_are_those_of_the_real_providers() {
        for (word, tls) in [("True", true), ("true", true), ("enabled", true), ("False", false)] {
            assert_eq!(is_tls(word), Ok(tls));
        }
        assert!(is_tls("perhaps").is_err());
    }

    #[test]
    fn a_login_shows_no_password() {
        let mut login = Login::new("pg:5432", "u", Sensitive::new("hunter2"));
        login.uris = Some(Sensitive::new("postgresql://u:hunter2@pg:5432/d"));
        assert!(!format!("{login:?}").contains("hunter2"));
    }
}

//! What may be absent: optional endpoints and options, as the book's page shows them.

use charmwright::config::SecretUri;
use charmwright::interfaces::postgresql_client::{Database, Login, PostgresqlClient};
use charmwright::prelude::*;

#[derive(Config)]
pub(crate) struct Settings {
    greeting: String,
    mirror: Option<String>,
    token: Option<SecretUri>,
    #[option(keep_empty)]
    separator: Option<String>,
}

#[derive(Inputs)]
pub(crate) struct Inputs {
    settings: Settings,
    #[requires("database")]
    database: Requires<PostgresqlClient>,
    #[requires("cache")]
    cache: Option<Requires<PostgresqlClient>>,
    #[container("server")]
    server: Container,
}

#[derive(Action)]
pub(crate) struct Greet {
    name: Option<String>,
    #[parameter(keep_empty)]
    suffix: Option<String>,
}

fn reconcile(inputs: &Inputs, desired: &Desired) -> Result<(), NotYet> {
    let database = desired.request(&inputs.database, Database::named("greeter"));
    let cache = match &inputs.cache {
        Some(cache) => Some(desired.request(cache, Database::named("cache"))?),
        None => None,
    };
    let database = database?;
    desired.container(&inputs.server).layer(layer(&inputs.settings, &database, cache.as_ref()))
}

fn layer(settings: &Settings, database: &Login, cache: Option<&Login>) -> Layer {
    let mut server = Service::new("greeter")
        .startup(Startup::Enabled)
        .env("GREETING", &settings.greeting)
        .env("DATABASE_ENDPOINT", &database.endpoints);
    if let Some(cache) = cache {
        server = server.env("CACHE_ENDPOINT", &cache.endpoints);
    }
    if let Some(mirror) = &settings.mirror {
        server = server.env("MIRROR", mirror);
    }
    Layer::new().service("greeter", server)
}

mod tests {
    use std::collections::BTreeMap;

    use charmwright::derived::{Config as _, Options};
    use charmwright::interface::AppName;

    use super::*;

    fn settings(given: &[(&str, &str)]) -> Result<Settings, Vec<NotYet>> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let values: BTreeMap<_, _> = given.collect();
        Settings::from_options(&Options::new(&AppName::parse("author").unwrap(), &values))
    }

    fn inputs(cache: Option<Requires<PostgresqlClient>>) -> Inputs {
        let login = Login::new("pg:5432", "guest", Sensitive::new("hunter2"));
        Inputs {
            settings: settings(&[("greeting", "")]).unwrap(),
            database: Requires::answered("database", &Database::named("greeter"), login),
            cache,
            server: Container::running("server"),
        }
    }

    #[test]
    fn an_empty_text_is_unset_for_an_option_and_a_text_for_a_plain_field() {
        let empty = ["greeting", "mirror", "token", "separator"].map(|name| (name, ""));
        let settings = settings(&empty).unwrap();
        assert_eq!(settings.greeting, "");
        assert_eq!(settings.mirror, None);
        assert_eq!(settings.token, None);
        assert_eq!(settings.separator.as_deref(), Some(""));
    }

    #[test]
    fn a_plain_option_that_is_not_set_blocks_and_an_optional_one_does_not() {
        let causes = settings(&[]).err().unwrap();
        assert_eq!(causes.len(), 1);
        assert!(causes[0].to_string().starts_with("option greeting: is not set"), "{}", causes[0]);
    }

    #[test]
    fn an_optional_endpoint_is_waited_for_only_once_it_is_related() {
        assert!(reconcile(&inputs(None), &Desired::empty()).is_ok());
        let cause = reconcile(&inputs(Some(Requires::pending("cache"))), &Desired::empty()).unwrap_err();
        assert_eq!(cause.waker().to_string(), "cache-relation-changed");
    }

    #[test]
    fn the_page_shows_what_is_built_here() {
        let page = include_str!("../../../../docs/src/how-to/take-what-may-be-absent.md");
        let squeezed = |text: &str| text.split_whitespace().collect::<String>().replace("pub(crate)", "");
        let built = squeezed(include_str!("optional.rs"));
        let shown: Vec<&str> = page.split("```rust,ignore\n").skip(1).collect();
        assert!(!shown.is_empty());
        for block in shown {
            let block = block.split("```").next().unwrap();
            for part in block.split("\n\n").filter(|part| !part.trim().is_empty()) {
                assert!(built.contains(&squeezed(part)), "not built: {part}");
            }
        }
    }

    #[test]
    fn an_empty_parameter_is_left_out_as_the_derive_reads_it() {
        use charmwright::__private::read;

        let read = read::unless_empty(read::string::<String>);
        assert_eq!(read(&"".into()), Ok(None));
        assert_eq!(read(&"x".into()), Ok(Some("x".to_owned())));
        // Both forms are built.
        let Greet { name, suffix } = Greet { name: None, suffix: Some(String::new()) };
        assert_eq!((name, suffix.as_deref()), (None, Some("")));
    }
}

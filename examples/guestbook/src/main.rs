//! The guestbook charm: one function from what is to what should be.

use charmwright::interfaces::postgresql_client::{Database, Login, PostgresqlClient};
use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright::prelude::*;

/// What an operator sets.
#[derive(Debug, Config)]
struct Options {
    #[option(check = not_ssh)]
    server_port: Port,
    greeting: String,
}

/// What the guestbook depends on.
#[derive(Debug, Inputs)]
struct Inputs {
    options: Options,
    #[container("guestbook")]
    server: Container,
    #[requires("database")]
    database: Requires<PostgresqlClient>,
    #[provides("metrics-endpoint")]
    metrics: Provides<PrometheusScrape>,
}

/// What an operator asks with `juju run guestbook/0 show-database`.
#[derive(Debug, Action)]
struct ShowDatabase {
    show_password: bool,
}

fn reconcile(inputs: &Inputs, desired: &Desired) -> Result<(), NotYet> {
    let port = inputs.options.server_port;
    desired.open_port(port);
    desired.provide(&inputs.metrics, ScrapeJob::on(port));
    let login = desired.request(&inputs.database, database())?;
    desired.container(&inputs.server).layer(layer(&inputs.options, &login))
}

fn layer(options: &Options, login: &Login) -> Layer {
    let Options { server_port, greeting } = options;
    let server = Service::new(format!("guestbook-server --port {server_port}"))
        .summary("The guestbook")
        .startup(Startup::Enabled)
        .env("GREETING", greeting)
        .env("DATABASE_ENDPOINT", &login.endpoints)
        .env("DATABASE_USER", &login.username)
        .env("DATABASE_PASSWORD", login.password.expose());
    let health = Check::http(format!("http://localhost:{server_port}/health")).level(Level::Ready);
    Layer::new().service("guestbook", server).check("health", health)
}

fn show_database(inputs: &Inputs, desired: &Desired, asked: &ShowDatabase) -> Result<Results, ActionFailed> {
    let login = desired.request(&inputs.database, database())?;
    let results = Results::new().with("endpoint", &login.endpoints).with("username", &login.username);
    Ok(if asked.show_password { results.reveal("password", &login.password) } else { results })
}

fn database() -> Database {
    Database::named("guestbook")
}

fn not_ssh(port: Port) -> Result<Port, String> {
    if port.number() == 22 { Err("must not be 22, the port of SSH".to_owned()) } else { Ok(port) }
}

fn main() -> ExitCode {
    charm(reconcile).action(show_database).main()
}

#[cfg(test)]
mod tests {
    use charmwright::Severity;

    use super::*;

    fn inputs(server: Container, database: Requires<PostgresqlClient>) -> Inputs {
        Inputs {
            options: Options { server_port: Port::new(8080).unwrap(), greeting: "Hi".to_owned() },
            server,
            database,
            metrics: Provides::empty(),
        }
    }

    fn away() -> Container {
        Container::unreachable("guestbook")
    }

    fn login() -> Login {
        Login::new("pg:5432", "guest", Sensitive::new("hunter2"))
    }

    #[test]
    fn without_a_database_a_person_is_told_to_integrate_one_and_the_port_is_open_already() {
        let desired = Desired::empty();
        let cause = reconcile(&inputs(away(), Requires::absent("database")), &desired).unwrap_err();
        assert!(cause.remedy().unwrap().contains("postgresql_client"));
        assert_eq!(desired.ports()[0].to_string(), "8080/tcp");
        assert_eq!(desired.asked("database").unwrap()["database"], "guestbook");
    }

    #[test]
    fn an_answer_to_another_request_is_no_answer() {
        let answered = Requires::answered("database", &Database::named("other"), login());
        let cause = reconcile(&inputs(away(), answered), &Desired::empty()).unwrap_err();
        assert_eq!(cause.severity(), Severity::Blocked);
        assert_eq!(cause.waker().to_string(), "database-relation-broken");
    }

    #[test]
    fn with_a_database_it_waits_for_pebble_only_and_has_said_what_shall_run() {
        let desired = Desired::empty();
        let answered = Requires::answered("database", &database(), login());
        let cause = reconcile(&inputs(away(), answered), &desired).unwrap_err();
        assert_eq!(cause.waker().to_string(), "guestbook-pebble-ready");
        let layer = desired.layer("guestbook").unwrap();
        assert_eq!(layer.services["guestbook"].environment["DATABASE_PASSWORD"], "hunter2");
        assert_eq!(layer.checks["health"].http.as_ref().unwrap().url, "http://localhost:8080/health");
    }

    #[test]
    fn when_the_workload_runs_it_is_well() {
        let answered = Requires::answered("database", &database(), login());
        let running = Container::running("guestbook");
        assert_eq!(reconcile(&inputs(running, answered), &Desired::empty()), Ok(()));
    }

    #[test]
    fn the_password_is_shown_only_when_asked_for() {
        let inputs = inputs(away(), Requires::answered("database", &database(), login()));
        let show = |show_password| {
            format!(
                "{:?}",
                show_database(&inputs, &Desired::empty(), &ShowDatabase { show_password }).unwrap()
            )
        };
        assert!(show(true).contains("password") && !show(true).contains("hunter2"));
        assert!(!show(false).contains("password"));
    }
}

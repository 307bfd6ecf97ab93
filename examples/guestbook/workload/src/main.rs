//! The guestbook: a small web application that shows its settings and says that it is well.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use clap::Parser;
use tokio::net::TcpListener;

#[derive(Debug, Parser)]
struct Arguments {
    /// The port to listen on.
    #[arg(long)]
    port: u16,
    /// The address to listen on; all by default, as a container's workload is reached from outside.
    #[arg(long, default_value_t = Ipv4Addr::UNSPECIFIED)]
    address: Ipv4Addr,
}

/// What the page shows. The password is used, never shown.
struct Settings {
    greeting: String,
    database: String,
    user: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Arguments { port, address } = Arguments::parse();
    let variable = |name| std::env::var(name).unwrap_or_default();
    let settings = Settings {
        greeting: variable("GREETING"),
        database: variable("DATABASE_ENDPOINT"),
        user: variable("DATABASE_USER"),
    };
    let app = Router::new()
        .route("/", get(page))
        .route("/health", get(async || "well\n"))
        .route("/metrics", get(async || "# TYPE guestbook_up gauge\nguestbook_up 1\n"))
        .with_state(Arc::new(settings));
    axum::serve(TcpListener::bind((address, port)).await?, app).await?;
    Ok(())
}

async fn page(State(settings): State<Arc<Settings>>) -> String {
    let Settings { greeting, database, user } = &*settings;
    format!("{greeting}\ndatabase: {database}\nuser: {user}\n")
}

//! `cargo charm agent`

use std::io;
use std::path::PathBuf;

use anyhow::Context;
use charmwright_sim::juju::live::{self, Live};
use charmwright_sim::juju::peer::{Peer, Setup};
use charmwright_sim::juju::version::JujuVersion;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The Juju that is played: 2.9, 3.6 or 4.0.
    #[arg(long, value_name = "VERSION", default_value_t)]
    juju: JujuVersion,
    /// The charm's folder, for models that name none.
    #[arg(long, value_name = "DIR")]
    charm: Option<PathBuf>,
    /// The agent's own folder, with its socket and the resources [default: a temporary one].
    #[arg(long, value_name = "DIR")]
    work: Option<PathBuf>,
    /// The folder that gets a link for each hook command [default: `tools` in the agent's own].
    #[arg(long, value_name = "DIR")]
    tools: Option<PathBuf>,
    /// Be the unit's whole agent, which decides by itself what runs when.
    #[arg(long)]
    life: bool,
    /// Without the faults of Juju itself (with `--life`).
    #[arg(long, requires = "life")]
    ideal: bool,
    /// What stands for chance where Juju leaves something to it [default: the first is always taken].
    #[arg(long, value_name = "NUMBER", requires = "life")]
    seed: Option<u64>,
    /// The program that every hook command is, such as Juju's own client [default: this program].
    #[arg(long, value_name = "FILE")]
    client: Option<PathBuf>,
}

/// Answers requests until there are no more.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let tool = match &arguments.client {
        Some(client) => std::path::absolute(client).context("cannot find the client")?,
        None => std::env::current_exe().context("cannot find this program itself")?,
    };
    if arguments.life {
        let mut live = Live::new(&live::Setup {
            version: arguments.juju,
            charm: arguments.charm.clone().unwrap_or_else(|| PathBuf::from(".")),
            work: arguments.work.clone(),
            tool,
            ideal: arguments.ideal,
            seed: arguments.seed,
        })?;
        live.serve(io::BufReader::new(io::stdin()), io::stdout())?;
        return Ok(());
    }
    let setup = Setup {
        version: arguments.juju,
        charm: arguments.charm.clone().unwrap_or_default(),
        work: arguments.work.clone(),
        tools: arguments.tools.clone(),
        tool,
    };
    let mut peer = Peer::new(&setup)?;
    peer.serve(io::stdin().lock(), io::stdout().lock())?;
    Ok(())
}

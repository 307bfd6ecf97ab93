//! What a hook costs under Juju's own runner: the same charm on `ops`, ours by commands, ours by socket.
//!
//! Times are measured around the request to `peers/juju` and are medians of interleaved runs. An empty `dispatch` in
//! the same model gives Juju's own cost, which is taken off all.

mod charms;
pub(crate) mod pebble;
mod report;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::{ops, setup};
use charms::{Bags, Subject};

/// Hooks that run before any is measured: the first one writes, those after it find everything as it should be.
const WARM_UP: usize = 2;
/// Units of each related application, and peers.
const UNITS: [usize; 2] = [3, 100];

/// Measures `config-changed` and prints the table.
pub(crate) fn hook(runs: usize) -> anyhow::Result<()> {
    let juju = setup::juju()?;
    let python = ops::run()?;
    crate::run(crate::cargo(&[
        "build",
        "--release",
        "-p",
        "bench-hook",
        "--features",
        "charmwright/socket",
    ]))?;
    let folder = tempfile::Builder::new().prefix("bench").tempdir().context("no temporary folder")?;
    println!(
        "config-changed under Juju 3.6.11's own runner, {runs} interleaved runs each; milliseconds, medians,\n\
         measured around the request; net is without what an empty dispatch takes"
    );
    for bags in [Bags::Applications, Bags::Units] {
        for units in UNITS {
            let place = folder.path().join(format!("{}{units}", bags.name()));
            let measured = measure(&place, &juju, &python, bags, units, runs)?;
            report::print(bags, units, &measured);
        }
    }
    Ok(())
}

/// What became of one subject.
pub(crate) struct Measured {
    subject: Subject,
    /// The times, in order; or why there are none.
    times: Result<Vec<Duration>, String>,
}

fn measure(
    place: &Path,
    juju: &Path,
    python: &Path,
    bags: Bags,
    units: usize,
    runs: usize,
) -> anyhow::Result<Vec<Measured>> {
    let mut peers = Vec::new();
    for subject in Subject::ALL {
        let folder = place.join(subject.name());
        let charm = charms::make(subject, bags, &folder, juju)?;
        let mut peer = Peer::start(juju, python, &charm, &folder)?;
        peer.ask(&json!({"op": "model", "model": charms::model(units)}))?;
        let ready = warm(&mut peer, subject).err().map(|error| format!("{error:#}"));
        peers.push((subject, peer, ready, Vec::with_capacity(runs)));
    }
    for _ in 0..runs {
        for (_, peer, failed, times) in &mut peers {
            if failed.is_none() {
                match peer.hook() {
                    Ok(time) => times.push(time),
                    Err(error) => *failed = Some(format!("{error:#}")),
                }
            }
        }
    }
    Ok(peers
        .into_iter()
        .map(|(subject, _, failed, mut times)| {
            times.sort_unstable();
            Measured { subject, times: failed.map_or(Ok(times), Err) }
        })
        .collect())
}

/// Runs the first hooks, and looks whether the charm came to rest.
fn warm(peer: &mut Peer, subject: Subject) -> anyhow::Result<()> {
    for _ in 0..WARM_UP {
        peer.hook()?;
    }
    let model = peer.ask(&json!({"op": "get"}))?;
    let status = &model["model"]["unit_status"];
    if subject != Subject::Empty && status["status"] != "active" {
        bail!("the unit is not active: {status}");
    }
    Ok(())
}

/// A running `jujupeer`.
struct Peer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Peer {
    fn start(juju: &Path, python: &Path, charm: &charms::Charm, folder: &Path) -> anyhow::Result<Self> {
        let found = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(
            std::iter::once(python.to_owned()).chain(std::env::split_paths(&found).collect::<Vec<_>>()),
        )?;
        let mut child = Command::new(juju.join("jujupeer"))
            .arg("--charm")
            .arg(&charm.folder)
            .arg("--work")
            .arg(folder.join("agent"))
            .arg("--client")
            .arg(&charm.client)
            .env_clear()
            .env("PATH", path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("jujupeer cannot be started")?;
        let input = child.stdin.take().context("jujupeer has no input")?;
        let output = child.stdout.take().map(BufReader::new).context("jujupeer has no output")?;
        Ok(Self { child, input, output })
    }

    fn ask(&mut self, request: &Value) -> anyhow::Result<Value> {
        writeln!(self.input, "{request}").context("jujupeer is gone")?;
        let mut line = String::new();
        self.output.read_line(&mut line).context("jujupeer gave no answer")?;
        let answer: Value = serde_json::from_str(&line).context("jujupeer's answer is no JSON")?;
        if answer["ok"] != true {
            let log = answer["log"].as_array().into_iter().flatten();
            let last = log.filter_map(|line| line["message"].as_str()).next_back().unwrap_or_default();
            bail!("{} ({last})", answer["error"].as_str().unwrap_or("no reason given"));
        }
        Ok(answer)
    }

    /// The time of one config-changed.
    fn hook(&mut self) -> anyhow::Result<Duration> {
        let before = Instant::now();
        self.ask(&json!({"op": "hook", "kind": "config-changed"}))?;
        Ok(before.elapsed())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It holds nothing that must be kept; an error means that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

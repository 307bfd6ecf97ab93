//! The charms that are measured, and the model they run in.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Map, Value, json};

use crate::{root, target};

/// Whose `dispatch` runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A dispatch that does nothing: Juju's own cost.
    Empty,
    /// The twin on `ops`.
    Ops,
    /// Ours, by hook commands.
    Commands,
    /// Ours, by the agent's socket.
    Socket,
}

impl Subject {
    /// In the order in which they run.
    pub(crate) const ALL: [Self; 4] = [Self::Empty, Self::Ops, Self::Commands, Self::Socket];

    /// A short name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Ops => "ops",
            Self::Commands => "commands",
            Self::Socket => "socket",
        }
    }
}

/// Which bags of the other side are read.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bags {
    /// Those of the applications.
    Applications,
    /// Those of every unit too.
    Units,
}

impl Bags {
    /// A short name, which the programs and the twin's argument use too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Applications => "app-bags",
            Self::Units => "unit-bags",
        }
    }
}

/// A charm that is ready to run.
pub(crate) struct Charm {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// The client that its hook commands are.
    pub(crate) client: PathBuf,
}

/// Puts a charm together.
pub(crate) fn make(subject: Subject, bags: Bags, folder: &Path, juju: &Path) -> anyhow::Result<Charm> {
    let (charm, jujuc) = (folder.join("charm"), juju.join("jujuc"));
    fs::create_dir_all(charm.join("src"))?;
    let mut client = jujuc;
    // What charmcraft would make of a charmcraft.yaml; the same for all.
    let twin = root().join("peers/ops/twin");
    for file in ["metadata.yaml", "config.yaml"] {
        fs::copy(twin.join(file), charm.join(file)).with_context(|| format!("the twin has no {file}"))?;
    }
    match subject {
        Subject::Empty => script(&charm.join("dispatch"), "#!/bin/sh\n")?,
        Subject::Ops => {
            fs::copy(twin.join("src/charm.py"), charm.join("src/charm.py"))
                .context("the twin has no program")?;
            let run = format!("#!/bin/sh\nexec python3 ./src/charm.py {}\n", bags.name());
            script(&charm.join("dispatch"), &run)?;
        }
        Subject::Commands => {
            ours(bags, &charm, "dispatch")?;
        }
        Subject::Socket => {
            ours(bags, &charm, "charm")?;
            script(&charm.join("dispatch"), "#!/usr/bin/env -S CHARMWRIGHT_TRANSPORT=socket ./charm\n")?;
            // A charm that falls back to commands would be measured as something that it is not.
            client = folder.join("no-client");
            script(&client, "#!/bin/sh\necho \"${0##*/} ran as a command\" >&2\nexit 1\n")?;
        }
    }
    Ok(Charm { folder: charm, client })
}

fn ours(bags: Bags, charm: &Path, name: &str) -> anyhow::Result<()> {
    let program = format!("bench-{}", bags.name());
    fs::copy(target().join("release").join(&program), charm.join(name))
        .with_context(|| format!("{program} is not built"))?;
    Ok(())
}

fn script(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// A model at rest: everything asked for is answered, so a hook only reads.
pub(crate) fn model(units: usize) -> Value {
    const SECRET: &str = "cccccccccccccccccc10";
    let asked = json!({"requested": "app"});
    json!({
        "unit": "app/0", "leader": true,
        "relations": [
            {"id": 1, "endpoint": "database", "role": "requirer", "interface": "bench_database", "remote_app": "db",
             "local_app_bag": asked, "units": bags("db", 0, units),
             "remote_app_bag": {"requested": "app", "address": "10.0.0.1", "secret-user": format!("secret:{SECRET}")}},
            {"id": 2, "endpoint": "cache", "role": "requirer", "interface": "bench_cache", "remote_app": "cache",
             "local_app_bag": asked, "units": bags("cache", 0, units),
             "remote_app_bag": {"requested": "app", "address": "10.0.0.2"}},
            {"id": 3, "endpoint": "cluster", "role": "peer", "interface": "bench_cluster",
             "local_app_bag": {"name": "app"}, "local_unit_bag": {"host": "10.0.1.0"}, "units": bags("app", 1, units)},
        ],
        "secrets": [{"id": SECRET, "owner": "db", "revisions": [{"content": {"password": "p"}}],
                     "grants": [{"subject": "app"}]}],
    })
}

/// The bags of an application's units.
fn bags(application: &str, first: usize, units: usize) -> Value {
    let bag = |number: usize| (format!("{application}/{number}"), json!({"host": format!("host-{number}")}));
    Value::Object((first..).take(units).map(bag).collect::<Map<_, _>>())
}

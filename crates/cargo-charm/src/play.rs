//! `cargo charm play`

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use charmwright_sim::agent::Setup;
use charmwright_sim::charm::Declared;
use charmwright_sim::juju::version::JujuVersion;
use charmwright_sim::juju_live::JujuLive;
use charmwright_sim::play::{Audience, Play, PlayError};
use charmwright_sim::pod::Image;
use charmwright_sim::scenario::Scenario;
use charmwright_sim::timeline::{JsonLines, Timeline};

/// What stands for the simulator's own Pebble.
const SIMULATED: &str = "simulated";
/// Which one it says that it is.
const PRETENDED: &str = "1.26.0";
/// The one that the set-up of a checkout builds for containers.
const BUILT_PEBBLE: &str = "pebble-1.26.0";

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The scenario file.
    scenario: PathBuf,
    /// The charm's folder, with its charmcraft.yaml.
    #[arg(long, default_value = ".")]
    charm: PathBuf,
    /// The charm's program [default: `dispatch` in the charm's folder].
    #[arg(long)]
    dispatch: Option<PathBuf>,
    /// A file of a container's image: `guestbook:/usr/local/bin/server=target/release/server`. May be repeated.
    #[arg(long = "image", value_name = "CONTAINER:PATH=FILE", value_parser = image_file)]
    images: Vec<ImageFile>,
    /// The Pebble daemon, for charms with containers: a file, or `simulated` for the simulator's own [default: `pebble` on
    /// the `PATH`, or the one that `cargo xtask setup` of a checkout builds, or else the simulator's own].
    #[arg(long, env = "CHARMWRIGHT_PEBBLE", value_name = "FILE|simulated")]
    pebble: Option<PathBuf>,
    /// The Juju that is played: 2.9, 3.6 or 4.0.
    #[arg(long, value_name = "VERSION", default_value_t)]
    juju: JujuVersion,
    /// Who is the unit's agent: the simulator's own, or Juju's, which `cargo xtask setup` of a checkout builds.
    #[arg(long, value_enum, default_value_t = AgentKind::Simulated)]
    agent: AgentKind,
    /// Juju's own agent [default: `jujulive` on the `PATH`].
    #[arg(long, env = "CHARMWRIGHT_JUJULIVE", value_name = "FILE")]
    juju_live: Option<PathBuf>,
    /// Without the faults of Juju itself.
    #[arg(long)]
    ideal: bool,
    /// What stands for chance where Juju leaves something to it [default: the first is always taken].
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// How to print the play.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// A timeline for people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AgentKind {
    /// The simulator's own.
    Simulated,
    /// Juju's own unit worker.
    Juju,
}

#[derive(Debug, Clone)]
struct ImageFile {
    container: String,
    path: PathBuf,
    file: PathBuf,
}

fn image_file(text: &str) -> Result<ImageFile, String> {
    let parts = || {
        let (container, rest) = text.split_once(':')?;
        let (path, file) = rest.split_once('=')?;
        Some(ImageFile { container: container.to_owned(), path: path.into(), file: file.into() })
    };
    parts().ok_or_else(|| "write CONTAINER:PATH=FILE".to_owned())
}

/// Plays; says whether every expectation was met.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<bool> {
    let path = &arguments.scenario;
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let scenario = Scenario::parse(&text).with_context(|| path.display().to_string())?;
    let declared = Declared::read(&arguments.charm)?;
    let tool = std::env::current_exe().context("cannot find this program itself")?;
    let setup = Setup {
        charm: arguments.charm.clone(),
        dispatch: arguments.dispatch.clone(),
        images: images(&arguments.images),
        pebble: if declared.containers.is_empty() {
            PathBuf::new()
        } else {
            pebble(arguments.pebble.as_deref(), &tool)?
        },
        tool,
        juju: arguments.juju,
        ideal: arguments.ideal,
        seed: arguments.seed,
        ..Setup::default()
    };
    match arguments.agent {
        AgentKind::Simulated => {
            let mut play = Play::new(&scenario, &setup)?;
            perform(arguments.format, |audience| play.run(&scenario, audience))
        }
        AgentKind::Juju => {
            if arguments.ideal || arguments.seed.is_some() || arguments.juju != JujuVersion::V3_6 {
                bail!("Juju's own agent is that of 3.6.11, as it is: leave out --ideal, --seed and --juju");
            }
            let missing = "for Juju's own agent: name it with --juju-live";
            let program = program("jujulive", arguments.juju_live.as_deref(), missing)?;
            let mut play = Play::with(JujuLive::new(&setup.of(&scenario), &program)?);
            perform(arguments.format, |audience| play.run(&scenario, audience))
        }
    }
}

/// Prints a play while it runs.
fn perform(
    format: Format,
    mut run: impl FnMut(&mut dyn Audience) -> Result<bool, PlayError>,
) -> anyhow::Result<bool> {
    let met = match format {
        Format::Text => {
            let live = std::io::stdout().is_terminal();
            let mut timeline = Timeline::new(anstream::stdout(), live);
            let met = run(&mut timeline);
            timeline.finish()?;
            met
        }
        Format::Json => {
            let mut lines = JsonLines::new(std::io::stdout());
            let met = run(&mut lines);
            lines.finish()?;
            met
        }
    };
    Ok(met?)
}

fn images(files: &[ImageFile]) -> BTreeMap<String, Image> {
    let mut images: BTreeMap<String, Image> = BTreeMap::new();
    for ImageFile { container, path, file } in files {
        images.entry(container.clone()).or_default().files.insert(path.clone(), file.clone());
    }
    images
}

/// The daemon that containers run, which is told to whoever plays: a real one where there is one. This program, `tool`, is
/// the simulator's own.
fn pebble(named: Option<&Path>, tool: &Path) -> anyhow::Result<PathBuf> {
    let found = match named {
        Some(named) if named == Path::new(SIMULATED) => None,
        Some(named) => Some(program("pebble", Some(named), "")?),
        // In a checkout this program is in target/debug or target/release, and what is built for it beside that.
        None => on_path("pebble").or_else(|| {
            let built = tool.parent()?.parent()?.join("tools").join(BUILT_PEBBLE);
            built.is_file().then_some(built)
        }),
    };
    if let Some(real) = found {
        anstream::eprintln!("cargo charm: containers run the Pebble at {}", real.display());
        return Ok(real);
    }
    anstream::eprintln!(
        "cargo charm: containers run the simulator's own Pebble, which says that it is {PRETENDED}"
    );
    Ok(tool.to_owned())
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The program that was named, or the one on the `PATH`.
fn program(name: &str, named: Option<&Path>, missing: &str) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return std::path::absolute(named).with_context(|| format!("cannot find {name}"));
    }
    match on_path(name) {
        Some(found) => Ok(found),
        None => bail!(
            "there is no `{name}` on the PATH {missing}; in a checkout of Charmwright, `cargo xtask setup` builds one \
             and says where"
        ),
    }
}

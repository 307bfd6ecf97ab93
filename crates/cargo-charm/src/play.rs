//! `cargo charm play`

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use charmwright_sim::agent::Setup;
use charmwright_sim::charm::Declared;
use charmwright_sim::juju::version::JujuVersion;
use charmwright_sim::play::{Audience, Play};
use charmwright_sim::pod::Image;
use charmwright_sim::scenario::Scenario;
use charmwright_sim::timeline::{JsonLines, Timeline};

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
    /// The Pebble daemon, for charms with containers [default: `pebble` on the `PATH`].
    #[arg(long, env = "CHARMWRIGHT_PEBBLE")]
    pebble: Option<PathBuf>,
    /// The Juju that is played: 2.9, 3.6 or 4.0.
    #[arg(long, value_name = "VERSION", default_value_t)]
    juju: JujuVersion,
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
    let setup = Setup {
        charm: arguments.charm.clone(),
        dispatch: arguments.dispatch.clone(),
        images: images(&arguments.images),
        tool: std::env::current_exe().context("cannot find this program itself")?,
        pebble: if declared.containers.is_empty() {
            PathBuf::new()
        } else {
            pebble(arguments.pebble.as_deref())?
        },
        juju: arguments.juju,
        ..Setup::default()
    };
    let mut play = Play::new(&scenario, &setup)?;
    let perform = |play: &mut Play, audience: &mut dyn Audience| play.run(&scenario, audience);
    let met = match arguments.format {
        Format::Text => {
            let live = std::io::stdout().is_terminal();
            let mut timeline = Timeline::new(anstream::stdout(), live);
            let met = perform(&mut play, &mut timeline);
            timeline.finish()?;
            met
        }
        Format::Json => {
            let mut lines = JsonLines::new(std::io::stdout());
            let met = perform(&mut play, &mut lines);
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

/// The daemon that was named, or the one on the `PATH`.
fn pebble(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    if let Some(named) = named {
        return std::path::absolute(named).context("cannot find the Pebble daemon");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    match std::env::split_paths(&path).map(|folder| folder.join("pebble")).find(|file| file.is_file()) {
        Some(found) => Ok(found),
        None => bail!(
            "there is no `pebble` on the PATH for the charm's containers: name one with --pebble; in a checkout of \
                   Charmwright, `cargo xtask setup` builds one and says where"
        ),
    }
}

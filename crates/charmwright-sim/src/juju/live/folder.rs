//! The agent's data folder, laid out as Juju's own.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::request::Request;
use crate::juju::commands;
use crate::juju::context::Paths;
use crate::juju::serving::{ServeError, WorkFolder};
use crate::juju::version::JujuVersion;

/// What the sample charm is told to do, by kind.
const KINDS: [&str; 4] = ["hold", "held", "fail", "run"];

/// The agent's data folder.
#[derive(Debug)]
pub(super) struct Folder {
    work: WorkFolder,
    tool: PathBuf,
    version: JujuVersion,
    /// The files of the charm as it was deployed last.
    files: BTreeSet<PathBuf>,
}

impl Folder {
    pub(super) fn new(work: Option<&Path>, tool: &Path, version: JujuVersion) -> Result<Self, ServeError> {
        let work = WorkFolder::make(work)?;
        Ok(Self { work, tool: tool.to_owned(), version, files: BTreeSet::new() })
    }

    /// Where a unit has its files.
    pub(super) fn paths(&self, unit: &str) -> Paths {
        let base = self.work.join("agents").join(unit);
        Paths {
            tools: self.work.join("tools").join(unit),
            charm: base.join("charm"),
            socket: base.join("agent.socket"),
            base,
        }
    }

    /// Makes everything new for a unit.
    pub(super) fn clear(&mut self, paths: &Paths) -> io::Result<()> {
        for folder in ["agents", "tools", "control"] {
            remove(&self.work.join(folder))?;
        }
        self.files.clear();
        for kind in KINDS {
            fs::create_dir_all(self.work.join("control").join(kind))?;
        }
        fs::create_dir_all(&paths.base)?;
        fs::create_dir_all(&paths.tools)?;
        for name in commands::names(self.version) {
            symlink(&self.tool, paths.tools.join(name))?;
        }
        Ok(())
    }

    /// The unit gets another pod: the agent's folder is empty.
    pub(super) fn replace_pod(&mut self, paths: &Paths) -> io::Result<()> {
        remove(&self.work.join("agents"))?;
        self.files.clear();
        fs::create_dir_all(&paths.base)
    }

    /// Puts a charm's files in place. Files that only the charm before had go; what the charm itself wrote stays.
    pub(super) fn deploy(&mut self, from: &Path, paths: &Paths) -> io::Result<()> {
        let mut files = BTreeSet::new();
        copy(from, &paths.charm, Path::new(""), &mut files)?;
        for gone in self.files.difference(&files) {
            match fs::remove_file(paths.charm.join(gone)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.files = files;
        Ok(())
    }

    fn control(&self, kind: &str, hook: &str) -> PathBuf {
        self.work.join("control").join(kind).join(hook)
    }

    /// Tells the sample charm what to do in a hook.
    pub(super) fn script(&self, request: &Request) -> io::Result<()> {
        let set = |kind: &str, text: &str| {
            let file = self.control(kind, &request.hook);
            if text.is_empty() { remove(&file) } else { fs::write(file, text) }
        };
        if let Some(hold) = request.hold {
            set("hold", if hold { "hold" } else { "" })?;
        }
        if let Some(fail) = &request.fail {
            let text = match fail {
                Value::Bool(true) => "always".to_owned(),
                Value::Bool(false) | Value::Null => String::new(),
                Value::Number(number) if number.as_f64() == Some(0.0) => String::new(),
                other => other.to_string(),
            };
            set("fail", &text)?;
        }
        request.run.as_ref().map_or(Ok(()), |run| set("run", run))
    }

    /// Whether a hook waits until it is let go.
    pub(super) fn is_held(&self, hook: &str) -> bool {
        self.control("held", hook).exists() && self.control("hold", hook).exists()
    }

    /// A hook that was killed is not held any more.
    pub(super) fn let_go(&self, hook: &str) {
        // One that was not held left nothing.
        let _ = fs::remove_file(self.control("held", hook));
    }
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn copy(from: &Path, to: &Path, below: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    fs::create_dir_all(to.join(below))?;
    for entry in fs::read_dir(from.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(from, to, &path, files)?;
            continue;
        }
        let target = to.join(&path);
        remove(&target)?;
        if kind.is_symlink() {
            symlink(fs::read_link(entry.path())?, &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
        files.insert(path);
    }
    Ok(())
}

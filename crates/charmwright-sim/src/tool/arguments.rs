//! The tool's own arguments.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser};
use nix::unistd::Pid;

use super::error::ToolError;

/// All options of all subcommands; each takes what it needs.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) binds: Vec<(PathBuf, PathBuf)>,
    pub(super) rest: Vec<OsString>,
    pod: Option<Pid>,
    paths: Vec<(&'static str, PathBuf)>,
    name: Option<OsString>,
}

impl Arguments {
    pub(super) fn parse(words: &[OsString]) -> Result<Self, ToolError> {
        let usage = |error: lexopt::Error| ToolError::Usage(error.to_string());
        let mut found = Self::default();
        let mut parser = Parser::from_args(words);
        while let Some(argument) = parser.next().map_err(usage)? {
            match argument {
                Arg::Long("pod") => found.pod = Some(pid(&parser.value().map_err(usage)?)?),
                Arg::Long("name") => found.name = Some(parser.value().map_err(usage)?),
                Arg::Long("bind") => {
                    let host = parser.value().map_err(usage)?.into();
                    found.binds.push((host, parser.value().map_err(usage)?.into()));
                }
                Arg::Long(option) => {
                    let known =
                        ["view", "cwd", "root", "pebble", "log"].into_iter().find(|known| *known == option);
                    let known =
                        known.ok_or_else(|| ToolError::Usage(format!("there is no option `--{option}`")))?;
                    found.paths.push((known, parser.value().map_err(usage)?.into()));
                }
                Arg::Value(word) => {
                    found.rest.push(word);
                    found.rest.extend(parser.raw_args().map_err(usage)?);
                }
                other @ Arg::Short(_) => return Err(usage(other.unexpected())),
            }
        }
        Ok(found)
    }

    pub(super) fn pod(&self) -> Result<Pid, ToolError> {
        self.pod.ok_or_else(|| missing("pod"))
    }

    pub(super) fn name(&self) -> Result<&OsString, ToolError> {
        self.name.as_ref().ok_or_else(|| missing("name"))
    }

    pub(super) fn path(&self, option: &'static str) -> Result<&PathBuf, ToolError> {
        let found = self.paths.iter().find(|(name, _)| *name == option);
        found.map(|(_, path)| path).ok_or_else(|| missing(option))
    }

    pub(super) fn one(&self, what: &str) -> Result<String, ToolError> {
        match self.rest.as_slice() {
            [word] => Ok(word.to_string_lossy().into_owned()),
            _ => Err(ToolError::Usage(format!("exactly one {what} is needed"))),
        }
    }
}

fn missing(option: &str) -> ToolError {
    ToolError::Usage(format!("the option `--{option}` is missing"))
}

fn pid(word: &OsString) -> Result<Pid, ToolError> {
    let number = word.to_str().and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    number
        .map(Pid::from_raw)
        .ok_or_else(|| ToolError::Usage(format!("`{}` is no process id", word.display())))
}

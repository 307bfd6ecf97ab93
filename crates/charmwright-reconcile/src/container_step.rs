//! What has to be done in a container, as a value that can be printed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use charmwright_pebble::Layer;

use crate::file::{Directory, File};
use crate::record::Record;

/// What has to be done in a container, in this order.
#[derive(Debug, Default)]
pub(crate) struct ContainerStep {
    pub(crate) container: String,
    pub(crate) absent: Vec<String>,
    pub(crate) directories: Vec<Directory>,
    pub(crate) files: Vec<File>,
    pub(crate) stop: BTreeSet<String>,
    /// What is wished, and what takes back what is wished no longer; without the record.
    pub(crate) layer: Option<Layer>,
    /// What the record says as soon as the layer is in the plan.
    pub(crate) named: Record,
    pub(crate) stop_checks: BTreeSet<String>,
    pub(crate) start_checks: BTreeSet<String>,
    pub(crate) start: BTreeMap<String, Why>,
    /// Whether the workload is to be asked at once if it is up.
    pub(crate) ask: bool,
    /// How long all starts and stops in this container may take in a hook, together.
    pub(crate) patience: Duration,
    /// What the record says when all is done, if that is something else than before.
    pub(crate) record: Option<Record>,
}

/// Why a service is started or restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// It does not run.
    Down,
    /// Its process was started with something else, or nobody knows with what.
    Outdated,
}

impl ContainerStep {
    pub(crate) fn lines(&self) -> Vec<String> {
        let name = &self.container;
        let mut lines = Vec::new();
        lines.extend(self.absent.iter().map(|path| format!("remove {path} in container {name}")));
        let directories = self.directories.iter().map(|directory| &directory.path);
        lines.extend(directories.map(|path| format!("make directory {path} in container {name}")));
        lines.extend(self.files.iter().map(|file| {
            let File { path, content, .. } = file;
            format!("write {path} in container {name} ({} bytes{})", content.len(), file.told_mode())
        }));
        lines.extend(
            self.stop.iter().map(|service| format!("stop {service} in container {name}: no longer wanted")),
        );
        if let Some(layer) = &self.layer {
            let entries = layer.services.keys().chain(layer.checks.keys()).chain(layer.log_targets.keys());
            let entries: Vec<_> = entries.chain(layer.workloads.keys()).map(String::as_str).collect();
            lines.push(format!("set the layer of container {name}: {}", entries.join(", ")));
        }
        let checks = |what: &str, checks: &BTreeSet<String>| -> Vec<String> {
            checks.iter().map(|check| format!("{what} check {check} in container {name}")).collect()
        };
        lines.extend(checks("stop", &self.stop_checks));
        lines.extend(checks("start", &self.start_checks));
        lines.extend(self.start.iter().map(|(service, why)| match why {
            Why::Down => format!("start {service} in container {name}"),
            Why::Outdated => format!("restart {service} in container {name}: it runs with something else"),
        }));
        if self.ask {
            lines.push(format!("ask the workload of container {name} whether it is up"));
        }
        if lines.is_empty() && self.record.is_some() {
            lines.push(format!("note what container {name} was started with"));
        }
        lines
    }

    pub(crate) fn is_empty(&self) -> bool {
        !self.changes_files()
            && self.stop.is_empty()
            && self.layer.is_none()
            && self.stop_checks.is_empty()
            && self.start_checks.is_empty()
            && self.start.is_empty()
            && !self.ask
            && self.record.is_none()
    }

    /// Whether the container's files become others, and so perhaps what a service finds when it is started.
    pub(crate) fn changes_files(&self) -> bool {
        !(self.absent.is_empty() && self.directories.is_empty() && self.files.is_empty())
    }

    /// The layer to be added, with the record of its names; `None` if the plan stays as it is.
    pub(crate) fn layer_with_names(&self) -> Option<Layer> {
        self.layer.clone().map(|layer| self.named.written_to(layer))
    }
}

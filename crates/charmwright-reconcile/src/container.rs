//! What is wanted of a container, and whether it is so.

use std::collections::{BTreeMap, BTreeSet};

use charmwright_pebble::{Check, CheckInfo, CheckStatus, Layer, Override, Service, ServiceStatus, Startup};
use charmwright_snapshot::snapshot::{ContainerState, Ended};
use charmwright_snapshot::{Container, NotYet, Ready};

use crate::container_plan::is_job;
use crate::desired::{ContainerWish, Desired, Mistake};
use crate::digest;
use crate::file::{Directory, File};
use crate::record::{self, Record};

/// Wishes for one container: its files first, then its layer.
#[derive(Debug)]
pub struct ContainerWishes<'a> {
    desired: &'a Desired,
    container: &'a Container,
    files: Vec<File>,
    up: Option<Check>,
}

impl<'a> ContainerWishes<'a> {
    pub(crate) fn new(desired: &'a Desired, container: &'a Container) -> Self {
        Self { desired, container, files: Vec::new(), up: None }
    }

    /// This file shall be there, with this content, and with this mode and owner if it says so. Directories are made as
    /// needed.
    #[expect(clippy::return_self_not_must_use, reason = "a file is wished for even if no layer follows")]
    pub fn file(mut self, file: File) -> Self {
        self.wish(|wish| {
            wish.files.insert(file.path.clone(), file.clone());
        });
        self.files.push(file);
        self
    }

    /// This directory shall be there.
    #[expect(clippy::return_self_not_must_use, reason = "it is wished for even if no layer follows")]
    pub fn directory(self, directory: Directory) -> Self {
        self.wish(|wish| {
            wish.directories.insert(directory.path.clone(), directory);
        });
        self
    }

    /// Nothing shall be at this path: what is there is removed, a directory with all that is in it.
    ///
    /// A file that is no longer wished for stays where it is, since nothing says that it was ours; this is how to be rid
    /// of it.
    ///
    /// The root of the container cannot be wished away: that is a mistake, and fails the hook.
    #[expect(clippy::return_self_not_must_use, reason = "it is wished for even if no layer follows")]
    pub fn absent(self, path: &str) -> Self {
        self.wish(|wish| {
            if is_root(path) {
                wish.mistakes.push(Mistake::AllAbsent { path: path.to_owned() });
            } else {
                wish.absent.insert(path.to_owned());
            }
        });
        self
    }

    /// The workload is up when this check succeeds, whichever user it runs as; the answer of [`layer`](Self::layer) waits
    /// for it.
    ///
    /// It is asked at once when its services were started, and one failure makes it down, whatever threshold the check
    /// gives: so that Pebble tells Juju when it recovers, and `<container>-pebble-check-recovered` runs the charm again
    /// (Juju 3.6 and later). Give it a short [`period`](Check::period): that is how long a recovery may stay unseen.
    ///
    /// A Pebble before 1.20 cannot be told to check now; there the workload counts as up until the check has failed.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use charmwright_pebble::{Check, Layer, Service, Startup};
    /// use charmwright_reconcile::Desired;
    /// use charmwright_snapshot::Container;
    ///
    /// let desired = Desired::empty();
    /// let up = Check::tcp(8080).period(Duration::from_secs(1));
    /// let layer = Layer::new().service("web", Service::new("/bin/web").startup(Startup::Enabled));
    /// let answer = desired.container(&Container::running("web")).up_when(up).layer(layer);
    /// assert_eq!(answer, Ok(()));
    /// assert_eq!(desired.layer("web").unwrap().checks["charmwright-up"].threshold, Some(1));
    /// ```
    #[must_use = "the layer that follows waits for it"]
    pub fn up_when(mut self, check: Check) -> Self {
        // It starts by itself without a word about it, which a Pebble before 1.19 would refuse.
        let mut check = check.threshold(1).override_by(Override::Replace);
        check.startup = None;
        self.up = Some(check);
        self
    }

    /// These services, checks and log targets shall be in the plan, and the enabled services, with those that they
    /// require, shall run, each started with just this definition and just the files that it reads.
    ///
    /// The answer is that they do. A service with `on-success: ignore` is a job: it has run when it has ended well, and runs
    /// again only with another definition, other files or in a container that was started anew.
    ///
    /// What is no longer wished for is taken back once `reconcile` ends with `Ok`: services are stopped, checks are stopped,
    /// log targets get no logs.
    ///
    /// The names `charmwright-started` of a service and `charmwright-up` of a check are the SDK's own; a layer that has one
    /// is a mistake, and fails the hook.
    ///
    /// # Errors
    ///
    /// If Pebble does not answer, if a service does not run (yet), if a check of the layer is down, or if the workload is
    /// not [up](Self::up_when). If Pebble gives a reason that only a person can mend, such as a missing program, the unit is
    /// blocked, and the service is not tried again until something changes.
    pub fn layer(mut self, mut layer: Layer) -> Ready<()> {
        let mut mistakes = reserved_names(&layer);
        let digests: BTreeMap<String, String> =
            layer.services.iter().map(|(name, service)| (name.clone(), self.digest(name, service))).collect();
        let up = self.up.take().map(|check| {
            layer.checks.insert(record::UP.to_owned(), check);
            let running = to_run(&layer);
            digest::of_all(digests.iter().filter(|(name, _)| running.contains(name.as_str())))
        });
        let unknown = |file: &File| file.reader.clone().filter(|reader| !layer.services.contains_key(reader));
        mistakes.extend(self.files.iter().filter_map(|file| {
            Some(Mistake::UnknownReader { path: file.path.clone(), service: unknown(file)? })
        }));
        let faults = self.without_faults(&mut layer);
        let answer = match faults.first() {
            Some(fault) => Err(fault.clone()),
            None => self.answer(&layer, &digests),
        };
        for cause in faults.iter().chain(answer.as_ref().err()) {
            self.desired.record(cause, true);
        }
        let mut wishes = self.desired.wishes.borrow_mut();
        let wish = wishes.containers.entry(self.container.name().to_owned()).or_default();
        wish.layer.services.extend(layer.services);
        wish.layer.checks.extend(layer.checks);
        wish.layer.log_targets.extend(layer.log_targets);
        wish.layer.workloads.extend(layer.workloads);
        wish.digests.extend(digests);
        wish.mistakes.extend(mistakes);
        wish.up = up.or(wish.up.take());
        answer
    }

    /// Takes out what can never go well, and would kill some Pebbles; the rest of the layer is wished for all the same.
    fn without_faults(&self, layer: &mut Layer) -> Vec<NotYet> {
        let mut faults = Vec::new();
        layer.checks.retain(|name, check| match check.fault() {
            Some(fault) => {
                faults.push(self.container.never(&format!("check {name} can never succeed: {fault}")));
                false
            }
            None => true,
        });
        layer.services.retain(|name, service| match service.fault() {
            Some(fault) => {
                faults.push(self.container.never(&format!("service {name} can never start: {fault}")));
                false
            }
            None => true,
        });
        faults
    }

    /// Notes a wish that has no answer of its own.
    fn wish(&self, note: impl FnOnce(&mut ContainerWish)) {
        let mut wishes = self.desired.wishes.borrow_mut();
        note(wishes.containers.entry(self.container.name().to_owned()).or_default());
        drop(wishes);
        if let Err(cause) = self.container.state() {
            self.desired.record(&cause, true);
        }
    }

    fn digest(&self, name: &str, service: &Service) -> String {
        let read = self.files.iter().filter(|file| file.reader.as_deref() == Some(name));
        digest::of(service, read.map(|file| (file.path.as_str(), file.content.as_slice())))
    }

    fn answer(&self, layer: &Layer, digests: &BTreeMap<String, String>) -> Ready<()> {
        let state = self.container.state()?;
        if self.container.runs_what_is_wished() {
            return Ok(());
        }
        let record = Record::read(&state.plan);
        // Only a check that is down can recover.
        let is_down = |check: &&CheckInfo| check.status == CheckStatus::Down;
        let checked = state.checks.iter().filter(is_down).any(|check| layer.checks.contains_key(&check.name));
        for name in to_run(layer) {
            if record.services.get(name) != digests.get(name) {
                let cause = "has not been started as it is wanted";
                return Err(self.container.service_not_yet(name, cause, checked));
            }
            let status = status_of(state, name);
            let is_done =
                state.ended.get(name) == Some(&Ended::Well) && layer.services.get(name).is_some_and(is_job);
            if status != Some(&ServiceStatus::Active) && !is_done {
                return Err(self.container.service_down(name, status, checked));
            }
        }
        if let Some(cause) = layer.checks.keys().find_map(|name| self.container.check_unable(name)) {
            return Err(cause);
        }
        if layer.checks.contains_key(record::UP) && !is_up(state) {
            return Err(self.container.workload_not_up());
        }
        let down = |name: &&String| {
            state.checks.iter().any(|check| check.name == **name && check.status == CheckStatus::Down)
        };
        match layer.checks.keys().find(down) {
            Some(check) => Err(self.container.check_down(check)),
            None => Ok(()),
        }
    }
}

/// Whether the workload's check has found it up. One failure is enough not to, also while Pebble has yet to say so.
fn is_up(state: &ContainerState) -> bool {
    state.checks.iter().find(|check| check.name == record::UP).is_some_and(|check| {
        check.status == CheckStatus::Up && check.failures == 0 && check.has_run() != Some(false)
    })
}

/// The services of a layer that are to run: those that are enabled, and those that they require.
pub(crate) fn to_run(layer: &Layer) -> BTreeSet<&str> {
    let mut running = BTreeSet::new();
    let enabled = layer.services.iter().filter(|(_, service)| service.startup == Some(Startup::Enabled));
    let mut next: Vec<&str> = enabled.map(|(name, _)| name.as_str()).collect();
    while let Some(name) = next.pop() {
        if let Some(service) = layer.services.get(name).filter(|_| running.insert(name)) {
            let required = service.requires.iter().filter(|name| layer.services.contains_key(*name));
            next.extend(required.map(String::as_str));
        }
    }
    running
}

/// The names in a layer that are the SDK's own.
fn reserved_names(layer: &Layer) -> Vec<Mistake> {
    let service = layer.services.contains_key(record::ENTRY).then_some(record::ENTRY);
    let check = layer.checks.contains_key(record::UP).then_some(record::UP);
    service.into_iter().chain(check).map(|name| Mistake::ReservedName { name }).collect()
}

/// Whether a path leads to the root of the container, however it is written.
fn is_root(path: &str) -> bool {
    let mut depth = 0_usize;
    for part in path.split('/') {
        depth = match part {
            "" | "." => depth,
            ".." => depth.saturating_sub(1),
            _ => depth + 1,
        };
    }
    path.starts_with('/') && depth == 0
}

/// How Pebble says a service is.
pub(crate) fn status_of<'a>(state: &'a ContainerState, service: &str) -> Option<&'a ServiceStatus> {
    state.services.iter().find(|info| info.name == service).map(|info| &info.current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_enabled_service_requires_runs_too() {
        let service = |startup| Service::new("x").startup(startup);
        let layer = Layer::new()
            .service("web", service(Startup::Enabled).requires(["db", "image"]))
            .service("db", service(Startup::Disabled).requires(["disk", "web"]))
            .service("disk", service(Startup::Disabled))
            .service("other", service(Startup::Disabled).requires(["disk"]));
        assert_eq!(to_run(&layer), BTreeSet::from(["db", "disk", "web"]));
    }

    #[test]
    fn the_root_is_known_however_it_is_written() {
        for path in ["/", "//", "/.", "/..", "/etc/..", "/etc/../..", "/a/./..//"] {
            assert!(is_root(path), "{path}");
        }
        for path in ["/etc", "/../etc", "/a/../b", "", ".", "etc/.."] {
            assert!(!is_root(path), "{path}");
        }
    }
}

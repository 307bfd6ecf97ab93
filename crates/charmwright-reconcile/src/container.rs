//! What is wanted of a container, and whether it is so.

use std::collections::BTreeMap;

use charmwright_pebble::{Check, CheckInfo, CheckStatus, Layer, Override, Service, ServiceStatus, Startup};
use charmwright_snapshot::snapshot::ContainerState;
use charmwright_snapshot::{Container, Ready};

use crate::desired::{ContainerWish, Desired};
use crate::digest;
use crate::file::{Directory, File};
use crate::started;

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
    #[expect(clippy::return_self_not_must_use, reason = "it is wished for even if no layer follows")]
    pub fn absent(self, path: &str) -> Self {
        self.wish(|wish| {
            wish.absent.insert(path.to_owned());
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

    /// These services and checks shall be in the plan, and the enabled services shall run, each started with
    /// just this definition and just the files that it reads.
    ///
    /// The answer is that they do.
    ///
    /// # Errors
    ///
    /// If Pebble does not answer, if a service does not run (yet), if a check of the layer is down, or if the workload is
    /// not [up](Self::up_when).
    pub fn layer(mut self, mut layer: Layer) -> Ready<()> {
        let digests: BTreeMap<String, String> =
            layer.services.iter().map(|(name, service)| (name.clone(), self.digest(name, service))).collect();
        let up = self.up.take().map(|check| {
            layer.checks.insert(started::UP.to_owned(), check);
            digest::of_all(
                digests.iter().filter(|(name, _)| layer.services.get(*name).is_some_and(is_enabled)),
            )
        });
        let unknown = |file: &File| file.reader.clone().filter(|reader| !layer.services.contains_key(reader));
        let orphans =
            self.files.iter().filter_map(|file| Some((file.path.clone(), unknown(file)?))).collect();
        let answer = self.answer(&layer, &digests);
        if let Err(cause) = &answer {
            self.desired.record(cause, true);
        }
        let mut wishes = self.desired.wishes.borrow_mut();
        let wish = wishes.containers.entry(self.container.name().to_owned()).or_default();
        wish.layer.services.extend(layer.services);
        wish.layer.checks.extend(layer.checks);
        wish.layer.log_targets.extend(layer.log_targets);
        wish.digests.extend(digests);
        wish.orphans = orphans;
        wish.up = up.or(wish.up.take());
        answer
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
        let started = started::read(&state.plan);
        // Only a check that is down can recover.
        let is_down = |check: &&CheckInfo| check.status == CheckStatus::Down;
        let checked = state.checks.iter().filter(is_down).any(|check| layer.checks.contains_key(&check.name));
        let not_yet = |name: &str, cause: &str| Err(self.container.service_not_yet(name, cause, checked));
        for name in layer.services.iter().filter(|(_, service)| is_enabled(service)).map(|(name, _)| name) {
            if started.get(name) != digests.get(name) {
                return not_yet(name, "has not been started as it is wanted");
            }
            match status_of(state, name) {
                Some(ServiceStatus::Active) => {}
                Some(status) => return not_yet(name, &format!("does not run: it is {status}")),
                None => return not_yet(name, "does not run"),
            }
        }
        if layer.checks.contains_key(started::UP) && !is_up(state) {
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
    state.checks.iter().find(|check| check.name == started::UP).is_some_and(|check| {
        check.status == CheckStatus::Up && check.failures == 0 && check.has_run() != Some(false)
    })
}

/// Whether a service is to run.
pub(crate) fn is_enabled(service: &Service) -> bool {
    service.startup == Some(Startup::Enabled)
}

/// How Pebble says a service is.
pub(crate) fn status_of<'a>(state: &'a ContainerState, service: &str) -> Option<&'a ServiceStatus> {
    state.services.iter().find(|info| info.name == service).map(|info| &info.current)
}

//! Workload containers.

use std::sync::Arc;

use charmwright_event::Datum;
use charmwright_pebble::{CheckInfo, CheckStatus, Notice, ServiceInfo, ServiceStatus};

use crate::readiness::{NotYet, Ready, Waker};
use crate::snapshot::{ContainerSnapshot, ContainerState, Ended, FileSnapshot, Lasting};

/// A workload container with its Pebble.
///
/// What is wanted of it is wished with `desired.container(&container)`. While its Pebble does not answer, the
/// wish is kept and the unit waits for `<container>-pebble-ready`.
#[derive(Debug, Clone)]
pub struct Container {
    name: String,
    seen: ContainerSnapshot,
    runs_what_is_wished: bool,
}

impl Container {
    pub(crate) fn new(name: &str, seen: ContainerSnapshot) -> Self {
        Self { name: name.to_owned(), seen, runs_what_is_wished: false }
    }

    /// For tests: a container whose Pebble does not answer.
    pub fn unreachable(name: &str) -> Self {
        Self::new(name, ContainerSnapshot::Unreachable { cause: "Pebble does not answer".to_owned() })
    }

    /// For tests: a container whose Pebble answers and knows nothing yet.
    pub fn fresh(name: &str) -> Self {
        Self::new(name, ContainerSnapshot::Up(Arc::default()))
    }

    /// For tests: a container in which just that runs which is wished.
    pub fn running(name: &str) -> Self {
        Self { runs_what_is_wished: true, ..Self::fresh(name) }
    }

    /// Whether it was made by [`Container::running`].
    pub fn runs_what_is_wished(&self) -> bool {
        self.runs_what_is_wished
    }

    /// The name that charmcraft.yaml gives it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What was seen in it.
    ///
    /// # Errors
    ///
    /// If its Pebble does not answer, answers too slowly or too much, does not let the charm's user ask, or has refused in
    /// this hook what it was told to do.
    pub fn state(&self) -> Ready<&ContainerState> {
        match &self.seen {
            ContainerSnapshot::Up(state) => Ok(state),
            ContainerSnapshot::Unreachable { cause } => Err(self.not_yet(cause)),
            // Pebble is there, so no event announces that it answers better.
            ContainerSnapshot::Failing { cause } => {
                Err(NotYet::waiting(&self.name, cause, Waker::of(Datum::World, &self.name)))
            }
            ContainerSnapshot::Refused { cause } => Err(NotYet::blocked(
                &self.name,
                cause,
                Lasting::in_text(cause).map_or("correct what is wished for there", Lasting::remedy),
                Waker::of(Datum::World, &self.name),
            )),
            ContainerSnapshot::Denied { cause } => Err(NotYet::blocked(
                &self.name,
                format!("Pebble does not let the charm's user: {cause}"),
                "set `charm-user: root` in charmcraft.yaml, or use Juju 3.6 or later",
                self.waker(),
            )),
        }
    }

    /// A service that runs.
    ///
    /// Whether the workload in it is up is another question: see [`check`](Self::check).
    ///
    /// # Errors
    ///
    /// If Pebble does not answer, if there is no such service, or if it does not run. Juju is not told when a service
    /// comes up, so such a wait ends with `update-status`, or with any other event.
    pub fn service(&self, name: &str) -> Ready<&ServiceInfo> {
        let info = self.state()?.services.iter().find(|info| info.name == name);
        match info {
            Some(info) if info.is_running() => Ok(info),
            Some(info) => Err(self.service_down(name, Some(&info.current), false)),
            None => Err(self.service_not_yet(name, "is not in the plan", false)),
        }
    }

    /// A check that is up, and not only because it has not run yet.
    ///
    /// What it answers is what Pebble saw last, at most a period ago. To learn that a workload has come up since it was
    /// started, wish for that: `desired.container(…).up_when(check)`.
    ///
    /// # Errors
    ///
    /// If Pebble does not answer, or if the check is down, then with `<container>-pebble-check-recovered` as its waker
    /// (Juju 3.6 and later). If it is not in the plan, does not run, or has not run yet, Juju is not told of a change, and
    /// `update-status` comes next. (A Pebble before 1.23 does not tell whether a check that is up has run.)
    pub fn check(&self, name: &str) -> Ready<&CheckInfo> {
        let unsure = |cause: &str| {
            let waker = Waker::of(Datum::World, &self.name);
            Err(NotYet::waiting(&self.name, format!("check {name} {cause}"), waker))
        };
        match self.state()?.checks.iter().find(|check| check.name == name) {
            None => unsure("is not in the plan"),
            Some(check) if check.status == CheckStatus::Down => {
                Err(self.check_unable(name).unwrap_or_else(|| self.check_down(name)))
            }
            Some(check) if check.status != CheckStatus::Up => unsure("does not run"),
            Some(check) if check.has_run() == Some(false) => unsure("has not run yet"),
            Some(check) => Ok(check),
        }
    }

    /// A cause of your own. While Pebble does not answer, its waker is `<container>-pebble-ready`. Once Pebble answers,
    /// Juju is told of nothing that a cause of your own could end with, so `update-status` comes next, or any other event.
    pub fn not_yet(&self, cause: impl Into<String>) -> NotYet {
        NotYet::waiting(&self.name, cause, self.waker())
    }

    /// What runs the charm when the container is no longer as it is.
    fn waker(&self) -> Waker {
        match &self.seen {
            ContainerSnapshot::Up(_)
            | ContainerSnapshot::Failing { .. }
            | ContainerSnapshot::Refused { .. } => Waker::of(Datum::World, &self.name),
            ContainerSnapshot::Denied { .. } => Waker::of(Datum::CharmFiles, ""),
            ContainerSnapshot::Unreachable { .. } => Waker::of(Datum::Container, &self.name),
        }
    }

    /// A service that does not run as it should. Pebble tells Juju of a check that recovers (Juju 3.6), of a
    /// service that comes up it does not.
    pub fn service_not_yet(&self, service: &str, cause: &str, checked: bool) -> NotYet {
        let waker =
            if checked { Waker::check_recovers(&self.name) } else { Waker::of(Datum::World, &self.name) };
        NotYet::waiting(&self.name, format!("service {service} {cause}"), waker)
    }

    /// A service that does not run, with Pebble's reason where it gives one. If only a person can mend that, the unit is
    /// blocked until the container has another image.
    ///
    /// `checked` says whether a check is down that would recover with it.
    pub fn service_down(&self, service: &str, status: Option<&ServiceStatus>, checked: bool) -> NotYet {
        let ended = self.state().ok().and_then(|state| state.ended.get(service));
        match (ended, status) {
            (Some(Ended::Failed { cause, lasting: Some(lasting) }), _) => NotYet::blocked(
                &self.name,
                format!("service {service} cannot start: {cause}"),
                lasting.remedy(),
                Waker::of(Datum::Container, &self.name),
            ),
            (Some(Ended::Failed { cause, .. }), _) => {
                self.service_not_yet(service, &format!("does not run: {cause}"), checked)
            }
            (_, Some(status)) => {
                self.service_not_yet(service, &format!("does not run: it is {status}"), checked)
            }
            (_, None) => self.service_not_yet(service, "does not run", checked),
        }
    }

    /// What is wished for and can never go well, whatever the workload does. It was left out of the wish, and is told as a
    /// check that is down is: no event announces that somebody has mended it.
    pub fn never(&self, cause: &str) -> NotYet {
        NotYet::waiting(&self.name, cause, Waker::of(Datum::World, &self.name))
    }

    /// A check that is down because it cannot even begin, which only a person can mend; `None` if it is not.
    pub fn check_unable(&self, check: &str) -> Option<NotYet> {
        let lasting = self.state().ok()?.unable.get(check)?;
        Some(NotYet::blocked(
            &self.name,
            format!("check {check} cannot run: {}", lasting.words()),
            lasting.remedy(),
            Waker::of(Datum::Container, &self.name),
        ))
    }

    /// A check that is down. Pebble tells Juju when it recovers (Juju 3.6).
    pub fn check_down(&self, check: &str) -> NotYet {
        let waker = Waker::check_recovers(&self.name);
        NotYet::waiting(&self.name, format!("check {check} is down"), waker)
    }

    /// The workload, which its check does not find up. Pebble tells Juju when it does (Juju 3.6).
    pub fn workload_not_up(&self) -> NotYet {
        let waker = Waker::check_recovers(&self.name);
        NotYet::waiting(&self.name, "the workload is not up", waker)
    }
}

/// A custom notice that the workload records when something has happened, as with `pebble notify <key>`:
/// `#[notice("web", "example.com/backup-done")]`.
///
/// It is a level, not an edge: that it has occurred, and what was said the last time. Several occurrences may look like
/// one, and the same may be seen again in later hooks. Pebble forgets it a week after it last occurred.
///
/// Needs Pebble 1.7.2 and Juju 3.4 or later.
#[derive(Debug, Clone)]
pub struct Noticed {
    container: Container,
    key: String,
}

impl Noticed {
    pub(crate) fn new(container: Container, key: &str) -> Self {
        Self { container, key: key.to_owned() }
    }

    /// For tests: one that has not occurred, in a container whose Pebble answers.
    pub fn not_occurred(container: &str, key: &str) -> Self {
        Self::new(Container::fresh(container), key)
    }

    /// For tests: one that has occurred, and what was said with it.
    pub fn occurred_with<'a>(
        container: &str,
        key: &str,
        data: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        let notice = Notice::custom(key, data);
        let state =
            ContainerState { notices: [(key.to_owned(), notice)].into(), ..ContainerState::default() };
        Self::new(Container::new(container, ContainerSnapshot::Up(Arc::new(state))), key)
    }

    /// What was said when it last occurred.
    ///
    /// ```
    /// use charmwright_snapshot::Noticed;
    ///
    /// let backup = Noticed::not_occurred("db", "example.com/backup-done");
    /// let cause = backup.occurred().unwrap_err();
    /// assert_eq!(cause.waker().to_string(), "db-pebble-custom-notice or update-status");
    /// let backup = Noticed::occurred_with("db", "example.com/backup-done", [("path", "/backup/1")]);
    /// assert_eq!(backup.occurred().unwrap().last_data["path"], "/backup/1");
    /// ```
    ///
    /// # Errors
    ///
    /// If Pebble does not answer; if it has not occurred, with `<container>-pebble-custom-notice` as its waker.
    pub fn occurred(&self) -> Ready<&Notice> {
        let Self { container, key } = self;
        container.state()?.notices.get(key).ok_or_else(|| {
            let waker = Waker::of(Datum::Notice, &container.name);
            NotYet::waiting(&container.name, format!("{key} has not been noticed"), waker)
        })
    }
}

/// A file in a container that the charm reads: `#[file("web", "/etc/version")]`. What the charm itself wants there is a
/// wish, not an input.
///
/// A file of more than 1 MiB is not read, since whoever owns its folder in the container decides how large it is. The
/// declaration can allow more: `#[file("web", "/srv/list", bytes_max = 4_194_304)]`.
#[derive(Debug, Clone)]
pub struct ContainerFile {
    container: Container,
    path: String,
}

impl ContainerFile {
    pub(crate) fn new(container: Container, path: &str) -> Self {
        Self { container, path: path.to_owned() }
    }

    /// For tests: a file with this content.
    pub fn with_content(container: &str, path: &str, content: impl Into<Vec<u8>>) -> Self {
        let file = FileSnapshot::Content(Arc::from(content.into()));
        let state = ContainerState { files: [(path.to_owned(), file)].into(), ..ContainerState::default() };
        Self::new(Container::new(container, ContainerSnapshot::Up(Arc::new(state))), path)
    }

    /// For tests: a file that is not there.
    pub fn missing(container: &str, path: &str) -> Self {
        Self::new(Container::fresh(container), path)
    }

    /// Its content.
    ///
    /// # Errors
    ///
    /// If Pebble does not answer, if there is no such file, if it cannot be read, or if it is larger than its declaration
    /// allows: then the unit is blocked. Juju is not told when a file changes, so such a wait ends with `update-status`, or
    /// with any other event.
    pub fn content(&self) -> Ready<&[u8]> {
        match self.container.state()?.files.get(&self.path) {
            Some(FileSnapshot::Content(content)) => Ok(content),
            Some(FileSnapshot::TooLarge { bytes, bytes_max }) => Err(self.too_large(*bytes, *bytes_max)),
            Some(FileSnapshot::Unreadable { cause }) => {
                Err(self.not_yet(&format!("cannot be read: {cause}")))
            }
            Some(FileSnapshot::Missing) | None => Err(self.not_yet("is not there")),
        }
    }

    /// Its content as text.
    ///
    /// # Errors
    ///
    /// As for [`content`](Self::content), and if it is not UTF-8.
    pub fn text(&self) -> Ready<&str> {
        str::from_utf8(self.content()?).map_err(|_| self.not_yet("is not UTF-8"))
    }

    fn too_large(&self, bytes: Option<u64>, bytes_max: u64) -> NotYet {
        let Self { container, path } = self;
        let cause = match bytes {
            Some(bytes) => format!("file {path} has {bytes} bytes, and at most {bytes_max} are read"),
            None => format!("file {path} has more than {bytes_max} bytes, which is as far as it is read"),
        };
        let remedy = "make the file smaller, or allow more with `bytes_max` in the charm";
        let waker = Waker::of(Datum::World, &container.name);
        NotYet::blocked(&container.name, cause, remedy, waker)
    }

    fn not_yet(&self, cause: &str) -> NotYet {
        let Self { container, path } = self;
        let waker = Waker::of(Datum::World, &container.name);
        NotYet::waiting(&container.name, format!("file {path} {cause}"), waker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_of_your_own_waits_for_pebble_only_while_pebble_does_not_answer() {
        let waker = |container: Container| container.not_yet("the migration runs").waker().to_string();
        assert_eq!(waker(Container::unreachable("server")), "server-pebble-ready");
        assert_eq!(waker(Container::fresh("server")), "update-status");
        assert_eq!(waker(Container::running("server")), "update-status");
        let denied = ContainerSnapshot::Denied { cause: "access denied".to_owned() };
        assert_eq!(waker(Container::new("server", denied)), "upgrade-charm");
    }
}

//! What should be.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use charmwright_event::RelationId;
use charmwright_hookcmds::{Bag, OpenedPort};
use charmwright_pebble::{CheckStatus, Layer, Service, ServiceStatus, Startup};
use charmwright_snapshot::snapshot::ContainerState;
use charmwright_snapshot::{
    Container, Interface, IntoReady, NotYet, Offered, Port, Provides, Ready, Recorder, Requires,
};

use crate::digest;
use crate::started;

/// Records what `reconcile` wishes.
///
/// A wish that answers returns `Result<Answer, NotYet>` and records its own cause, so ask first and use `?`
/// after: both are asked, and both causes are told.
///
/// ```
/// use charmwright_reconcile::Desired;
/// use charmwright_snapshot::{Container, NotYet, Port};
/// use charmwright_pebble::{Layer, Service};
///
/// fn reconcile(server: &Container, desired: &Desired) -> Result<(), NotYet> {
///     desired.open_port(Port::new(8080));
///     desired.container(server).layer(Layer::new().service("web", Service::new("web --port 8080")))
/// }
///
/// let desired = Desired::empty();
/// let result = reconcile(&Container::unreachable("server"), &desired);
/// assert_eq!(result.unwrap_err().waker().to_string(), "server-pebble-ready");
/// // The wish holds all the same, and is carried out when Pebble answers.
/// assert_eq!(desired.ports()[0].to_string(), "8080/tcp");
/// assert_eq!(desired.layer("server").unwrap().services["web"].command, "web --port 8080");
/// ```
#[derive(Debug, Default)]
pub struct Desired {
    wishes: RefCell<Wishes>,
}

#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) ports: BTreeSet<OpenedPort>,
    /// By endpoint, for tests to look at; what is written goes by relation.
    pub(crate) asked: BTreeMap<String, Bag>,
    pub(crate) bags: BTreeMap<RelationId, Bag>,
    pub(crate) containers: BTreeMap<String, ContainerWish>,
    pub(crate) causes: Vec<Cause>,
}

/// A cause, and whether going on without the answer also goes on without the wish.
#[derive(Debug, PartialEq)]
pub(crate) struct Cause {
    pub(crate) not_yet: NotYet,
    /// The wish itself could not be carried out: it counts even if `reconcile` does without its answer.
    pub(crate) unfulfilled: bool,
}

/// What is wanted of one container.
#[derive(Debug, Default)]
pub(crate) struct ContainerWish {
    pub(crate) layer: Layer,
    pub(crate) digests: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) orphans: Vec<(String, String)>,
}

/// A file that shall be in a container.
///
/// A service that reads it is restarted when its content changes; so it says who reads it, or that nobody does.
#[derive(Clone)]
pub struct File {
    path: String,
    content: Vec<u8>,
    reader: Option<String>,
}

impl File {
    /// A file that the service `reader` reads at its start.
    pub fn read_by(reader: &str, path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), content: content.into(), reader: Some(reader.to_owned()) }
    }

    /// A file whose change needs no restart.
    pub fn unread(path: &str, content: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), content: content.into(), reader: None }
    }
}

impl std::fmt::Debug for File {
    /// Shows how long the content is, not what it is: it may be a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, content, reader } = self;
        f.debug_struct("File")
            .field("path", path)
            .field("bytes", &content.len())
            .field("reader", reader)
            .finish()
    }
}

impl Desired {
    /// Nothing wished yet.
    pub fn empty() -> Self {
        Self::default()
    }

    /// All causes recorded so far, in the order of the wishes.
    pub fn causes(&self) -> Vec<NotYet> {
        self.wishes.borrow().causes.iter().map(|cause| cause.not_yet.clone()).collect()
    }

    /// This TCP port shall be open to the outside. `None` opens nothing.
    pub fn open_port(&self, port: impl Into<Option<Port>>) {
        let port = port.into().map(|port| OpenedPort::tcp(port.number()));
        self.wishes.borrow_mut().ports.extend(port);
    }

    /// This shall be offered to every relation of the endpoint.
    ///
    /// Only the leader writes it; on the other units the wish is left alone.
    pub fn provide<I: Offered>(&self, at: &Provides<I>, offer: impl IntoReady<I::Offer>) {
        if let Ok(offer) = self.kept(offer.into_ready()) {
            at.offer(&offer, self);
        }
    }

    /// This shall be asked, and the answer comes back.
    ///
    /// # Errors
    ///
    /// If nothing is related, if the answer to this very request is not there yet, or if the request itself is
    /// not ready.
    pub fn request<I: Interface>(
        &self,
        at: &Requires<I>,
        request: impl IntoReady<I::Request>,
    ) -> Ready<I::Answer> {
        let request = self.kept(request.into_ready())?;
        at.ask(&request, self)
    }

    /// Wishes for a workload container.
    pub fn container<'a>(&'a self, container: &'a Container) -> ContainerWishes<'a> {
        ContainerWishes { desired: self, container, files: Vec::new() }
    }

    pub(crate) fn into_wishes(self) -> Wishes {
        self.wishes.into_inner()
    }

    /// The value, its cause recorded if it has one.
    fn kept<T>(&self, value: Ready<T>) -> Ready<T> {
        if let Err(cause) = &value {
            self.record(cause, false);
        }
        value
    }

    fn record(&self, not_yet: &NotYet, unfulfilled: bool) {
        let causes = &mut self.wishes.borrow_mut().causes;
        match causes.iter_mut().find(|cause| cause.not_yet == *not_yet) {
            Some(known) => known.unfulfilled |= unfulfilled,
            None => causes.push(Cause { not_yet: not_yet.clone(), unfulfilled }),
        }
    }
}

/// What a unit test looks at.
impl Desired {
    /// The ports that shall be open.
    pub fn ports(&self) -> Vec<OpenedPort> {
        self.wishes.borrow().ports.iter().copied().collect()
    }

    /// What is asked of an endpoint, as it stands in the databag; `None` if nothing is.
    pub fn asked(&self, endpoint: &str) -> Option<Bag> {
        self.wishes.borrow().asked.get(endpoint).cloned()
    }

    /// The layer that a container shall have; `None` if nothing is wished of it.
    pub fn layer(&self, container: &str) -> Option<Layer> {
        Some(self.wishes.borrow().containers.get(container)?.layer.clone())
    }

    /// The content that a file in a container shall have; `None` if it is not wished for.
    pub fn file(&self, container: &str, path: &str) -> Option<Vec<u8>> {
        self.wishes.borrow().containers.get(container)?.files.get(path).cloned()
    }
}

impl Recorder for Desired {
    fn asked(&self, endpoint: &str, request: &Bag) {
        self.wishes.borrow_mut().asked.insert(endpoint.to_owned(), request.clone());
    }

    fn publish(&self, relation: RelationId, bag: Bag) {
        self.wishes.borrow_mut().bags.entry(relation).or_default().extend(bag);
    }

    fn missing(&self, cause: &NotYet) {
        self.record(cause, false);
    }
}

/// Wishes for one container: its files first, then its layer.
#[derive(Debug)]
pub struct ContainerWishes<'a> {
    desired: &'a Desired,
    container: &'a Container,
    files: Vec<File>,
}

impl ContainerWishes<'_> {
    /// This file shall be there, with this content. Directories are made as needed.
    #[expect(clippy::return_self_not_must_use, reason = "a file is wished for even if no layer follows")]
    pub fn file(mut self, file: File) -> Self {
        let mut wishes = self.desired.wishes.borrow_mut();
        let wish = wishes.containers.entry(self.container.name().to_owned()).or_default();
        wish.files.insert(file.path.clone(), file.content.clone());
        drop(wishes);
        if let Err(cause) = self.container.state() {
            self.desired.record(&cause, true);
        }
        self.files.push(file);
        self
    }

    /// These services and checks shall be in the plan, and the enabled services shall run, each started with
    /// just this definition and just the files that it reads.
    ///
    /// The answer is that they do.
    ///
    /// # Errors
    ///
    /// If Pebble does not answer, if a service does not run (yet), or if a check of the layer is down.
    pub fn layer(self, layer: Layer) -> Ready<()> {
        let digests: BTreeMap<String, String> =
            layer.services.iter().map(|(name, service)| (name.clone(), self.digest(name, service))).collect();
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
        answer
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
        let checked = !layer.checks.is_empty();
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
        let down = |name: &&String| {
            state.checks.iter().any(|check| check.name == **name && check.status == CheckStatus::Down)
        };
        match layer.checks.keys().find(down) {
            Some(check) => Err(self.container.check_down(check)),
            None => Ok(()),
        }
    }
}

/// Whether a service is to run.
pub(crate) fn is_enabled(service: &Service) -> bool {
    service.startup == Some(Startup::Enabled)
}

/// How Pebble says a service is.
pub(crate) fn status_of<'a>(state: &'a ContainerState, service: &str) -> Option<&'a ServiceStatus> {
    state.services.iter().find(|info| info.name == service).map(|info| &info.current)
}

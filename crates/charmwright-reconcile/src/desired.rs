//! What should be.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use charmwright_event::RelationId;
use charmwright_hookcmds::{Bag, OpenedPort};
use charmwright_pebble::Layer;
use charmwright_snapshot::{
    Container, Interface, IntoReady, NotYet, Offered, Port, Provides, Ready, Recorder, Requires,
};

use crate::container::ContainerWishes;
use crate::file::{Directory, File};

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
    pub(crate) wishes: RefCell<Wishes>,
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

/// What the author wished for and nobody can carry out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// A file says that a service reads it which the layer does not have.
    UnknownReader { path: String, service: String },
    /// An entry of a layer has a name that the SDK keeps for itself.
    ReservedName { name: &'static str },
    /// Nothing at all shall be in the container.
    AllAbsent { path: String },
}

/// What is wanted of one container.
#[derive(Debug, Default)]
pub(crate) struct ContainerWish {
    pub(crate) layer: Layer,
    pub(crate) digests: BTreeMap<String, String>,
    pub(crate) files: BTreeMap<String, File>,
    pub(crate) directories: BTreeMap<String, Directory>,
    pub(crate) absent: BTreeSet<String>,
    pub(crate) mistakes: Vec<Mistake>,
    /// What runs when the workload is asked whether it is up, in short; none if nobody asks.
    pub(crate) up: Option<String>,
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
        ContainerWishes::new(self, container)
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

    pub(crate) fn record(&self, not_yet: &NotYet, unfulfilled: bool) {
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
        Some(self.wishes.borrow().containers.get(container)?.files.get(path)?.content.clone())
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

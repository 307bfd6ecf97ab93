//! A container with a simulated Pebble within the test, and a charm that wishes for what the test says.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use charmwright::Charm;
use charmwright::pebble::transport::{Channel, Method, Request, Response, Transport, TransportError};
use charmwright::pebble::{Client, ServiceStatus};
use charmwright::prelude::*;
use charmwright_sim::events::Hook;
use charmwright_sim_pebble::Settings;
use charmwright_sim_pebble::in_process::{InProcess, MemoryFiles, Script};

use crate::unit::Unit;

#[derive(Debug, Inputs)]
pub(crate) struct Work {
    #[container("work")]
    pub(crate) container: Container,
}

pub(crate) type Wish = Rc<dyn Fn(&Container, &Desired) -> Result<(), NotYet>>;

thread_local! {
    static WISH: RefCell<Option<Wish>> = const { RefCell::new(None) };
}

fn reconcile(work: &Work, desired: &Desired) -> Result<(), NotYet> {
    let wish = WISH.with_borrow(Clone::clone).unwrap();
    wish(&work.container, desired)
}

/// A unit with one container, `work`.
pub(crate) struct Simulated {
    pub(crate) unit: Unit,
    pub(crate) pebble: InProcess,
    pub(crate) watched: Arc<Watched>,
}

impl Simulated {
    pub(crate) fn new() -> Self {
        Self::with_layers(&[])
    }

    /// With these layers in the container's image.
    pub(crate) fn with_layers(layers: &[&str]) -> Self {
        let layers = layers.iter().enumerate().map(|(at, text)| (format!("image{at}"), (*text).to_owned()));
        let settings = Settings { layers: layers.collect(), ..Settings::default() };
        let pebble = InProcess::start(settings, Script::new(), MemoryFiles::default()).unwrap();
        let watched = Arc::new(Watched::new(pebble.clone()));
        let mut unit = Unit::new(true);
        unit.pebble = Some(Client::over(Arc::clone(&watched) as Arc<dyn Transport>));
        Self { unit, pebble, watched }
    }

    /// Runs a hook in which this is wished for. Returns how often it changed something in Pebble.
    pub(crate) fn wish(
        &mut self,
        wish: impl Fn(&Container, &Desired) -> Result<(), NotYet> + 'static,
    ) -> usize {
        set(wish);
        self.again()
    }

    /// Runs a hook in which this layer is wished for.
    pub(crate) fn layer(&mut self, layer: &Layer) -> usize {
        let layer = layer.clone();
        self.wish(move |container, desired| desired.container(container).layer(layer.clone()))
    }

    /// Runs another hook with the same wish.
    pub(crate) fn again(&mut self) -> usize {
        let before = self.watched.changes();
        self.unit.config_changed(&charm_of_the_test());
        self.watched.changes() - before
    }

    pub(crate) fn client(&self) -> Client {
        self.pebble.client()
    }

    pub(crate) fn plan(&self) -> Layer {
        self.client().plan().unwrap()
    }

    pub(crate) fn service(&self, name: &str) -> ServiceStatus {
        self.client().services(&[name]).unwrap().remove(0).current
    }

    /// How often a process of this program was started.
    pub(crate) fn starts(&self, program: &str) -> usize {
        self.pebble.started().iter().filter(|(_, spawn)| spawn.command[0] == program).count()
    }

    pub(crate) fn status(&self) -> String {
        self.unit.status()
    }
}

/// The next hooks wish for this.
pub(crate) fn set(wish: impl Fn(&Container, &Desired) -> Result<(), NotYet> + 'static) {
    WISH.set(Some(Rc::new(wish)));
}

pub(crate) fn charm_of_the_test() -> Charm<Work> {
    charm(reconcile)
}

/// Tries a hook, which may fail.
pub(crate) fn try_again(simulated: &mut Simulated) -> Result<(), charmwright::DriveError> {
    simulated.unit.try_run(&charm_of_the_test(), &Hook::Unit("config-changed")).map(drop)
}

pub(crate) fn service(command: &str) -> Service {
    Service::new(command).startup(Startup::Enabled)
}

/// Counts what changes something, and can cut the connection.
#[derive(Debug)]
pub(crate) struct Watched {
    daemon: InProcess,
    posts: AtomicUsize,
    /// How many requests are still answered.
    pub(crate) answers: AtomicUsize,
}

impl Watched {
    fn new(daemon: InProcess) -> Self {
        Self { daemon, posts: AtomicUsize::new(0), answers: AtomicUsize::new(usize::MAX) }
    }

    pub(crate) fn changes(&self) -> usize {
        self.posts.load(Ordering::Relaxed)
    }
}

impl Transport for Watched {
    fn socket(&self) -> &Path {
        Transport::socket(&self.daemon)
    }

    fn now(&self) -> Instant {
        Transport::now(&self.daemon)
    }

    fn send(&self, request: Request<'_>) -> Result<Response, TransportError> {
        let left = self.answers.load(Ordering::Relaxed);
        if left == 0 {
            return Err(TransportError::Unreachable(std::io::ErrorKind::ConnectionRefused.into()));
        }
        self.answers.store(if left == usize::MAX { left } else { left - 1 }, Ordering::Relaxed);
        if request.method == Method::Post {
            self.posts.fetch_add(1, Ordering::Relaxed);
        }
        Transport::send(&self.daemon, request)
    }

    fn open(&self, path: &str, timeout: Duration) -> Result<Channel, TransportError> {
        self.daemon.open(path, timeout)
    }
}

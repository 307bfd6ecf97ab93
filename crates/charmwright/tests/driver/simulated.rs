//! A container with a simulated Pebble within the test, and a charm that wishes for what the test says.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
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
    container: Container,
    #[container("side")]
    side: Container,
}

pub(crate) type Wish = Rc<dyn Fn(&Container, &Desired) -> Result<(), NotYet>>;

thread_local! {
    static WISH: RefCell<Option<Wish>> = const { RefCell::new(None) };
}

fn reconcile(work: &Work, desired: &Desired) -> Result<(), NotYet> {
    let wish = WISH.with_borrow(Clone::clone).unwrap();
    // Whatever becomes of it, the rest of the hook is done.
    desired.open_port(Port::new(8080));
    let side = Layer::new().service("side", service("/bin/side"));
    let side = desired.container(&work.side).layer(side);
    wish(&work.container, desired)?;
    side
}

/// A unit with a container `work`, and `side`, in which a service runs.
pub(crate) struct Simulated {
    pub(crate) unit: Unit,
    pub(crate) pebble: InProcess,
    /// The Pebble of the other container, in which all is well.
    pub(crate) side: InProcess,
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
        let client = Client::over(Arc::clone(&watched) as Arc<dyn Transport>);
        unit.pebbles.insert("work".to_owned(), client);
        let side = InProcess::new();
        unit.pebbles.insert("side".to_owned(), side.client());
        Self { unit, pebble, side, watched }
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
    /// How many requests are still answered at once, and how many seconds all others take.
    pub(crate) quick: AtomicUsize,
    pub(crate) seconds: AtomicU64,
}

impl Watched {
    fn new(daemon: InProcess) -> Self {
        Self {
            daemon,
            posts: AtomicUsize::new(0),
            answers: AtomicUsize::new(usize::MAX),
            quick: AtomicUsize::new(usize::MAX),
            seconds: AtomicU64::new(0),
        }
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
        let quick = self.quick.load(Ordering::Relaxed);
        self.quick.store(quick.saturating_sub(usize::from(quick != usize::MAX)), Ordering::Relaxed);
        if quick == 0 {
            let takes = Duration::from_secs(self.seconds.load(Ordering::Relaxed));
            let may_take = request.patience.whole.unwrap_or(Duration::MAX);
            self.daemon.advance(takes.min(may_take));
            if takes > may_take {
                return Err(TransportError::Timeout);
            }
        }
        if request.method == Method::Post {
            self.posts.fetch_add(1, Ordering::Relaxed);
        }
        Transport::send(&self.daemon, request)
    }

    fn open(&self, path: &str, timeout: Duration) -> Result<Channel, TransportError> {
        self.daemon.open(path, timeout)
    }
}

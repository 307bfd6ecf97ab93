//! A simulated daemon within the test's own process, on a clock of its own.

mod channel;
mod memory_files;
mod outside;
mod script;
mod stream;
mod world;

use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use charmwright_pebble::Client;
use charmwright_pebble::transport::{
    Body, Channel, Method, Request as Asked, Response as Answer, Transport, TransportError,
};

pub use self::memory_files::MemoryFiles;
use self::outside::Outside;
pub use self::script::{ExecAnswer, ExecCall, OnTerm, Program, Script};
use self::world::{Line, World};
use crate::files;
use crate::host::{CheckFailure, Spawn, TaskId, Websocket};
use crate::pebble::{End, Pebble};
use crate::request::{Reply, Request, Response, Wait};
use crate::settings::Settings;
use crate::time::Time;

/// When the clock of a simulated daemon begins: 2026-01-01T00:00:00Z.
const BEGIN: Time = Time::from_nanos(1_767_225_600_000_000_000);
/// How long somebody waits who would wait for ever.
const PATIENCE: Duration = Duration::from_hours(24);

/// A simulated daemon: a handle, which can be cloned.
///
/// Its clock goes on only when somebody waits for something, or by [`advance`](Self::advance): waiting for a service to
/// start takes a second of it, and no real time. Whatever is asked in the same order has the same answers.
///
/// ```
/// use std::time::Duration;
///
/// use charmwright_pebble::{Layer, Service, ServiceStatus};
/// use charmwright_sim_pebble::in_process::InProcess;
///
/// let pebble = InProcess::new();
/// let client = pebble.client();
/// client.add_layer("app", &Layer::new().service("web", Service::new("/bin/web")))?;
/// let change = client.start(&["web"])?;
/// client.wait_change(&change, Duration::from_secs(30))?.into_result()?;
/// assert_eq!(client.services(&["web"])?[0].current, ServiceStatus::Active);
/// # Ok::<(), charmwright_pebble::Error>(())
/// ```
#[derive(Clone)]
pub struct InProcess {
    world: Arc<Mutex<World>>,
    socket: PathBuf,
    /// Who asks through this handle.
    user: u32,
    /// What stands for the beginning of its clock.
    began: Instant,
}

impl Default for InProcess {
    fn default() -> Self {
        Self::new()
    }
}

impl InProcess {
    /// A daemon as most tests want it: of Juju 3.6's version, and everything goes well.
    pub fn new() -> Self {
        // The default settings have nothing that could be refused.
        Self::start(Settings::default(), Script::new(), MemoryFiles::default())
            .unwrap_or_else(|_| unreachable!())
    }

    /// A daemon with these settings, scripted by this, over these files.
    ///
    /// # Errors
    ///
    /// Pebble's words for why it does not start: bad layers, bad identities.
    pub fn start(settings: Settings, script: Script, files: MemoryFiles) -> Result<Self, String> {
        let mut outside = Outside::new(script, files);
        (outside.now, outside.files.now) = (BEGIN, BEGIN);
        let pebble = Pebble::start(settings, BEGIN, &mut outside)?;
        let mut world = World {
            pebble,
            outside,
            channels: std::collections::BTreeMap::new(),
            is_reachable: true,
            boots: 1,
        };
        world.settle();
        let socket = PathBuf::from("/simulated/pebble.socket");
        Ok(Self { world: Arc::new(Mutex::new(world)), socket, user: 0, began: Instant::now() })
    }

    /// A client for it.
    pub fn client(&self) -> Client {
        Client::over(Arc::new(self.clone()))
    }

    /// The same daemon, asked by another user.
    #[must_use]
    pub fn by(&self, user: u32) -> Self {
        Self { user, ..self.clone() }
    }

    /// The same daemon, said to be at another socket: for messages.
    #[must_use]
    pub fn at(&self, socket: impl Into<PathBuf>) -> Self {
        Self { socket: socket.into(), ..self.clone() }
    }

    /// The time of its clock.
    pub fn now(&self) -> Time {
        self.world().pebble.now()
    }

    /// Time goes on.
    pub fn advance(&self, duration: Duration) {
        let mut world = self.world();
        let to = world.pebble.now().after(duration);
        world.answer_commands();
        world.go_to(to);
    }

    /// Changes what happens outside, from now on.
    pub fn script<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.world().outside.script)
    }

    /// What checks look at is down from now on: a URL, a port as in `localhost:80`, or a command.
    pub fn down(&self, what: &str) {
        self.world().outside.script.down(what, CheckFailure::default());
    }

    /// What checks look at is up again.
    pub fn up(&self, what: &str) {
        self.world().outside.script.up(what);
    }

    /// Reads or changes its files.
    pub fn files<T>(&self, use_them: impl FnOnce(&mut MemoryFiles) -> T) -> T {
        use_them(&mut self.world().outside.files)
    }

    /// Every process of a service that was started so far, in order, with the time.
    pub fn started(&self) -> Vec<(Time, Spawn)> {
        self.world().outside.started.clone()
    }

    /// Notes a warning, as Pebble does where something of its own goes wrong.
    pub fn warn(&self, message: &str) {
        self.world().pebble.warn(message);
    }

    /// Whether it can be reached. One that cannot still runs.
    pub fn set_reachable(&self, is_reachable: bool) {
        self.world().is_reachable = is_reachable;
    }

    /// Why it has ended; None as long as it runs.
    pub fn ended(&self) -> Option<End> {
        self.world().pebble.ended()
    }

    /// Starts it again, as a container does: its processes and layers are gone, notices, changes and identities stay, and
    /// so do the files. Its boot id is another one.
    ///
    /// # Errors
    ///
    /// Pebble's words for why it does not start.
    pub fn restart(&self) -> Result<(), String> {
        let mut world = self.world();
        world.outside.clear();
        for line in world.channels.values_mut() {
            line.is_closed = true;
        }
        world.boots += 1;
        let mut settings = world.pebble.settings().clone();
        settings.state = world.pebble.state();
        let base = settings.boot_id.split('#').next().unwrap_or_default().to_owned();
        settings.boot_id = format!("{base}#{}", world.boots);
        let now = world.pebble.now();
        let World { pebble, outside, .. } = &mut *world;
        *pebble = Pebble::start(settings, now, outside)?;
        world.settle();
        Ok(())
    }

    /// Looks at the model.
    pub fn pebble<T>(&self, look: impl FnOnce(&Pebble) -> T) -> T {
        look(&self.world().pebble)
    }

    /// One request as it is, by whom it says, and its answer: for what no client would ask.
    ///
    /// # Errors
    ///
    /// If there is no answer, or one that is no JSON: contents of files, logs that are followed, a websocket.
    pub fn request(&self, request: &Request) -> Result<Response, TransportError> {
        let mut world = self.world();
        if !world.is_up() {
            return Err(TransportError::Unreachable(io::ErrorKind::ConnectionRefused.into()));
        }
        match world.handle(request) {
            Reply::Done(response) => Ok(response),
            Reply::Wait(wait) => wait_for(&mut world, &wait, None),
            Reply::Files(request) => {
                let mut response = files::answer(&request, &mut world.outside.files);
                world.pebble.complete(&mut response);
                Ok(response)
            }
            _ => Err(TransportError::Invalid("its answer is no JSON".to_owned())),
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it answers, as far as the headers.
    fn ask(&self, asked: Asked<'_>) -> Result<Answer, TransportError> {
        let mut request = Request::new(
            match asked.method {
                Method::Get => "GET",
                Method::Post => "POST",
            },
            asked.target,
            Vec::new(),
        );
        request.peer = Some(self.user);
        for (name, value) in asked.headers {
            match name.to_ascii_lowercase().as_str() {
                "accept" => value.clone_into(&mut request.accept),
                "content-type" => value.clone_into(&mut request.content_type),
                _ => {}
            }
        }
        let mut body = Vec::new();
        match asked.body {
            Body::Bytes(bytes) => body.extend_from_slice(bytes),
            Body::Reader { reader, .. } => {
                reader.read_to_end(&mut body).map_err(TransportError::Source)?;
            }
            _ => {}
        }
        if !request.content_type.starts_with("multipart/") {
            request.body = std::mem::take(&mut body);
        }
        let mut world = self.world();
        if !world.is_up() {
            return Err(TransportError::Unreachable(io::ErrorKind::ConnectionRefused.into()));
        }
        let response = match world.handle(&request) {
            Reply::Done(response) => response,
            Reply::Wait(wait) => wait_for(&mut world, &wait, asked.patience.whole)?,
            Reply::Files(request) => {
                let mut response = files::answer(&request, &mut world.outside.files);
                world.pebble.complete(&mut response);
                response
            }
            Reply::WriteFiles(request) => {
                let mut response = files::receive(&mut world.outside.files, request, &mut body.as_slice());
                world.pebble.complete(&mut response);
                response
            }
            Reply::ReadFiles(paths) => {
                let (boundary, mut body) = ("0123456789abcdef".repeat(4), Vec::new());
                files::send(&world.outside.files, &paths, &boundary, &mut body)
                    .map_err(TransportError::Unreachable)?;
                let content_type = format!("multipart/form-data; boundary={boundary}");
                return Ok(Answer::new(200, content_type, Box::new(Cursor::new(body))));
            }
            Reply::Logs(query) => {
                let mut entries = world.pebble.logs(&query);
                let mut last = world.pebble.last_log();
                let silence = asked.patience.stall.or(asked.patience.whole).unwrap_or(PATIENCE);
                if query.follow && entries.is_empty() {
                    // Not even the headers go out before the first.
                    let deadline = world.pebble.now().after(silence);
                    let has_come = world.until(Some(deadline), |world| {
                        entries = world.pebble.logs_after(&query, last);
                        !entries.is_empty()
                    });
                    if !has_come && world.is_up() {
                        return Err(TransportError::Timeout);
                    }
                    last = entries.last().map_or(last, |entry| entry.number);
                }
                let text: String = entries.iter().map(crate::logs::LogEntry::json).collect();
                let body: Box<dyn Read + Send> = if query.follow {
                    Box::new(stream::Following::new(self.world.clone(), query, text, last, silence))
                } else {
                    Box::new(Cursor::new(text.into_bytes()))
                };
                return Ok(Answer::new(200, "application/x-ndjson", body));
            }
            Reply::Websocket { .. } => {
                let body = Box::new(Cursor::new(b"Bad Request\n".to_vec()));
                return Ok(Answer::new(400, "text/plain; charset=utf-8", body));
            }
        };
        Ok(Answer::new(response.status, response.content_type, Box::new(Cursor::new(response.body))))
    }
}

fn wait_for(world: &mut World, wait: &Wait, patience: Option<Duration>) -> Result<Response, TransportError> {
    let limit = world.pebble.now().after(patience.unwrap_or(PATIENCE));
    match world.wait(wait, Some(limit)) {
        Some(response) => Ok(response),
        None if world.pebble.ended().is_some() => {
            Err(TransportError::Unreachable(io::ErrorKind::UnexpectedEof.into()))
        }
        None => Err(TransportError::Timeout),
    }
}

impl Transport for InProcess {
    fn socket(&self) -> &Path {
        &self.socket
    }

    fn now(&self) -> Instant {
        self.began + self.world().pebble.now().since(BEGIN)
    }

    fn send(&self, request: Asked<'_>) -> Result<Answer, TransportError> {
        self.ask(request)
    }

    fn open(&self, path: &str, timeout: Duration) -> Result<Channel, TransportError> {
        let request = Request::get(path).by(Some(self.user));
        let mut world = self.world();
        if !world.is_up() {
            return Err(TransportError::Unreachable(io::ErrorKind::ConnectionRefused.into()));
        }
        match world.handle(&request) {
            Reply::Websocket { task, websocket } => Ok(self.connect(&mut world, &task, websocket)),
            Reply::Done(response) => {
                Err(TransportError::Refused { status: response.status, body: response.body })
            }
            Reply::Wait(wait) => {
                let response = wait_for(&mut world, &wait, Some(timeout))?;
                Err(TransportError::Refused { status: response.status, body: response.body })
            }
            _ => Err(TransportError::Protocol("no websocket".to_owned())),
        }
    }
}

impl InProcess {
    fn connect(&self, world: &mut World, task: &TaskId, websocket: Websocket) -> Channel {
        world.channels.insert((task.clone(), websocket), Line::default());
        let channel = channel::open(self.world.clone(), task.clone(), websocket);
        world.pebble.exec_connected(task, websocket, &mut world.outside);
        world.settle();
        channel
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess")
            .field("socket", &self.socket)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

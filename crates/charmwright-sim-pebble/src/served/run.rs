//! Runs a daemon.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::sys::prctl;
use nix::unistd::getuid;
use tokio::net::{TcpListener, UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::unbounded_channel;

use super::daemon::{Daemon, now};
use super::http::{Peer, router};
use crate::pebble::{End, Pebble};
use crate::real::{Children, RealHost};
use crate::settings::Settings;

const STATE: &str = ".pebble.state";
const DIRECTORY: u32 = 0o700;

/// How a daemon is asked to run.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) folder: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) create_dirs: bool,
    pub(crate) hold: bool,
    pub(crate) http: Option<String>,
    pub(crate) verbose: bool,
    pub(crate) identities: Option<PathBuf>,
    pub(crate) copy_once: Option<PathBuf>,
    pub(crate) version: String,
    pub(crate) environment: BTreeMap<String, String>,
}

/// Runs until it ends, and says why. An error is why it does not start.
pub(crate) fn run(options: &Options) -> Result<End, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let end = runtime.block_on(serve(options));
    // What still waits for somebody is not waited for.
    runtime.shutdown_background();
    end
}

async fn serve(options: &Options) -> Result<End, String> {
    let cannot = |what: &str| {
        let what = what.to_owned();
        move |error: io::Error| format!("cannot {what}: {error}")
    };
    prepare_folder(options)?;
    let is_first = std::process::id() == 1;
    if !is_first {
        // Where that is refused, orphans go to somebody else.
        let _ = prctl::set_child_subreaper(true);
    }
    let children = Children::default();
    let mut ended = signal(SignalKind::child()).map_err(cannot("hear of processes"))?;
    let reaper = children.clone();
    tokio::spawn(async move {
        loop {
            reaper.reap();
            if ended.recv().await.is_none() {
                return;
            }
        }
    });
    let mut asked_to_stop = Vec::new();
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::quit()] {
        asked_to_stop.push(signal(kind).map_err(cannot("hear of signals"))?);
    }
    let listener = listen(&options.socket).await?;
    let socket = Socket(&options.socket);
    let http = match &options.http {
        Some(address) => {
            Some(open(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))?)
        }
        None => None,
    };
    let (events, happened) = unbounded_channel();
    let path = options.environment.get("PATH").cloned().unwrap_or_default();
    let mut host = RealHost::new(children, events, path, options.verbose);
    let address = http.as_ref().and_then(|http| http.local_addr().ok()).map(|address| address.to_string());
    let settings = Settings {
        version: options.version.clone(),
        boot_id: boot_id(is_first),
        user: getuid().as_raw(),
        environment: options.environment.clone(),
        layers: layers(&options.folder)?,
        identities: options.identities.as_deref().map(read).transpose()?,
        autostart: !options.hold,
        http_address: address.unwrap_or_default(),
        state: fs::read(options.folder.join(STATE)).unwrap_or_default(),
        seed: fastrand::u64(..),
    };
    let pebble = Pebble::start(settings, now(), &mut host)?;
    let daemon = Daemon::new(pebble, host);
    let service = router(Arc::clone(&daemon)).into_make_service_with_connect_info::<Peer>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    if let Some(http) = http {
        let service = router(Arc::clone(&daemon)).into_make_service_with_connect_info::<Peer>();
        tokio::spawn(async move { axum::serve(http, service).await });
    }
    for mut asked in asked_to_stop {
        let daemon = Arc::clone(&daemon);
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                daemon.with(|pebble, host| pebble.stop(host));
            }
        });
    }
    let keeper = keep_state(Arc::clone(&daemon), options.folder.join(STATE));
    let end = tokio::select! {
        end = daemon.drive(happened) => end,
        () = keeper => End::Stopped,
    };
    save(&daemon, &options.folder.join(STATE));
    drop(socket);
    Ok(end)
}

/// The socket of a daemon that runs, or fails to: it goes with the daemon.
struct Socket<'a>(&'a Path);

impl Drop for Socket<'_> {
    fn drop(&mut self) {
        // One that somebody has removed is as good as removed.
        let _ = fs::remove_file(self.0);
    }
}

/// Saves what outlives the daemon, whenever it has changed.
async fn keep_state(daemon: Arc<Daemon>, path: PathBuf) {
    let mut changes = daemon.changes();
    let mut saved = Vec::new();
    while changes.changed().await.is_ok() {
        let state = daemon.look(|pebble| pebble.state());
        if state != saved {
            write_state(&path, &state);
            saved = state;
        }
        // What happens at once is saved at once.
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

fn save(daemon: &Daemon, path: &Path) {
    write_state(path, &daemon.look(|pebble| pebble.state()));
}

fn write_state(path: &Path, state: &[u8]) {
    let beside = path.with_extension("state~");
    let written = fs::write(&beside, state)
        .and_then(|()| fs::set_permissions(&beside, fs::Permissions::from_mode(0o600)))
        .and_then(|()| fs::rename(&beside, path));
    // Without it the daemon runs on, and forgets with its end.
    if let Err(error) = written {
        let _ = io::Write::write_fmt(&mut io::stderr(), format_args!("cannot save state: {error}\n"));
    }
}

fn prepare_folder(options: &Options) -> Result<(), String> {
    let folder = &options.folder;
    if options.create_dirs {
        std::os::unix::fs::DirBuilderExt::mode(fs::DirBuilder::new().recursive(true), DIRECTORY)
            .create(folder)
            .map_err(|error| {
                format!("cannot create directory {:?}: {error}", folder.display().to_string())
            })?;
    }
    if !folder.is_dir() {
        return Err(format!("directory {:?} does not exist", folder.display().to_string()));
    }
    if let Some(from) = options.copy_once.as_deref().filter(|from| from.join("layers").is_dir()) {
        let to = folder.join("layers");
        if !to.exists() {
            copy(&from.join("layers"), &to)
                .map_err(|error| format!("cannot copy {}: {error}", from.display()))?;
        }
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

async fn listen(socket: &Path) -> Result<UnixListener, String> {
    let told = socket.display().to_string();
    if UnixStream::connect(socket).await.is_ok() {
        return Err(format!("cannot listen on {told:?}: socket {told:?} already in use"));
    }
    // One that a daemon has left behind.
    let _ = fs::remove_file(socket);
    let listener =
        UnixListener::bind(socket).map_err(|error| format!("cannot listen on {told:?}: {error}"))?;
    // Who may do what is decided by who they are.
    fs::set_permissions(socket, fs::Permissions::from_mode(0o666))
        .map_err(|error| format!("cannot open up {told:?}: {error}"))?;
    Ok(listener)
}

/// `:4000` is on all addresses, as Go has it.
async fn open(address: &str) -> io::Result<TcpListener> {
    match address.strip_prefix(':') {
        Some(port) => TcpListener::bind(format!("0.0.0.0:{port}")).await,
        None => TcpListener::bind(address).await,
    }
}

fn boot_id(is_first: bool) -> String {
    if !is_first && let Ok(id) = fs::read_to_string("/proc/sys/kernel/random/boot_id") {
        return id.trim().to_owned();
    }
    let mut id = format!("{:032x}", fastrand::u128(..));
    for at in [8, 13, 18, 23] {
        id.insert(at, '-');
    }
    id
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

/// The layers in the daemon's folder: label and text, in their order.
fn layers(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    for (label, path) in entries(&folder.join("layers"), true)? {
        if !path.is_dir() {
            all.push((label, read(&path)?));
            continue;
        }
        for (inner, path) in entries(&path, false)? {
            all.push((format!("{label}/{inner}"), read(&path)?));
        }
    }
    Ok(all)
}

/// What in a folder of layers is one, in their order.
fn entries(folder: &Path, with_folders: bool) -> Result<Vec<(String, PathBuf)>, String> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(format!("cannot read layers directory: {error}")),
    };
    let mut found: Vec<(String, String, PathBuf)> = Vec::new();
    for entry in listed.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let suffix = if path.is_dir() { ".d" } else { ".yaml" };
        let Some(stem) = name.strip_suffix(suffix).filter(|_| with_folders || suffix == ".yaml") else {
            continue;
        };
        let parts = stem.split_once('-').filter(|(order, label)| is_order(order) && is_label(label));
        let Some((order, label)) = parts else {
            let told = path.display().to_string();
            return Err(format!(
                "invalid layer filename: {told:?} (must look like \"123-some-label{suffix}\")"
            ));
        };
        let same = found.iter().find(|(other, known, _)| other == order || known == label);
        if let Some((_, _, other)) = same {
            return Err(format!(
                "invalid layer filename: {name:?} not unique (have {:?} already)",
                other.file_name().unwrap_or_default().to_string_lossy()
            ));
        }
        found.push((order.to_owned(), label.to_owned(), path));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, label, path)| (label, path)).collect())
}

fn is_order(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A letter, then at least two of letters, digits and single dashes.
fn is_label(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.split('-').all(|part| !part.is_empty() && part.bytes().all(is_plain))
        && text.bytes().filter(|byte| is_plain(*byte)).count() >= 3
}

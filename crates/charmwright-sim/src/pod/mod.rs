//! The unit's network and containers.
//!
//! A [`Pod`] is one unit. Its charm and its workload containers share one network namespace, as in a Kubernetes pod, so
//! that every pod has a 127.0.0.1 of its own. Each container is a real Pebble daemon, PID 1 of its own PID namespace, in
//! a root folder of its own: its boot-id is another one at each start, all its services end with it, and nothing that a
//! charm pushes or a workload writes touches the host.
//!
//! It works for root, and for an ordinary user where the kernel lets one have user namespaces; elsewhere
//! [`PodError::Refused`] says what is missing.
//!
//! The charm reaches a container's Pebble where Juju has it, at `/charm/containers/<name>/pebble.socket`. A proxy listens
//! there, which changes nothing but tells an [`Observer`] what passes.

mod container;
mod daemon;
mod error;
mod image;
pub(crate) mod layout;
mod observer;
mod proxy;
mod root;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use charmwright_pebble::{Client, ServiceInfo};
use serde::Deserialize;

pub use self::error::PodError;
pub use self::image::Image;
pub use self::observer::{Observer, PebbleRequest, Unobserved};

use self::container::Container;
use self::layout::Layout;
use crate::tool::EXIT_REFUSED;

/// What a server inside the pod answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpAnswer {
    /// The status code.
    pub status: u16,
    /// The body; what is not UTF-8 in it is replaced.
    pub body: String,
}

/// One unit: a network of its own, its containers, and the way in for its charm.
///
/// # Guarantees
///
/// When it is dropped, every process that it started is gone and every thread has ended. When the process that made it
/// is killed, its processes end by themselves.
///
/// # Caveats
///
/// A process that was started with [`command`](Self::command) belongs to the caller and is not ended.
/// The folders stay; they belong to whoever made the work folder.
#[derive(Debug)]
pub struct Pod {
    // Dropped before the anchor, whose network they are in.
    containers: BTreeMap<String, Container>,
    anchor: Anchor,
    layout: Layout,
    tool: PathBuf,
}

impl Pod {
    /// Makes the unit's network.
    ///
    /// All the pod's files are in a folder `pod` in `work`; `tool` is the program `charmwright-sim-tool`. Keep the path
    /// of `work` short: the path of a socket in it may have 107 bytes.
    ///
    /// # Errors
    ///
    /// [`PodError::Refused`] if the system gives no namespaces; others if a folder or the tool cannot be used.
    pub fn start(work: &Path, tool: &Path) -> Result<Self, PodError> {
        // The name counts: the tool may be a link to a program with other names.
        let tool = std::path::absolute(tool).map_err(PodError::io("find the simulator's tool", tool))?;
        let layout = Layout::make(work)?;
        let anchor = Anchor::start(&tool)?;
        Ok(Self { containers: BTreeMap::new(), anchor, layout, tool })
    }

    /// Adds a container with the files of `image`; its Pebble, the program `pebble`, does not run yet.
    ///
    /// # Errors
    ///
    /// If the name is taken or none for a container, a path of a socket would be too long, or a file cannot be placed.
    pub fn add_container(
        &mut self,
        name: &str,
        image: &Image,
        pebble: &Path,
        observer: Arc<dyn Observer>,
    ) -> Result<(), PodError> {
        if self.containers.contains_key(name) {
            return Err(PodError::ContainerName {
                name: name.to_owned(),
                reason: "there is one of that name",
            });
        }
        let container = Container::new(name, image, pebble, observer, &self.layout)?;
        self.containers.insert(name.to_owned(), container);
        Ok(())
    }

    /// Starts a container: the files of its image, fresh, and Pebble, which answers when this returns.
    ///
    /// As in a pod, what an earlier run left in the container's files is gone, but for Pebble's own folder,
    /// `/charm/container`.
    ///
    /// # Errors
    ///
    /// If there is no such container, it runs and answers already, or it does not answer within 10 seconds.
    pub fn start_pebble(&mut self, name: &str) -> Result<(), PodError> {
        let (anchor, tool) = (self.anchor.id(), self.tool.clone());
        self.container_mut(name)?.start(&tool, anchor)
    }

    /// Kills a container: Pebble and all that it started are gone when this returns, and so is the charm's socket.
    ///
    /// Waits for an [`Observer`] that is being told something. One that does not run is left alone.
    ///
    /// # Errors
    ///
    /// If there is no such container, or it cannot be ended.
    pub fn stop_pebble(&mut self, name: &str) -> Result<(), PodError> {
        self.container_mut(name)?.stop()
    }

    /// [Stops](Self::stop_pebble) a container and [starts](Self::start_pebble) it again.
    ///
    /// # Errors
    ///
    /// As for these.
    pub fn restart_pebble(&mut self, name: &str) -> Result<(), PodError> {
        self.stop_pebble(name)?;
        self.start_pebble(name)
    }

    /// The boot-id that a container's Pebble tells now; `None` if it does not answer.
    pub fn pebble_boot_id(&self, name: &str) -> Option<String> {
        let container = self.containers.get(name).filter(|container| container.is_running())?;
        boot_id(container.daemon_socket()).ok()
    }

    /// The containers that run.
    pub fn running_containers(&self) -> impl Iterator<Item = &str> {
        let running = self.containers.iter().filter(|(_, container)| container.is_running());
        running.map(|(name, _)| name.as_str())
    }

    /// Whether a service or a check runs in one of them: something may come of it by itself.
    pub fn is_at_work(&self) -> bool {
        self.running_containers().any(|name| {
            let client = self.pebble_client(name);
            // One that does not answer does nothing for now.
            let serves = client.all_services().is_ok_and(|all| all.iter().any(ServiceInfo::is_running));
            serves || client.all_checks().is_ok_and(|all| all.iter().any(|one| one.change_id.is_some()))
        })
    }

    /// The daemon's own socket, on the host: not what the charm uses, and not observed.
    pub fn pebble_socket(&self, name: &str) -> PathBuf {
        self.layout.daemon_socket(name)
    }

    /// A client of the daemon over that socket, which does not wait for long.
    pub(crate) fn pebble_client(&self, name: &str) -> Client {
        client(&self.pebble_socket(name))
    }

    /// The socket that the charm uses, as it is called on the host; inside it is
    /// `/charm/containers/<name>/pebble.socket`. It is there while Pebble runs.
    pub fn charm_socket(&self, name: &str) -> PathBuf {
        self.layout.charm_socket(name)
    }

    /// What a container's Pebble, and with it every service, wrote to standard output and error.
    pub fn pebble_log(&self, name: &str) -> PathBuf {
        self.layout.log(name)
    }

    /// A command that runs `program` in the pod's network, with the host's files and the pod's `/charm`.
    ///
    /// It is the spawned process itself that becomes `program`, so its id and its parent are as usual. Arguments,
    /// environment and standard streams are the caller's to set; the environment is what the caller leaves in it.
    /// `cwd` is the working directory; do not set another one.
    ///
    /// Exits with 127 and a message on standard error if `program` cannot be run, with 77 if namespaces are refused.
    pub fn command(&self, program: &Path, cwd: &Path) -> Command {
        let mut command = Command::new(&self.tool);
        command.arg("enter").arg("--pod").arg(self.anchor.id().to_string());
        command.arg("--view").arg(self.layout.view());
        command.arg("--bind").arg(self.layout.charm_folder()).arg(layout::INSIDE_CHARM);
        command.arg("--cwd").arg(cwd).arg("--").arg(program);
        command
    }

    /// Asks a server in the pod, such as `http://127.0.0.1:8080/`. Does not follow redirects.
    ///
    /// # Errors
    ///
    /// If there is no answer: within 2 seconds no connection, or within 10 seconds not the whole of it.
    pub fn http_get(&self, url: &str) -> Result<HttpAnswer, PodError> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Said {
            Answer { status: u16, body: String },
            Error { error: String },
        }
        let failed = |message: String| PodError::Http { url: url.to_owned(), message };
        let mut command = Command::new(&self.tool);
        command.arg("http-get").arg("--pod").arg(self.anchor.id().to_string()).arg(url);
        let output = command.env_clear().stdin(Stdio::null()).output();
        let output = output.map_err(PodError::io("run", &self.tool))?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        match serde_json::from_slice(&output.stdout) {
            Ok(Said::Answer { status, body }) => Ok(HttpAnswer { status, body }),
            Ok(Said::Error { error }) => Err(failed(error)),
            Err(error) => Err(failed(format!("the tool's answer makes no sense: {error}"))),
        }
    }

    fn container_mut(&mut self, name: &str) -> Result<&mut Container, PodError> {
        let known: Vec<String> = self.containers.keys().cloned().collect();
        let unknown = || PodError::UnknownContainer { name: name.to_owned(), known: known.join(", ") };
        self.containers.get_mut(name).ok_or_else(unknown)
    }
}

/// How long a daemon may take to say how it is.
const PATIENCE: Duration = Duration::from_secs(5);

/// The boot of the daemon that listens on a socket.
fn boot_id(socket: &Path) -> Result<String, charmwright_pebble::Error> {
    client(socket).system_info().map(|info| info.boot_id)
}

fn client(socket: &Path) -> Client {
    Client::new(socket).with_connect_timeout(PATIENCE).with_request_timeout(PATIENCE)
}

/// The process that holds the network.
#[derive(Debug)]
struct Anchor(Child);

impl Anchor {
    fn start(tool: &Path) -> Result<Self, PodError> {
        let mut command = Command::new(tool);
        // A group of its own: an interrupt from the terminal is for the agent, which ends the pod in its own order.
        command.arg("pod").env_clear().process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut anchor = Self(command.spawn().map_err(PodError::io("run", tool))?);
        let line = first_line(&mut anchor.0);
        if line == "ready" { Ok(anchor) } else { Err(failure("the pod's network", tool, &mut anchor.0)) }
    }

    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Anchor {
    fn drop(&mut self) {
        // It can only fail if the process has ended, which is what we want.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process of ours says when it is ready; empty if it fails.
fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        // What cannot be read is nothing.
        let _ = BufReader::new(output).read_line(&mut line);
    }
    line.trim().to_owned()
}

/// Ends a process of ours that is not ready, and tells what it said.
fn failure(process: &'static str, tool: &Path, child: &mut Child) -> PodError {
    drop(child.stdin.take());
    let status = match child.wait() {
        Ok(status) => status,
        Err(source) => return PodError::io("wait for", tool)(source),
    };
    let message = errors_of(child);
    if refused(Some(status)) {
        return PodError::Refused { message };
    }
    PodError::Tool { process, path: tool.to_owned(), status: status.to_string(), message }
}

/// What a process of ours that has ended wrote to standard error.
fn errors_of(child: &mut Child) -> String {
    let mut said = Vec::new();
    if let Some(errors) = child.stderr.as_mut() {
        // What cannot be read is nothing.
        let _ = errors.read_to_end(&mut said);
    }
    String::from_utf8_lossy(&said).trim().to_owned()
}

/// A process of ours ended because the system gives no namespaces.
fn refused(status: Option<ExitStatus>) -> bool {
    status.and_then(|status| status.code()) == Some(i32::from(EXIT_REFUSED))
}

/// Makes a folder and those above it.
fn folder(path: &Path) -> Result<(), PodError> {
    fs::create_dir_all(path).map_err(PodError::io("create the folder", path))
}

//! One workload container.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::daemon::{Daemon, Plan};
use super::error::PodError;
use super::image::Image;
use super::layout::{self, Layout};
use super::observer::Observer;
use super::proxy::Proxy;
use super::{boot_id, root};

/// A container, whether it runs or not.
#[derive(Debug)]
pub(super) struct Container {
    plan: Plan,
    image: Image,
    observer: Arc<dyn Observer>,
    charm_socket: PathBuf,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    // Dropped first, so that the charm loses its connection before the daemon goes.
    proxy: Proxy,
    daemon: Daemon,
}

impl Container {
    pub(super) fn new(
        name: &str,
        image: &Image,
        pebble: &Path,
        observer: Arc<dyn Observer>,
        layout: &Layout,
    ) -> Result<Self, PodError> {
        layout::check_name(name)?;
        let plan = Plan {
            name: name.to_owned(),
            root: layout.root(name),
            pebble: pebble.canonicalize().map_err(PodError::io("find the Pebble daemon", pebble))?,
            log: layout.log(name),
            socket: layout::check_socket(layout.daemon_socket(name))?,
        };
        let charm_socket = layout::check_socket(layout.charm_socket(name))?;
        // Also while Pebble is down the charm sees its folder.
        if let Some(folder) = charm_socket.parent() {
            super::folder(folder)?;
        }
        root::prepare(&plan.root, image)?;
        Ok(Self { plan, image: image.clone(), observer, charm_socket, running: None })
    }

    pub(super) fn start(&mut self, tool: &Path, anchor: u32) -> Result<(), PodError> {
        // One that does not answer has ended, or is about to.
        if self.is_running() && boot_id(&self.plan.socket).is_ok() {
            return Err(PodError::Running { name: self.plan.name.clone() });
        }
        self.stop()?;
        root::prepare(&self.plan.root, &self.image)?;
        // A daemon that was killed leaves its socket.
        if self.plan.socket.symlink_metadata().is_ok() {
            fs::remove_file(&self.plan.socket).map_err(PodError::io("remove", &self.plan.socket))?;
        }
        let daemon = Daemon::start(&self.plan, tool, anchor)?;
        let observer = Arc::clone(&self.observer);
        let proxy = Proxy::start(&self.plan.name, &self.charm_socket, &self.plan.socket, observer)?;
        self.running = Some(Running { proxy, daemon });
        Ok(())
    }

    pub(super) fn stop(&mut self) -> Result<(), PodError> {
        let Some(Running { proxy, mut daemon }) = self.running.take() else {
            return Ok(());
        };
        drop(proxy);
        daemon.kill()
    }

    pub(super) fn is_running(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.daemon.is_alive())
    }

    pub(super) fn daemon_socket(&self) -> &Path {
        &self.plan.socket
    }
}

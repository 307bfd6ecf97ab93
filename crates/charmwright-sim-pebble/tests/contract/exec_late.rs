//! Commands whose streams are connected too late, or not at all.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use charmwright_pebble::{ChangesIn, Client, Error, Exec};

use crate::daemon::{Daemon, PATIENCE};
use crate::target::Target;

cases! {
    all: Socket = "something is put between the client and the daemon";
    a_command_that_failed_before_its_streams_came_says_why;
    streams_that_come_to_nothing_are_the_failure_of_the_command;
    a_connection_that_is_lost_is_the_daemon_out_of_reach;
    a_daemon_that_says_nothing_is_not_waited_for_for_ever;
}

/// What is done with a connection, by the request that it begins with.
type Behaviour = dyn Fn(&str, &mut UnixStream) -> Pass + Send + Sync;

/// Whether the connection goes on to the daemon.
#[derive(PartialEq, Eq)]
enum Pass {
    Yes,
    /// It is ended.
    Cut,
    /// It stays, and nothing comes.
    Hold,
}

/// Stands between a client and the daemon.
struct Between {
    client: Client,
    path: PathBuf,
}

impl Between {
    fn new(
        daemon: &Daemon,
        behaviour: impl Fn(&str, &mut UnixStream) -> Pass + Send + Sync + 'static,
    ) -> Self {
        let path = daemon.path("between");
        let listener = UnixListener::bind(&path).unwrap();
        let (socket, behaviour) = (daemon.client.socket().to_owned(), Arc::new(behaviour));
        thread::spawn(move || {
            for connection in listener.incoming() {
                let (socket, behaviour) = (socket.clone(), Arc::clone(&behaviour));
                let Ok(connection) = connection else { return };
                thread::spawn(move || pass(connection, &socket, &*behaviour));
            }
        });
        Self { client: Client::new(&path), path }
    }
}

impl Drop for Between {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// An end of either side ends the other.
fn pass(mut near: UnixStream, socket: &Path, behaviour: &Behaviour) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        near.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    match behaviour(&String::from_utf8_lossy(&head), &mut near) {
        Pass::Yes => {}
        Pass::Cut => return Ok(()),
        Pass::Hold => return io::copy(&mut near, &mut io::sink()).map(drop),
    }
    let mut far = UnixStream::connect(socket)?;
    far.write_all(&head)?;
    let (mut near_too, mut far_too) = (near.try_clone()?, far.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut far_too, &mut near_too);
        near_too.shutdown(Shutdown::Both)
    });
    io::copy(&mut near, &mut far)?;
    far.shutdown(Shutdown::Both)
}

fn is_stream(head: &str) -> bool {
    head.contains("/websocket/")
}

fn exec() -> Exec {
    Exec::new(["true"]).working_dir("/")
}

fn failed(result: Result<charmwright_pebble::Process, Error>) -> String {
    match result {
        Err(Error::ChangeFailed { err, .. }) => err,
        other => panic!("{other:?}"),
    }
}

fn a_command_that_failed_before_its_streams_came_says_why(target: &Target) {
    let daemon = target.start();
    let direct = daemon.client.clone();
    // The streams are let through when the daemon has given up.
    let between = Between::new(&daemon, move |head, _| {
        while is_stream(head) && direct.changes(ChangesIn::Past, None).unwrap().is_empty() {
            thread::sleep(Duration::from_millis(20));
        }
        Pass::Yes
    });
    let err = failed(between.client.exec(&exec()));
    assert!(err.contains("timeout waiting for websocket connections"), "{err}");
}

fn streams_that_come_to_nothing_are_the_failure_of_the_command(target: &Target) {
    let daemon = target.start();
    // One of them is not answered, as by daemons before 1.25 where it is too late.
    let between =
        Between::new(&daemon, |head, _| if head.contains("/stderr") { Pass::Hold } else { Pass::Yes });
    let began = Instant::now();
    let err = failed(between.client.exec(&exec()));
    assert!(err.contains("timeout waiting for websocket connections"), "{err}");
    assert!(began.elapsed() < PATIENCE / 2);
    // Without that stream all is well.
    between.client.exec_output(&exec().combined(), b"", PATIENCE).unwrap().into_result().unwrap();
}

fn a_connection_that_is_lost_is_the_daemon_out_of_reach(target: &Target) {
    let daemon = target.start();
    let between = Between::new(&daemon, |head, _| if is_stream(head) { Pass::Cut } else { Pass::Yes });
    let error = between.client.exec(&exec()).unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}

fn a_daemon_that_says_nothing_is_not_waited_for_for_ever(target: &Target) {
    let daemon = target.start();
    let between = Between::new(&daemon, |head, _| if is_stream(head) { Pass::Hold } else { Pass::Yes });
    let began = Instant::now();
    // Sooner than the daemon gives up, if less time is given.
    let error = between.client.exec_output(&exec(), b"", Duration::from_millis(300)).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

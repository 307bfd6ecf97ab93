//! Nobody there: one class of errors, whenever it shows.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::thread;
use std::time::Duration;

use charmwright_pebble::{Change, Check, Client, Error, Layer, WriteOptions};

use crate::another_user::ask;
use crate::daemon::{Daemon, PATIENCE};
use crate::programs::runs;
use crate::target::Target;

cases! {
    without_a_socket_nobody_is_there: Socket = "there is none";
    a_daemon_that_stops_takes_its_socket_along: Daemon = "it stops it";
    a_socket_that_a_crash_left_behind_is_nobody: Daemon = "it kills the daemon";
    a_socket_that_a_crash_left_behind_is_taken_over: Daemon = "it kills the daemon and starts it again";
    a_closed_directory_is_nobody: Socket = "it is about the socket's directory",
        Root = "the one who is shut out must be another user";
    the_socket_is_open_to_all: Socket = "it looks at it", Files = "it looks at it";
    a_daemon_that_crashes_in_the_middle_of_a_wait_is_gone: Daemon = "it kills the daemon";
    a_daemon_that_stops_in_the_middle_of_a_wait_ends_it_or_is_gone: Daemon = "it stops it";
    a_connection_that_ends_early_is_nobody: Socket = "it stands in for the daemon";
    after_a_restart_the_same_client_goes_on: Daemon = "it kills the daemon and starts it again";
    what_was_kept_from_before_a_restart_does_no_harm: Daemon = "it starts the daemon again";
}

fn nobody<T: std::fmt::Debug>(result: Result<T, Error>) {
    let error = result.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
}

fn all_find_nobody(client: &Client) {
    nobody(client.system_info());
    nobody(client.replan());
    nobody(client.add_layer("app", &Layer::new()));
    nobody(client.read_file("/etc/passwd"));
    nobody(client.write_file("/tmp/never", b"", &WriteOptions::default()));
    nobody(client.exec(&charmwright_pebble::Exec::new(["true"])));
    nobody(client.logs(&charmwright_pebble::LogsOptions::default()));
    nobody(client.metrics());
    nobody(client.version());
}

fn without_a_socket_nobody_is_there(target: &Target) {
    let daemon = target.start();
    all_find_nobody(&Client::new(daemon.path("no-socket")));
    all_find_nobody(&Client::new(daemon.path("no-directory/socket")));
    // A file is none either.
    all_find_nobody(&Client::new(daemon.path("log")));
}

fn a_daemon_that_stops_takes_its_socket_along(target: &Target) {
    let mut daemon = target.start();
    assert!(daemon.client.socket().exists());
    assert_eq!(daemon.stop().code(), Some(0));
    assert!(!daemon.client.socket().exists());
    all_find_nobody(&daemon.client);
}

fn a_socket_that_a_crash_left_behind_is_nobody(target: &Target) {
    let mut daemon = target.start();
    daemon.crash();
    assert!(daemon.client.socket().exists());
    all_find_nobody(&daemon.client);
}

fn a_socket_that_a_crash_left_behind_is_taken_over(target: &Target) {
    let mut daemon = target.start();
    daemon.crash();
    daemon.restart();
    daemon.client.system_info().unwrap();
}

fn a_closed_directory_is_nobody(target: &Target) {
    let daemon = target.start();
    let user = 4242;
    fs::set_permissions(daemon.path(""), Permissions::from_mode(0o700)).unwrap();
    assert_eq!(ask(user, daemon.client.socket(), "system-info"), "unreachable");
    daemon.let_others_in();
    assert_eq!(ask(user, daemon.client.socket(), "system-info"), "ok");
}

fn the_socket_is_open_to_all(target: &Target) {
    let daemon = target.start();
    let mode = fs::metadata(daemon.client.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o666);
}

/// How waits end when the daemon leaves in the middle of them: for the change of a check that is up, which goes on.
fn leaves_in_a_wait(target: &Target, leave: impl FnOnce(&mut Daemon)) -> [Result<Change, Error>; 2] {
    let mut daemon = target.start();
    let check = Check::exec("true").period(PATIENCE);
    daemon.client.add_layer("app", &Layer::new().check("up", check)).unwrap();
    let change = daemon.client.checks(&["up"]).unwrap().pop().unwrap().change_id.unwrap();
    let client = daemon.client.clone();
    // One wait in one piece, and one in rounds of half a second.
    let rounds = client.clone().with_request_timeout(Duration::from_millis(500));
    thread::scope(|scope| {
        let waiters = [&client, &rounds].map(|client| scope.spawn(|| client.wait_change(&change, PATIENCE)));
        assert!(matches!(
            client.wait_change(&change, Duration::from_millis(300)),
            Err(Error::Timeout { .. })
        ));
        leave(&mut daemon);
        waiters.map(|waiter| waiter.join().unwrap())
    })
}

fn a_daemon_that_crashes_in_the_middle_of_a_wait_is_gone(target: &Target) {
    for result in leaves_in_a_wait(target, Daemon::crash) {
        nobody(result);
    }
}

fn a_daemon_that_stops_in_the_middle_of_a_wait_ends_it_or_is_gone(target: &Target) {
    for result in leaves_in_a_wait(target, |daemon| daemon.terminate()) {
        // It ends its changes before it leaves, and does not wait until everybody has heard of it.
        match result {
            Ok(change) => assert!(change.ready, "{change:?}"),
            gone => nobody(gone),
        }
    }
}

fn a_connection_that_ends_early_is_nobody(target: &Target) {
    let daemon = target.start();
    let socket = daemon.path("half");
    let listener = UnixListener::bind(&socket).unwrap();
    let client = Client::new(socket);
    for half in
        ["", "HTTP/1.1 200 OK\r\nContent-", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"type\":"]
    {
        thread::scope(|scope| {
            scope.spawn(|| {
                use std::io::{Read, Write};
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 1024];
                assert_ne!(stream.read(&mut request).unwrap(), 0);
                stream.write_all(half.as_bytes()).unwrap();
            });
            nobody(client.system_info());
        });
    }
}

fn after_a_restart_the_same_client_goes_on(target: &Target) {
    let mut daemon = target.start();
    let web = daemon.service(&runs());
    daemon.client.add_layer("app", &Layer::new().service("web", web)).unwrap();
    let change = daemon.done(daemon.client.start(&["web"]));
    daemon.crash();
    daemon.restart();
    // Layers are lost, and changes are kept.
    assert_eq!(daemon.client.plan().unwrap(), Layer::new());
    assert_eq!(daemon.client.all_services().unwrap(), []);
    assert_eq!(daemon.client.change(&change.id).unwrap().summary, change.summary);
    assert_eq!(daemon.client.version().unwrap().number(), target.version.number());
}

fn what_was_kept_from_before_a_restart_does_no_harm(target: &Target) {
    let mut daemon = target.start();
    for crash in [true, false] {
        // Clients that know nothing of what comes between, and whose next request is the first one after it.
        let clients = [(); 3].map(|()| Client::new(daemon.client.socket()));
        for client in &clients {
            client.system_info().unwrap();
        }
        if crash {
            daemon.crash();
        } else {
            daemon.stop();
        }
        daemon.restart();
        clients[0].all_services().unwrap();
        daemon.done(clients[1].replan());
        clients[2].write_file(&daemon.path_text("file"), b"x", &WriteOptions::default()).unwrap();
    }
}

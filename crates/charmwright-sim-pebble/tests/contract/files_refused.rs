//! Files that one may not have, where either the daemon or whoever asks is not root.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use charmwright_pebble::{FileErrorKind, ListOptions, MakeDirOptions, Owner, WriteOptions};

use crate::another_user::ask;
use crate::daemon::{Daemon, Setup};
use crate::files::kind;
use crate::target::Target;

cases! {
    a_daemon_that_is_not_root_may_not_do_all:
        Root = "the daemon must run as another user", Socket = "it looks at the answer, too";
    a_daemon_that_is_not_root_gives_nothing_away: Root = "the daemon must run as another user";
    a_daemon_without_an_account_is_itself: Root = "the daemon must run as another user";
    who_may_not_write_is_told_so_while_still_sending: Root = "another user must ask", Socket = "it asks over it";
}

/// A user whom no system knows.
const SOMEBODY: u32 = 4242;

/// A daemon of somebody, and in its folder a file and a directory that are root's alone.
fn of_somebody(target: &Target) -> Daemon {
    let daemon = target.start_with(Setup { user: Some(SOMEBODY), ..Setup::default() });
    fs::create_dir(daemon.path("closed")).unwrap();
    fs::write(daemon.path("closed/inside"), "").unwrap();
    fs::set_permissions(daemon.path("closed"), Permissions::from_mode(0o700)).unwrap();
    fs::write(daemon.path("secret"), "").unwrap();
    fs::set_permissions(daemon.path("secret"), Permissions::from_mode(0o600)).unwrap();
    daemon
}

fn owner(daemon: &Daemon, name: &str) -> (u32, u32) {
    let file = fs::metadata(daemon.path(name)).unwrap();
    (file.uid(), file.gid())
}

fn a_daemon_that_is_not_root_may_not_do_all(target: &Target) {
    let daemon = of_somebody(target);
    let [closed, inside, secret] = ["closed", "closed/inside", "secret"].map(|name| daemon.path_text(name));
    let denied = FileErrorKind::PermissionDenied;
    let client = &daemon.client;
    assert_eq!(kind(client.read_file(&secret)), denied);
    assert_eq!(kind(client.read_file(&inside)), denied);
    assert_eq!(kind(client.read_file_to(&secret, &mut std::io::sink())), denied);
    assert_eq!(kind(client.list_files(&closed, &ListOptions::default())), denied);
    assert_eq!(kind(client.file_info(&inside)), denied);
    assert_eq!(kind(client.write_file(&inside, b"", &WriteOptions::default())), denied);
    assert_eq!(kind(client.make_dir(&format!("{closed}/new"), &MakeDirOptions::default())), denied);
    assert_eq!(kind(client.remove_path(&inside, false)), denied);
    assert_eq!(kind(client.remove_path(&inside, true)), denied);
    let answer = daemon.raw().get(&format!("/v1/files?action=list&path={closed}"));
    assert_eq!((answer.status, answer.result()["kind"].as_str()), (403, Some("permission-denied")));
    // What they are, it may tell.
    assert_eq!(client.file_info(&closed).unwrap().unwrap().mode(), Some(0o700));
    assert_eq!(client.file_info(&secret).unwrap().unwrap().size, Some(0));
    // In a folder of its own it may replace what is another's.
    client.write_file(&secret, b"new", &WriteOptions::default()).unwrap();
    assert_eq!(owner(&daemon, "secret"), (SOMEBODY, SOMEBODY));
}

fn a_daemon_that_is_not_root_gives_nothing_away(target: &Target) {
    let daemon = of_somebody(target);
    let write = |owner| {
        daemon.client.write_file(&daemon.path_text("file"), b"", &WriteOptions::default().owner(owner))
    };
    assert_eq!(kind(write(Owner::user("nobody"))), FileErrorKind::PermissionDenied);
    assert_eq!(kind(write(Owner::ids(0, 0))), FileErrorKind::PermissionDenied);
    let options = MakeDirOptions::default().owner(Owner::ids(0, 0));
    assert_eq!(
        kind(daemon.client.make_dir(&daemon.path_text("dir"), &options)),
        FileErrorKind::PermissionDenied
    );
    let pattern = ListOptions::default().pattern("file*");
    assert_eq!(daemon.client.list_files(&daemon.path_text(""), &pattern).unwrap(), []);
}

fn a_daemon_without_an_account_is_itself(target: &Target) {
    let daemon = of_somebody(target);
    let options = WriteOptions::default().owner(Owner::ids(SOMEBODY, SOMEBODY));
    daemon.client.write_file(&daemon.path_text("file"), b"", &options).unwrap();
    assert_eq!(owner(&daemon, "file"), (SOMEBODY, SOMEBODY));
    let info = daemon.client.file_info(&daemon.path_text("file")).unwrap().unwrap();
    assert_eq!((info.user_id, info.group_id), (Some(SOMEBODY), Some(SOMEBODY)));
    assert_eq!((info.user.unwrap_or_default(), info.group.unwrap_or_default()), Default::default());
}

fn who_may_not_write_is_told_so_while_still_sending(target: &Target) {
    let daemon = target.start();
    daemon.let_others_in();
    for question in ["write-much", "stream-much"] {
        assert_eq!(ask(SOMEBODY, daemon.client.socket(), question), "denied", "{question}");
    }
}

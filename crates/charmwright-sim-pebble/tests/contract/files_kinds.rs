//! Files that are large, many, or none.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;

use charmwright_pebble::{FileErrorKind, ListOptions, WriteOptions};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::daemon::Daemon;
use crate::files::kind;
use crate::target::Target;

cases! {
    ten_megabytes_come_and_go_whole;
    more_than_one_request_holds_is_read_in_several;
    what_comes_twice_is_not_sent;
    there_is_nothing_below_a_file;
    what_is_no_file_is_not_opened: Files = "it makes such files";
    an_asterisk_in_a_name_is_refused_since_1_32;
    a_link_above_is_followed: Files = "it makes links";
    after_a_form_in_pieces_the_connection_goes_on: Socket = "it writes the form itself";
    a_file_is_a_new_one: Files = "it looks at the file itself";
}

fn write(daemon: &Daemon, name: &str, content: impl AsRef<[u8]>) -> String {
    let path = daemon.place(name);
    daemon.client.write_file(&path, content.as_ref(), &WriteOptions::default()).unwrap();
    path
}

fn ten_megabytes_come_and_go_whole(target: &Target) {
    let daemon = target.start();
    // It holds line breaks and dashes as often as any bytes.
    let content: Vec<u8> =
        (0_u32..10 << 20).map(|n| b"\r\n-\0ab"[(n.wrapping_mul(2_654_435_761) >> 16) as usize % 6]).collect();
    let path = write(&daemon, "large", &content);
    let bytes_max = content.len().try_into().unwrap();
    let read = daemon.client.read_files_within(&[(&path, bytes_max)]).unwrap();
    assert!(read[0].1.as_deref() == Ok(&content));
    // One byte less, and it is left where it is.
    let read = daemon.client.read_files_within(&[(&path, bytes_max - 1)]).unwrap();
    assert_eq!(read[0].1.as_ref().unwrap_err().kind, FileErrorKind::TooLarge);
    assert_eq!(kind(daemon.client.read_file(&path)), FileErrorKind::TooLarge);
}

fn more_than_one_request_holds_is_read_in_several(target: &Target) {
    let daemon = target.start();
    let last = write(&daemon, "last", "content");
    let mut paths: Vec<String> =
        (0..300).map(|n| daemon.place(&format!("{n}/{}", "\u{e9}".repeat(60)))).collect();
    paths.push(last);
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut read = daemon.client.read_files(&paths).unwrap();
    assert!(read.iter().map(|(path, _)| path.as_str()).eq(paths.iter().copied()));
    assert_eq!(read.pop().unwrap().1.unwrap(), b"content");
    assert!(read.into_iter().all(|(_, content)| content.unwrap_err().kind == FileErrorKind::NotFound));
}

fn what_comes_twice_is_not_sent(target: &Target) {
    let daemon = target.start();
    let (path, plain) = (write(&daemon, "file", "old"), WriteOptions::default());
    let twice = daemon.client.write_files(&[(&path, b"1", &plain), (&path, b"2", &plain)]).unwrap_err();
    assert!(matches!(twice, charmwright_pebble::Error::Invalid { .. }), "{twice:?}");
    assert_eq!(daemon.client.read_file(&path).unwrap(), b"old");
    // Read, it is told once.
    assert_eq!(daemon.client.read_files(&[&path, &path]).unwrap(), [(path.clone(), Ok(b"old".to_vec()))]);
    assert_eq!(daemon.client.read_files(&[]).unwrap(), []);
    assert_eq!(daemon.client.write_files(&[]).unwrap(), []);
}

fn there_is_nothing_below_a_file(target: &Target) {
    let daemon = target.start();
    let below = format!("{}/below", write(&daemon, "file", ""));
    let (list, write) = (ListOptions::default(), WriteOptions::default());
    assert_eq!(kind(daemon.client.read_file(&below)), FileErrorKind::Generic);
    assert_eq!(kind(daemon.client.list_files(&below, &list)), FileErrorKind::Generic);
    assert_eq!(kind(daemon.client.write_file(&below, b"", &write)), FileErrorKind::Generic);
    assert_eq!(kind(daemon.client.write_file(&below, b"", &write.make_dirs(true))), FileErrorKind::Generic);
    assert_eq!(kind(daemon.client.remove_path(&below, false)), FileErrorKind::Generic);
}

fn what_is_no_file_is_not_opened(target: &Target) {
    let daemon = target.start();
    mkfifo(&daemon.path("pipe"), Mode::S_IRWXU).unwrap();
    let _socket = UnixListener::bind(daemon.path("socket")).unwrap();
    // Opening a pipe would wait for whoever writes to it.
    for path in [daemon.place("pipe"), daemon.place("socket"), "/dev/null".to_owned()] {
        assert_eq!(kind(daemon.client.read_file(&path)), FileErrorKind::Generic, "{path}");
    }
}

fn a_link_above_is_followed(target: &Target) {
    let daemon = target.start();
    fs::create_dir(daemon.path("dir")).unwrap();
    symlink("dir", daemon.path("other")).unwrap();
    write(&daemon, "other/file", "below");
    assert_eq!(fs::read(daemon.path("dir/file")).unwrap(), b"below");
    assert!(fs::symlink_metadata(daemon.path("other")).unwrap().is_symlink());
}

fn a_file_is_a_new_one(target: &Target) {
    let daemon = target.start();
    write(&daemon, "file", "old");
    fs::hard_link(daemon.path("file"), daemon.path("same")).unwrap();
    fs::set_permissions(daemon.path("file"), PermissionsExt::from_mode(0o4755)).unwrap();
    let before = fs::metadata(daemon.path("file")).unwrap();
    write(&daemon, "file", "new");
    let after = fs::metadata(daemon.path("file")).unwrap();
    assert_ne!(before.ino(), after.ino());
    assert_eq!(after.mode() & 0o7777, 0o644);
    assert_eq!(fs::read(daemon.path("same")).unwrap(), b"old");
}

fn after_a_form_in_pieces_the_connection_goes_on(target: &Target) {
    let daemon = target.start();
    let (path, boundary) = (daemon.place("file"), "0123456789abcdef0123456789abcdef");
    let request = serde_json::json!({"action": "write", "files": [{"path": path}]});
    let form = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\n{request}\r\n\
         --{boundary}\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{path}\"\r\n\r\nx\r\n\
         --{boundary}--\r\nepilogue"
    );
    let mut connection = daemon.raw();
    for _ in 0..2 {
        connection.send(format!(
            "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={boundary}\r\n\
             Content-Length: {}\r\n\r\n",
            form.len()
        ));
        for byte in form.as_bytes() {
            connection.send([*byte]);
            std::thread::yield_now();
        }
        assert_eq!(connection.answer().status, 200);
    }
    assert_eq!(connection.get("/v1/system-info").status, 200);
    assert_eq!(daemon.client.read_file(&path).unwrap(), b"x");
}

fn an_asterisk_in_a_name_is_refused_since_1_32(target: &Target) {
    let daemon = target.start();
    let path = daemon.place("a*b");
    let written = daemon.client.write_file(&path, b"", &WriteOptions::default());
    // It stands for chance in the name of the temporary file. The simulated daemon has a name that is its own.
    if target.since(1, 32) && !target.is_simulated() {
        assert_eq!(kind(written), FileErrorKind::Generic);
    } else {
        written.unwrap();
        assert_eq!(daemon.client.read_file(&path).unwrap(), b"");
    }
}

//! The workload's files.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use charmwright_pebble::{Error, FileErrorKind, FileKind, ListOptions, MakeDirOptions, Owner, WriteOptions};

use crate::support::Daemon;

#[test]
fn files_are_written_and_read() {
    let daemon = Daemon::start();
    let client = &daemon.client;
    let binary: Vec<u8> = (0_u32..1 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let files: Vec<(String, Vec<u8>)> = [
        ("empty", Vec::new()),
        ("binary", binary),
        ("lines", b"\r\n--\r\n\r\n--a--\r\n".to_vec()),
        ("a \"quoted\" name", b"1".to_vec()),
        ("back\\slash\\", b"2".to_vec()),
        ("\u{e9}\u{1f600}; filename=x", b"3".to_vec()),
        ("100%+a&b=c", b"4".to_vec()),
    ]
    .map(|(name, content)| (daemon.path_text(&format!("sub/{name}")), content))
    .into();
    for (path, content) in &files {
        client.write_file(path, content, &WriteOptions::default().make_dirs(true)).unwrap();
        assert!(fs::read(path).unwrap() == *content, "{path}");
        assert!(client.read_file(path).unwrap() == *content, "{path}");
    }

    let missing = daemon.path_text("missing");
    let mut paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    paths.insert(2, &missing);
    paths.push(paths[0]);
    let mut read = client.read_files(&paths).unwrap();
    let (path, result) = read.remove(2);
    assert_eq!((path.as_str(), result.unwrap_err().kind), (missing.as_str(), FileErrorKind::NotFound));
    let read: Vec<_> = read.into_iter().map(|(path, content)| (path, content.unwrap())).collect();
    assert!(read == files);

    // More than fits into one request.
    let many: Vec<String> = (0..400).map(|n| format!("{missing}/{n}/{}", "\u{e9}".repeat(60))).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let read = client.read_files(&many).unwrap();
    assert!(read.iter().map(|(path, _)| path.as_str()).eq(many.iter().copied()));
    assert!(read.iter().all(|(_, result)| result.is_err()));
}

#[test]
fn files_have_modes_kinds_and_errors() {
    let daemon = Daemon::start();
    let client = &daemon.client;
    let (dir, file) = (daemon.path_text("d"), daemon.path_text("d/f"));

    let error = client.write_file(&file, b"x", &WriteOptions::default()).unwrap_err();
    assert!(error.is_not_found(), "{error:?}");
    assert!(client.read_file(&file).unwrap_err().is_not_found());
    assert!(client.list_files(&file, &ListOptions::default()).unwrap_err().is_not_found());
    assert!(client.remove_path(&file, false).unwrap_err().is_not_found());
    client.remove_path(&file, true).unwrap();

    client.make_dir(&dir, &MakeDirOptions::default().permissions(0o750)).unwrap();
    let error = client.make_dir(&dir, &MakeDirOptions::default()).unwrap_err();
    assert_eq!(error.kind(), Some("generic-file-error"));
    client.make_dir(&dir, &MakeDirOptions::default().make_parents(true)).unwrap();
    let error = client.read_file(&dir).unwrap_err();
    assert_eq!(error.kind(), Some("generic-file-error"));
    assert!(error.to_string().contains(&dir), "{error}");

    client.write_file(&file, b"xyz", &WriteOptions::default().permissions(0o000)).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0);
    let nobody = WriteOptions::default().owner(Owner::user("no-such-user"));
    assert!(matches!(client.write_file(&file, b"", &nobody), Err(Error::File { .. })));
    client.write_file(&file, b"xyz", &WriteOptions::default().permissions(0o600)).unwrap();
    symlink("f", daemon.path("d/l")).unwrap();

    let listed = client.list_files(&format!("{dir}/"), &ListOptions::default()).unwrap();
    let told: Vec<_> =
        listed.iter().map(|info| (info.name.as_str(), &info.kind, info.size, info.mode())).collect();
    assert_eq!(
        told,
        [("f", &FileKind::File, Some(3), Some(0o600)), ("l", &FileKind::Symlink, None, Some(0o777))]
    );
    let itself = client.list_files(&format!("{dir}/"), &ListOptions::itself()).unwrap();
    assert_eq!(
        (itself.len(), itself[0].path.as_str(), &itself[0].kind),
        (1, dir.as_str(), &FileKind::Directory)
    );
    assert_eq!(itself[0].mode(), Some(0o750));
    assert_eq!(client.list_files(&dir, &ListOptions::default().pattern("f*")).unwrap().len(), 1);

    let error = client.remove_path(&dir, false).unwrap_err();
    assert_eq!(error.kind(), Some("generic-file-error"));
    client.remove_path(&dir, true).unwrap();
    assert!(!daemon.path("d").exists());
}

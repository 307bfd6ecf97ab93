//! Files: what is written and read.

use std::fmt::Debug;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use charmwright_pebble::{Error, FileErrorKind, FileOutcome, MakeDirOptions, WriteOptions};

use crate::case::Need;
use crate::daemon::Daemon;
use crate::target::Target;

cases! {
    what_was_written_is_read;
    content_that_looks_like_a_boundary_is_content;
    names_may_have_quotes_backslashes_and_any_letters;
    several_are_read_in_one_request_in_their_order;
    what_is_wrong_with_one_is_told_beside_the_others;
    several_are_written_in_one_request_each_for_itself;
    nothing_and_directories_cannot_be_read;
    a_path_must_be_absolute;
    a_link_is_followed_by_who_reads: Files = "it makes a link";
    a_link_is_replaced_by_who_writes: Files = "it makes a link";
    a_directory_is_not_replaced;
    a_file_in_a_missing_directory_is_written_only_with_make_dirs;
    make_dirs_leaves_what_is_there: Files = "it looks at modes";
    the_mode_is_as_told_or_644;
    a_mode_is_what_it_is_whatever_the_old_one_was;
    what_cannot_be_written_leaves_nothing_behind: Files = "it looks at the folder";
    a_file_of_mode_000_is_one_that_root_can_read: Root = "others cannot";
}

/// A daemon, and a folder as it knows it.
pub(crate) fn start(target: &Target) -> (Daemon, String) {
    let daemon = target.start();
    let folder = if target.has(Need::Files) { daemon.path_text("files") } else { "/files".to_owned() };
    daemon.client.make_dir(&folder, &MakeDirOptions::default()).unwrap();
    (daemon, folder)
}

/// How it failed, which it must have.
pub(crate) fn failed<T: Debug>(result: Result<T, Error>) -> (FileErrorKind, String) {
    match result.unwrap_err() {
        Error::File { error, .. } => (error.kind, error.message),
        error => panic!("{error:?}"),
    }
}

/// The same, where only the kind is told apart from the message.
pub(crate) fn kind<T: Debug>(result: Result<T, Error>) -> FileErrorKind {
    failed(result).0
}

/// Which of them were written.
fn well(outcomes: &[FileOutcome]) -> Vec<bool> {
    outcomes.iter().map(|(_, outcome)| outcome.is_ok()).collect()
}

/// Many bytes of all kinds, always the same.
pub(crate) fn bytes(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |()| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_n((), length).map(next).collect()
}

fn mode(daemon: &Daemon, path: &str) -> Option<u32> {
    daemon.client.file_info(path).unwrap().unwrap().mode()
}

fn what_was_written_is_read(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    for content in [Vec::new(), b"\n".to_vec(), b"\r\n".to_vec(), vec![0], vec![0xff], bytes(1 << 20)] {
        daemon.client.write_file(&path, &content, &WriteOptions::default()).unwrap();
        assert!(daemon.client.read_file(&path).unwrap() == content, "{} bytes", content.len());
        let size = u64::try_from(content.len()).unwrap();
        assert_eq!(daemon.client.file_info(&path).unwrap().unwrap().size, Some(size));
    }
}

fn content_that_looks_like_a_boundary_is_content(target: &Target) {
    let (daemon, folder) = start(target);
    for (index, content) in [
        "--",
        "\r\n--",
        "\r\n--\r\n",
        "--\r\n\r\n----\r\n",
        "\r\n--0123456789abcdef0123456789abcdef--\r\n",
        "\r\nContent-Disposition: form-data; name=\"response\"\r\n\r\n{}",
        "\r\n\r\n\r\n",
    ]
    .iter()
    .enumerate()
    {
        let path = format!("{folder}/{index}");
        daemon.client.write_file(&path, content.as_bytes(), &WriteOptions::default()).unwrap();
        assert_eq!(String::from_utf8(daemon.client.read_file(&path).unwrap()).unwrap(), *content);
    }
}

fn names_may_have_quotes_backslashes_and_any_letters(target: &Target) {
    let (daemon, folder) = start(target);
    let names = [
        "\"",
        "a\"b",
        "\\",
        "a\\\"b\\",
        "a b",
        " ",
        "%20",
        "a+b",
        "a&b=c",
        "a;b",
        "'",
        "ä",
        "猫🐈",
        "\t",
        "#?",
        "name=\"x\"",
        "-",
        "--",
        "~",
    ];
    for name in names {
        let path = format!("{folder}/{name}");
        daemon.client.write_file(&path, name.as_bytes(), &WriteOptions::default()).unwrap();
        assert_eq!(daemon.client.read_file(&path).unwrap(), name.as_bytes(), "{name}");
        let info = daemon.client.file_info(&path).unwrap().unwrap();
        assert_eq!((info.path.as_str(), info.name.as_str()), (path.as_str(), name));
    }
    let listed = daemon.client.list_files(&folder, &charmwright_pebble::ListOptions::default()).unwrap();
    assert_eq!(listed.len(), names.len());
    for name in names {
        daemon.client.remove_path(&format!("{folder}/{name}"), false).unwrap();
    }
}

fn several_are_read_in_one_request_in_their_order(target: &Target) {
    let (daemon, folder) = start(target);
    let paths: Vec<String> = ["c", "a", "b"].map(|name| format!("{folder}/{name}")).into();
    for path in &paths {
        daemon.client.write_file(path, path.as_bytes(), &WriteOptions::default()).unwrap();
    }
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let read = daemon.client.read_files(&paths).unwrap();
    let expected: Vec<_> =
        paths.iter().map(|path| ((*path).to_owned(), Ok(path.as_bytes().to_vec()))).collect();
    assert_eq!(read, expected);
    assert_eq!(daemon.client.read_files(&[]).unwrap(), []);
}

fn what_is_wrong_with_one_is_told_beside_the_others(target: &Target) {
    let (daemon, folder) = start(target);
    let [one, missing, two] = ["one", "missing", "two"].map(|name| format!("{folder}/{name}"));
    for path in [&one, &two] {
        daemon.client.write_file(path, path.as_bytes(), &WriteOptions::default()).unwrap();
    }
    let read = daemon.client.read_files(&[&one, &missing, &folder, &two]).unwrap();
    let told: Vec<_> = read.iter().map(|(_, result)| result.as_ref().map_err(|error| &error.kind)).collect();
    let (not_found, generic) = (FileErrorKind::NotFound, FileErrorKind::Generic);
    let (one, two) = (one.into_bytes(), two.into_bytes());
    assert_eq!(told, [Ok(&one), Err(&not_found), Err(&generic), Ok(&two)]);
}

fn several_are_written_in_one_request_each_for_itself(target: &Target) {
    let (daemon, folder) = start(target);
    let [one, nowhere, two, three] =
        ["one", "no/where", "two", "made/three"].map(|name| format!("{folder}/{name}"));
    let (plain, made) = (WriteOptions::default(), WriteOptions::default().make_dirs(true).permissions(0o600));
    let large = bytes(100_000);
    let outcomes = daemon.client.write_files(&[
        (&one, b"1", &plain),
        (&nowhere, &large, &plain),
        (&two, b"", &plain),
        (&folder, b"x", &plain),
        (&three, &large, &made),
    ]);
    let outcomes = outcomes.unwrap();
    assert_eq!(well(&outcomes), [true, false, true, false, true], "{outcomes:?}");
    assert_eq!(outcomes[1].1.as_ref().unwrap_err().kind, FileErrorKind::NotFound);
    assert_eq!(outcomes[3].1.as_ref().unwrap_err().kind, FileErrorKind::Generic);
    assert_eq!(daemon.client.read_file(&one).unwrap(), b"1");
    assert_eq!(daemon.client.read_file(&two).unwrap(), b"");
    assert!(daemon.client.read_file(&three).unwrap() == large);
    assert_eq!((mode(&daemon, &two), mode(&daemon, &three)), (Some(0o644), Some(0o600)));
    let twice = daemon.client.write_files(&[(&one, b"2", &plain), (&one, b"3", &plain)]);
    assert!(matches!(twice, Err(Error::Invalid { .. })), "{twice:?}");
    assert_eq!(daemon.client.read_file(&one).unwrap(), b"1");
}

fn nothing_and_directories_cannot_be_read(target: &Target) {
    let (daemon, folder) = start(target);
    let (kind, message) = failed(daemon.client.read_file(&format!("{folder}/missing")));
    assert_eq!(
        (kind, message),
        (FileErrorKind::NotFound, format!("stat {folder}/missing: no such file or directory"))
    );
    assert!(daemon.client.read_file(&format!("{folder}/missing")).unwrap_err().is_not_found());
    assert_eq!(self::kind(daemon.client.read_file(&folder)), FileErrorKind::Generic);
    daemon.client.write_file(&format!("{folder}/file"), b"", &WriteOptions::default()).unwrap();
    assert_eq!(self::kind(daemon.client.read_file(&format!("{folder}/file/below"))), FileErrorKind::Generic);
}

fn a_path_must_be_absolute(target: &Target) {
    let daemon = target.start();
    for path in ["", "a", "./a", "../a", "~/a", "/a\nb", "/a\rb", "/a\0b"] {
        let results = [
            daemon.client.read_file(path).map(|_| ()),
            daemon.client.write_file(path, b"", &WriteOptions::default()),
            daemon.client.make_dir(path, &MakeDirOptions::default()),
            daemon.client.remove_path(path, false),
            daemon.client.file_info(path).map(|_| ()),
        ];
        for result in results {
            assert!(matches!(result, Err(Error::Invalid { .. })), "{path:?}: {result:?}");
        }
    }
}

fn a_link_is_followed_by_who_reads(target: &Target) {
    let (daemon, folder) = start(target);
    let (file, link, dangling) =
        (format!("{folder}/file"), format!("{folder}/link"), format!("{folder}/dangling"));
    fs::write(&file, "content").unwrap();
    symlink("file", &link).unwrap();
    symlink("nothing", &dangling).unwrap();
    assert_eq!(daemon.client.read_file(&link).unwrap(), b"content");
    assert_eq!(kind(daemon.client.read_file(&dangling)), FileErrorKind::NotFound);
}

fn a_link_is_replaced_by_who_writes(target: &Target) {
    let (daemon, folder) = start(target);
    let (file, link) = (format!("{folder}/file"), format!("{folder}/link"));
    fs::write(&file, "old").unwrap();
    symlink("file", &link).unwrap();
    daemon.client.write_file(&link, b"new", &WriteOptions::default()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_file());
    assert_eq!((fs::read(&file).unwrap(), fs::read(&link).unwrap()), (b"old".to_vec(), b"new".to_vec()));
    // One above it is followed.
    fs::create_dir(format!("{folder}/dir")).unwrap();
    symlink("dir", format!("{folder}/above")).unwrap();
    daemon.client.write_file(&format!("{folder}/above/a"), b"a", &WriteOptions::default()).unwrap();
    assert_eq!(fs::read(format!("{folder}/dir/a")).unwrap(), b"a");
}

fn a_directory_is_not_replaced(target: &Target) {
    let (daemon, folder) = start(target);
    let (kind, message) = failed(daemon.client.write_file(&folder, b"x", &WriteOptions::default()));
    assert_eq!(kind, FileErrorKind::Generic);
    assert!(message.contains("file exists"), "{message}");
    let listed = daemon.client.list_files(&folder, &charmwright_pebble::ListOptions::default());
    assert_eq!(listed.unwrap(), []);
}

fn a_file_in_a_missing_directory_is_written_only_with_make_dirs(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a/b/c");
    let missing = daemon.client.write_file(&path, b"x", &WriteOptions::default());
    assert_eq!(kind(missing), FileErrorKind::NotFound);
    assert_eq!(daemon.client.file_info(&format!("{folder}/a")).unwrap(), None);
    daemon
        .client
        .write_file(&path, b"x", &WriteOptions::default().make_dirs(true).permissions(0o600))
        .unwrap();
    let modes = ["a", "a/b", "a/b/c"].map(|name| mode(&daemon, &format!("{folder}/{name}")));
    assert_eq!(modes, [Some(0o755), Some(0o755), Some(0o600)]);
    // A file above is none to be in.
    let below =
        daemon.client.write_file(&format!("{path}/d"), b"x", &WriteOptions::default().make_dirs(true));
    assert_eq!(kind(below), FileErrorKind::Generic);
}

fn make_dirs_leaves_what_is_there(target: &Target) {
    let (daemon, folder) = start(target);
    let dir = format!("{folder}/a");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    daemon.client.write_file(&format!("{dir}/b/c"), b"", &WriteOptions::default().make_dirs(true)).unwrap();
    assert_eq!((mode(&daemon, &dir), mode(&daemon, &format!("{dir}/b"))), (Some(0o700), Some(0o755)));
}

fn the_mode_is_as_told_or_644(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    // Whatever the umask is, and the higher bits.
    for (told, mode) in
        [(0o600, 0o600), (0o666, 0o666), (0o777, 0o777), (0, 0), (0o4755, 0o755), (0o100_640, 0o640)]
    {
        daemon.client.write_file(&path, b"", &WriteOptions::default().permissions(told)).unwrap();
        assert_eq!(self::mode(&daemon, &path), Some(mode));
    }
    daemon.client.write_file(&path, b"", &WriteOptions::default()).unwrap();
    assert_eq!(mode(&daemon, &path), Some(0o644));
}

fn a_mode_is_what_it_is_whatever_the_old_one_was(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    daemon.client.write_file(&path, b"old", &WriteOptions::default().permissions(0o400)).unwrap();
    daemon.client.write_file(&path, b"new", &WriteOptions::default()).unwrap();
    assert_eq!(
        (mode(&daemon, &path), daemon.client.read_file(&path).unwrap()),
        (Some(0o644), b"new".to_vec())
    );
}

fn what_cannot_be_written_leaves_nothing_behind(target: &Target) {
    let (daemon, folder) = start(target);
    fs::create_dir(format!("{folder}/dir")).unwrap();
    daemon
        .client
        .write_file(&format!("{folder}/dir"), &bytes(100_000), &WriteOptions::default())
        .unwrap_err();
    let nobody = WriteOptions::default().owner(charmwright_pebble::Owner::user("nobody-at-all"));
    daemon.client.write_file(&format!("{folder}/file"), b"x", &nobody).unwrap_err();
    let left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["dir"]);
}

fn a_file_of_mode_000_is_one_that_root_can_read(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    daemon.client.write_file(&path, b"secret", &WriteOptions::default().permissions(0)).unwrap();
    assert_eq!(daemon.client.read_file(&path).unwrap(), b"secret");
}

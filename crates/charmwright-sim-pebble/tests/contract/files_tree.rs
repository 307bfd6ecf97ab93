//! Files: what is listed, made and removed.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::time::{Duration, UNIX_EPOCH};

use charmwright_pebble::{FileErrorKind, FileKind, ListOptions, MakeDirOptions, WriteOptions};

use crate::daemon::Daemon;
use crate::files::{failed, kind, start};
use crate::target::Target;

cases! {
    a_directory_is_listed_by_name;
    a_file_is_listed_as_itself;
    a_directory_is_listed_itself_if_asked_for;
    what_is_not_there_has_no_info;
    a_slash_at_the_end_makes_no_difference;
    links_are_told_from_files_only_within_a_directory: Files = "it makes links";
    kinds_are_told: Files = "it makes some";
    times_are_those_of_the_file_in_whole_seconds: Files = "it sets one";
    a_pattern_is_one_of_names;
    a_bad_pattern_is_refused;
    a_directory_is_made_once;
    with_parents_it_may_be_there_and_stays_as_it_is;
    a_directory_in_a_missing_one_is_made_only_with_parents;
    a_directory_is_not_made_over_a_file;
    a_file_is_removed;
    a_directory_with_something_in_it_is_removed_only_with_it;
    nothing_is_removed_only_if_recursive;
    a_link_is_removed_and_not_what_it_leads_to: Files = "it makes links";
}

fn write(daemon: &Daemon, folder: &str, names: &[&str]) {
    for name in names {
        let path = format!("{folder}/{name}");
        daemon.client.write_file(&path, name.as_bytes(), &WriteOptions::default().make_dirs(true)).unwrap();
    }
}

fn names(daemon: &Daemon, folder: &str, options: &ListOptions) -> Vec<String> {
    let listed = daemon.client.list_files(folder, options).unwrap();
    listed.into_iter().map(|file| file.name).collect()
}

fn all(daemon: &Daemon, folder: &str) -> Vec<String> {
    names(daemon, folder, &ListOptions::default())
}

fn a_directory_is_listed_by_name(target: &Target) {
    let (daemon, folder) = start(target);
    assert_eq!(daemon.client.list_files(&folder, &ListOptions::default()).unwrap(), []);
    write(&daemon, &folder, &["b", "a", "B", ".hidden", "ä", "a.txt", "a-b", "c/inner", "10", "9"]);
    assert_eq!(all(&daemon, &folder), [".hidden", "10", "9", "B", "a", "a-b", "a.txt", "b", "c", "ä"]);
    let listed = daemon.client.list_files(&folder, &ListOptions::default()).unwrap();
    for file in &listed {
        assert_eq!(file.path, format!("{folder}/{}", file.name));
        let is_dir = file.name == "c";
        assert_eq!(file.kind, if is_dir { FileKind::Directory } else { FileKind::File });
        assert_eq!(file.size, (!is_dir).then(|| u64::try_from(file.name.len()).unwrap()));
        assert_eq!(file.mode(), Some(if is_dir { 0o755 } else { 0o644 }));
    }
}

fn a_file_is_listed_as_itself(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["a", "b"]);
    let path = format!("{folder}/a");
    let listed = daemon.client.list_files(&path, &ListOptions::default()).unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].path.as_str(), listed[0].name.as_str()), (path.as_str(), "a"));
    assert_eq!(daemon.client.list_files(&path, &ListOptions::itself()).unwrap(), listed);
    assert_eq!(daemon.client.file_info(&path).unwrap().as_ref(), listed.first());
}

fn a_directory_is_listed_itself_if_asked_for(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["dir/a"]);
    let info = daemon.client.file_info(&format!("{folder}/dir")).unwrap().unwrap();
    assert_eq!((info.path, info.name.as_str()), (format!("{folder}/dir"), "dir"));
    assert_eq!((info.kind, info.size), (FileKind::Directory, None));
    let root = daemon.client.file_info("/").unwrap().unwrap();
    assert_eq!((root.path.as_str(), root.name.as_str(), root.kind), ("/", "/", FileKind::Directory));
}

fn what_is_not_there_has_no_info(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/missing");
    assert_eq!(daemon.client.file_info(&path).unwrap(), None);
    let (kind, message) = failed(daemon.client.list_files(&path, &ListOptions::default()));
    assert_eq!((kind, message), (FileErrorKind::NotFound, format!("stat {path}: no such file or directory")));
    // Below a file there is nothing, but that is another error.
    write(&daemon, &folder, &["file"]);
    let below = daemon.client.file_info(&format!("{folder}/file/below"));
    assert_eq!(self::kind(below), FileErrorKind::Generic);
}

fn a_slash_at_the_end_makes_no_difference(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["a"]);
    let with = format!("{folder}/");
    for options in [ListOptions::default(), ListOptions::itself()] {
        let listed = daemon.client.list_files(&folder, &options).unwrap();
        assert_eq!(daemon.client.list_files(&with, &options).unwrap(), listed);
        assert_eq!(daemon.client.list_files(&format!("{folder}//"), &options).unwrap(), listed);
    }
}

fn links_are_told_from_files_only_within_a_directory(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["dir/in", "file"]);
    let link = |name: &str| format!("{folder}/{name}");
    for (to, name) in [("file", "to-file"), ("dir", "to-dir"), ("nothing", "to-nothing")] {
        symlink(to, link(name)).unwrap();
    }
    let listed = daemon.client.list_files(&folder, &ListOptions::default()).unwrap();
    for file in listed.iter().filter(|file| file.name.starts_with("to-")) {
        assert_eq!((&file.kind, file.size), (&FileKind::Symlink, None), "{}", file.name);
        assert_eq!(file.mode(), Some(0o777));
    }
    assert_eq!(listed.len(), 5);
    let info = |name: &str| daemon.client.file_info(&link(name)).unwrap().map(|info| (info.name, info.kind));
    assert_eq!(info("to-file"), Some(("to-file".to_owned(), FileKind::File)));
    assert_eq!(info("to-dir"), Some(("to-dir".to_owned(), FileKind::Directory)));
    assert_eq!(info("to-nothing"), None);
    assert_eq!(all(&daemon, &link("to-dir")), ["in"]);
}

fn kinds_are_told(target: &Target) {
    let (daemon, folder) = start(target);
    let _socket = UnixListener::bind(format!("{folder}/socket")).unwrap();
    nix::unistd::mkfifo(format!("{folder}/pipe").as_str(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let kinds = |path: &str| daemon.client.file_info(path).unwrap().unwrap().kind;
    assert_eq!(kinds(&format!("{folder}/socket")), FileKind::Socket);
    assert_eq!(kinds(&format!("{folder}/pipe")), FileKind::NamedPipe);
    assert_eq!(kinds("/dev/null"), FileKind::Device);
    // None of them is read, however long that would take.
    for path in [format!("{folder}/socket"), format!("{folder}/pipe"), "/dev/null".to_owned()] {
        assert_eq!(kind(daemon.client.read_file(&path)), FileErrorKind::Generic, "{path}");
    }
}

fn times_are_those_of_the_file_in_whole_seconds(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["a"]);
    let path = format!("{folder}/a");
    let time = UNIX_EPOCH + Duration::new(1_600_000_000, 999_999_999);
    File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
    let told = daemon.client.file_info(&path).unwrap().unwrap().last_modified;
    assert!(!told.contains('.'), "{told}");
    assert_eq!(told.parse::<jiff::Timestamp>().unwrap().as_second(), 1_600_000_000);
}

fn a_pattern_is_one_of_names(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["a.txt", "b.txt", "b.conf", "(x", "dir.txt/c.txt", "[", "\\", ".hidden"]);
    for (pattern, expected) in [
        ("*.txt", &["a.txt", "b.txt", "dir.txt"][..]),
        ("?.txt", &["a.txt", "b.txt"]),
        ("[a-b].*", &["a.txt", "b.conf", "b.txt"]),
        ("[^a].*", &["b.conf", "b.txt"]),
        ("\\(x", &["(x"]),
        ("\\[", &["["]),
        ("\\\\", &["\\"]),
        ("a.txt", &["a.txt"]),
        ("*den", &[".hidden"]),
        ("**", &["(x", ".hidden", "[", "\\", "a.txt", "b.conf", "b.txt", "dir.txt"]),
        ("{a,b}.txt", &[]),
        ("*/c.txt", &[]),
        ("A.txt", &[]),
    ] {
        assert_eq!(names(&daemon, &folder, &ListOptions::default().pattern(pattern)), expected, "{pattern}");
    }
    // It is for the name of what is asked for, too.
    let itself = |pattern: &str| names(&daemon, &folder, &ListOptions::itself().pattern(pattern)).len();
    assert_eq!((itself("fil?s"), itself("*.txt")), (1, 0));
    assert_eq!(names(&daemon, &format!("{folder}/a.txt"), &ListOptions::default().pattern("b*")).len(), 0);
}

fn a_bad_pattern_is_refused(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["a.txt"]);
    for pattern in ["[", "[]", "[a-", "a[", "\\", "z["] {
        let result = daemon.client.list_files(&folder, &ListOptions::default().pattern(pattern));
        let (kind, message) = failed(result);
        assert_eq!(
            (kind, message.contains("syntax error in pattern")),
            (FileErrorKind::Generic, true),
            "{message}"
        );
    }
}

fn a_directory_is_made_once(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    daemon.client.make_dir(&path, &MakeDirOptions::default()).unwrap();
    assert_eq!(daemon.client.file_info(&path).unwrap().unwrap().mode(), Some(0o755));
    let (kind, message) = failed(daemon.client.make_dir(&path, &MakeDirOptions::default()));
    assert_eq!((kind, message), (FileErrorKind::Generic, format!("mkdir {path}: file exists")));
}

fn with_parents_it_may_be_there_and_stays_as_it_is(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    daemon.client.make_dir(&path, &MakeDirOptions::default().permissions(0o700)).unwrap();
    write(&daemon, &folder, &["a/in"]);
    for _ in 0..2 {
        let options = MakeDirOptions::default().make_parents(true).permissions(0o777);
        daemon.client.make_dir(&path, &options).unwrap();
    }
    assert_eq!(daemon.client.file_info(&path).unwrap().unwrap().mode(), Some(0o700));
    assert_eq!(all(&daemon, &path), ["in"]);
}

fn a_directory_in_a_missing_one_is_made_only_with_parents(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a/b/c");
    let options = MakeDirOptions::default().permissions(0o770);
    assert_eq!(kind(daemon.client.make_dir(&path, &options)), FileErrorKind::NotFound);
    daemon.client.make_dir(&path, &options.make_parents(true)).unwrap();
    // All that are made have the mode of the last, whatever the umask is.
    for name in ["a", "a/b", "a/b/c"] {
        let info = daemon.client.file_info(&format!("{folder}/{name}")).unwrap().unwrap();
        assert_eq!(info.mode(), Some(0o770), "{name}");
    }
}

fn a_directory_is_not_made_over_a_file(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["a"]);
    for name in ["a", "a/b"] {
        for parents in [false, true] {
            let options = MakeDirOptions::default().make_parents(parents);
            let made = daemon.client.make_dir(&format!("{folder}/{name}"), &options);
            assert_eq!(kind(made), FileErrorKind::Generic, "{name} {parents}");
        }
    }
    assert_eq!(daemon.client.read_file(&format!("{folder}/a")).unwrap(), b"a");
}

fn a_file_is_removed(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["a", "b", "c"]);
    daemon.client.remove_path(&format!("{folder}/a"), false).unwrap();
    daemon.client.remove_path(&format!("{folder}/b"), true).unwrap();
    assert_eq!(all(&daemon, &folder), ["c"]);
}

fn a_directory_with_something_in_it_is_removed_only_with_it(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["dir/a/b", "dir/c"]);
    let path = format!("{folder}/dir");
    let (kind, message) = failed(daemon.client.remove_path(&path, false));
    assert_eq!(kind, FileErrorKind::Generic);
    assert!(message.contains("directory not empty"), "{message}");
    assert_eq!(all(&daemon, &path), ["a", "c"]);
    daemon.client.remove_path(&path, true).unwrap();
    assert_eq!(all(&daemon, &folder), [""; 0]);
    // An empty one can go by itself.
    daemon.client.make_dir(&path, &MakeDirOptions::default()).unwrap();
    daemon.client.remove_path(&path, false).unwrap();
    assert_eq!(all(&daemon, &folder), [""; 0]);
}

fn nothing_is_removed_only_if_recursive(target: &Target) {
    let (daemon, folder) = start(target);
    for path in [format!("{folder}/missing"), format!("{folder}/missing/below")] {
        daemon.client.remove_path(&path, true).unwrap();
        let removed = daemon.client.remove_path(&path, false);
        assert_eq!(kind(removed), FileErrorKind::NotFound, "{path}");
    }
}

fn a_link_is_removed_and_not_what_it_leads_to(target: &Target) {
    let (daemon, folder) = start(target);
    write(&daemon, &folder, &["dir/in", "file"]);
    for recursive in [false, true] {
        for to in ["dir", "file", "nothing"] {
            let link = format!("{folder}/link");
            symlink(to, &link).unwrap();
            daemon.client.remove_path(&link, recursive).unwrap();
            assert!(fs::symlink_metadata(&link).is_err(), "{to}");
        }
    }
    assert_eq!(
        (all(&daemon, &folder), all(&daemon, &format!("{folder}/dir"))),
        (vec!["dir".to_owned(), "file".to_owned()], vec!["in".to_owned()],)
    );
}

//! Files.

use charmwright_pebble::{Error, FileErrorKind, ListOptions, MakeDirOptions, Owner, WriteOptions};
use serde_json::json;

use crate::support::{get, pebble, post};

#[test]
fn what_is_written_is_read_and_listed() {
    let (pebble, client) = pebble(&[]);
    let options = WriteOptions::default().permissions(0o600).make_dirs(true);
    client.write_file("/a/b \"c\\.txt", b"\r\n--x\r\n", &options).unwrap();
    assert_eq!(client.read_file("/a/b \"c\\.txt").unwrap(), b"\r\n--x\r\n");
    let list = client.list_files("/a", &ListOptions::default()).unwrap();
    assert_eq!((list[0].name.as_str(), list[0].mode(), list[0].size), ("b \"c\\.txt", Some(0o600), Some(7)));
    assert_eq!(pebble.files(|files| files.get("/a/b \"c\\.txt").map(<[u8]>::len)), Some(7));
}

#[test]
fn errors_are_those_of_go() {
    let (pebble, client) = pebble(&[]);
    let kind = |error: Error| match error {
        Error::File { error, .. } => (error.kind, error.message),
        error => panic!("{error:?}"),
    };
    let (found, message) = kind(client.read_file("/nope").unwrap_err());
    assert_eq!((found, message.as_str()), (FileErrorKind::NotFound, "stat /nope: no such file or directory"));
    let (found, message) = kind(client.write_file("/no/b", b"", &WriteOptions::default()).unwrap_err());
    assert_eq!(found, FileErrorKind::NotFound);
    assert!(message.starts_with("open /no/b.") && message.ends_with("~: no such file or directory"));
    let (_, message) = kind(client.make_dir("/etc", &MakeDirOptions::default()).unwrap_err());
    assert_eq!(message, "mkdir /etc: file exists");
    client.write_file("/d/x", b"", &WriteOptions::default().make_dirs(true)).unwrap();
    let remove = json!({"action": "remove", "paths": [{"path": "/d"}, {"path": "/none", "recursive": true}]});
    let result = post(&pebble, "/v1/files", &remove).1["result"].clone();
    assert_eq!(result[0]["error"]["message"], "remove /d: directory not empty");
    assert_eq!(result[1], json!({"path": "/none"}));
}

#[test]
fn links_are_followed_at_the_top_and_shown_below() {
    let (pebble, client) = pebble(&[]);
    pebble.files(|files| {
        files.put("/real/file", "x");
        files.put_link("/real/link", "file");
        files.put_link("/real/lost", "nowhere");
    });
    let kinds = |target: &str| -> Vec<String> {
        let list = get(&pebble, target).1["result"].clone();
        list.as_array().unwrap().iter().map(|one| one["type"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds("/v1/files?action=list&path=/real"), ["file", "symlink", "symlink"]);
    assert_eq!(kinds("/v1/files?action=list&path=/real/link"), ["file"]);
    assert_eq!(get(&pebble, "/v1/files?action=list&path=/real/lost").0, 404);
    client.write_file("/real/link", b"y", &WriteOptions::default()).unwrap();
    assert_eq!(kinds("/v1/files?action=list&path=/real&pattern=l*"), ["file", "symlink"]);
    assert_eq!(client.read_file("/real/file").unwrap(), b"x");
    let odd = get(&pebble, "/v1/files?action=list&path=/real/&itself=true").1;
    assert_eq!(odd["result"][0]["path"], "/real/real");
}

#[test]
fn users_must_be_known_unless_both_numbers_are_given() {
    let (_, client) = pebble(&[]);
    let mut by_number = Owner::default();
    by_number.user_id = Some(4242);
    let error = client.write_file("/x", b"", &WriteOptions::default().owner(by_number)).unwrap_err();
    assert!(error.to_string().contains("unknown userid 4242"), "{error}");
    client.write_file("/x", b"", &WriteOptions::default().owner(Owner::ids(4242, 7))).unwrap();
    let info = client.file_info("/x").unwrap().unwrap();
    assert_eq!((info.user_id, info.group_id), (Some(4242), Some(7)));
}

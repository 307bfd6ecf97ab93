//! Files: the bytes on the wire.

use std::fs;

use charmwright_pebble::{ListOptions, WriteOptions};
use serde_json::{Value, json};

use crate::daemon::Daemon;
use crate::files::start;
use crate::raw::Answer;
use crate::target::Target;

cases! {
    all: Socket = "the client sends nothing like it";
    an_upload_may_be_cut_anywhere;
    an_upload_may_come_in_chunks_of_a_byte;
    a_boundary_has_at_least_32_letters;
    a_boundary_may_be_quoted;
    what_is_before_the_first_boundary_and_after_the_last_does_not_count;
    without_its_end_an_upload_is_refused_and_the_last_file_not_written;
    the_first_part_is_the_request;
    the_request_tells_what_to_write;
    each_other_part_is_a_file_that_the_request_tells_of;
    what_came_before_a_bad_part_stays;
    a_file_without_a_part_is_an_error_of_its_own;
    modes_are_three_octal_digits;
    a_relative_path_is_an_error_of_its_own;
    a_write_is_no_json;
    the_type_of_content_is_told;
    empty_lists_are_done;
    what_is_read_must_be_accepted_in_these_words;
    an_answer_has_the_files_and_then_what_became_of_them;
    what_is_asked_must_be_known;
}

const BOUNDARY: &str = "0123456789abcdef0123456789abcdef";

fn metadata(value: &Value) -> String {
    part("request", None, &value.to_string())
}

fn part(name: &str, filename: Option<&str>, content: &str) -> String {
    let filename = filename.map(|name| format!("; filename=\"{name}\"")).unwrap_or_default();
    format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n\r\n{content}\r\n")
}

fn file(path: &str, content: &str) -> String {
    part("files", Some(path), content)
}

fn writes(paths: &[&str]) -> String {
    let files: Vec<Value> = paths.iter().map(|path| json!({"path": path})).collect();
    metadata(&json!({"action": "write", "files": files}))
}

/// Sends these parts, and the end.
fn upload(daemon: &Daemon, parts: &[String]) -> Answer {
    send(daemon, &format!("{}--{BOUNDARY}--\r\n", parts.concat()))
}

fn send(daemon: &Daemon, body: &str) -> Answer {
    daemon.raw().post_as("/v1/files", &format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// Refused with these words.
fn refused(answer: &Answer, words: &str) {
    assert_eq!(answer.status, 400, "{words}: {}", answer.text());
    assert!(answer.message().contains(words), "{} instead of {words}", answer.message());
}

fn left(daemon: &Daemon, folder: &str) -> Vec<String> {
    let listed = daemon.client.list_files(folder, &ListOptions::default()).unwrap();
    listed.into_iter().map(|file| file.name).collect()
}

fn an_upload_may_be_cut_anywhere(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let content = format!("\r\n--{}\r\n-", &BOUNDARY[..31]);
    let body = format!("{}{}--{BOUNDARY}--\r\n", writes(&[&path]), file(&path, &content));
    assert!(body.len() < 500, "{}", body.len());
    for at in 0..=body.len() {
        let mut connection = daemon.raw();
        connection.send(format!(
            "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {}\r\n\r\n{}",
            body.len(),
            &body[..at]
        ));
        // Something else in between, so that the daemon has time to take the first half.
        daemon.client.system_info().unwrap();
        connection.send(&body[at..]);
        assert_eq!(connection.answer().result(), json!([{"path": path}]), "cut at {at}");
        assert_eq!(fs::read_to_string(&path).unwrap(), content, "cut at {at}");
        fs::remove_file(&path).unwrap();
    }
}

fn an_upload_may_come_in_chunks_of_a_byte(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let content = format!("\r\n--{}\r\n-", &BOUNDARY[..31]);
    let body = format!("{}{}--{BOUNDARY}--\r\n", writes(&[&path]), file(&path, &content));
    let mut connection = daemon.raw();
    connection.send(format!(
        "POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    ));
    for byte in body.bytes() {
        connection.send([b'1', b'\r', b'\n', byte, b'\r', b'\n']);
    }
    connection.send("0\r\n\r\n");
    assert_eq!(connection.answer().result(), json!([{"path": path}]));
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
}

fn a_boundary_has_at_least_32_letters(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let body = format!("{}{}--{BOUNDARY}--\r\n", writes(&[&path]), file(&path, "x"));
    for (boundary, is_good) in [(BOUNDARY, true), (&BOUNDARY[..31], false), ("", false)] {
        let body = body.replace(BOUNDARY, boundary);
        let answer =
            daemon.raw().post_as("/v1/files", &format!("multipart/form-data; boundary={boundary}"), body);
        if is_good {
            assert_eq!(answer.status, 200);
            fs::remove_file(&path).unwrap();
        } else {
            assert_eq!(answer.status, 400, "{}", answer.text());
        }
    }
    refused(&daemon.raw().post_as("/v1/files", "multipart/form-data", &body), "invalid boundary");
    assert_eq!(left(&daemon, &folder), [""; 0]);
}

fn a_boundary_may_be_quoted(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let body = format!("{}{}--{BOUNDARY}--\r\n", writes(&[&path]), file(&path, "x"));
    for kind in [
        format!("multipart/form-data; boundary=\"{BOUNDARY}\""),
        format!("Multipart/Form-Data;charset=utf-8 ; BOUNDARY={BOUNDARY}"),
    ] {
        assert_eq!(
            daemon.raw().post_as("/v1/files", &kind, &body).result(),
            json!([{"path": path}]),
            "{kind}"
        );
        fs::remove_file(&path).unwrap();
    }
}

fn what_is_before_the_first_boundary_and_after_the_last_does_not_count(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let body = format!("{}{}--{BOUNDARY}--", writes(&[&path]), file(&path, "x"));
    for body in [body.clone(), format!("before\r\n{body}\r\n"), format!("{body}\r\nafter")] {
        assert_eq!(send(&daemon, &body).result(), json!([{"path": path}]), "{body}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "x");
    }
}

fn without_its_end_an_upload_is_refused_and_the_last_file_not_written(target: &Target) {
    let (daemon, folder) = start(target);
    let [one, two] = ["one", "two"].map(|name| format!("{folder}/{name}"));
    let body = format!("{}{}{}", writes(&[&one, &two]), file(&one, "1"), file(&two, "2"));
    let answer = send(&daemon, &body);
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(left(&daemon, &folder), ["one"]);
    // One that ends in its first part has not begun.
    refused(&send(&daemon, &writes(&[&one])), "cannot read");
    refused(&send(&daemon, ""), "cannot read request metadata");
}

fn the_first_part_is_the_request(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let answer = upload(&daemon, &[file(&path, "x"), writes(&[&path])]);
    refused(&answer, "metadata field name must be \"request\", got \"files\"");
    refused(&upload(&daemon, &[part("request", None, "not json")]), "cannot decode request metadata");
    assert_eq!(left(&daemon, &folder), [""; 0]);
}

fn the_request_tells_what_to_write(target: &Target) {
    let (daemon, _) = start(target);
    let answer = upload(&daemon, &[metadata(&json!({"action": "read", "files": [{"path": "/a"}]}))]);
    refused(&answer, "multipart action must be \"write\", got \"read\"");
    for request in [json!({"action": "write"}), json!({"action": "write", "files": []})] {
        refused(&upload(&daemon, &[metadata(&request)]), "must specify one or more files");
    }
}

fn each_other_part_is_a_file_that_the_request_tells_of(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let answer = upload(&daemon, &[writes(&[&path]), part("file", Some(&path), "x")]);
    refused(&answer, "field name must be \"files\", got \"file\"");
    let other = format!("{folder}/other");
    let answer = upload(&daemon, &[writes(&[&path]), file(&other, "x")]);
    refused(&answer, &format!("no metadata for path \"{other}\""));
    assert_eq!(left(&daemon, &folder), [""; 0]);
}

fn what_came_before_a_bad_part_stays(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let answer = upload(&daemon, &[writes(&[&path]), file(&path, "x"), file("/other", "y")]);
    assert_eq!(answer.status, 400);
    assert_eq!(daemon.client.read_file(&path).unwrap(), b"x");
}

fn a_file_without_a_part_is_an_error_of_its_own(target: &Target) {
    let (daemon, folder) = start(target);
    let [one, two] = ["one", "two"].map(|name| format!("{folder}/{name}"));
    let result = upload(&daemon, &[writes(&[&one, &two]), file(&two, "2")]).result();
    let error =
        json!({"kind": "generic-file-error", "message": format!("no file content for path \"{one}\"")});
    assert_eq!(result, json!([{"path": one, "error": error}, {"path": two}]));
    assert_eq!(left(&daemon, &folder), ["two"]);
}

fn modes_are_three_octal_digits(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    for (permissions, is_good) in [
        ("644", true),
        ("000", true),
        ("0644", false),
        ("1777", false),
        ("64", false),
        ("648", false),
        ("rwx", false),
        ("", true),
    ] {
        let request = json!({"action": "write", "files": [{"path": path, "permissions": permissions}]});
        let result = upload(&daemon, &[metadata(&request), file(&path, "x")]).result();
        assert_eq!(result[0]["error"].is_null(), is_good, "{permissions}: {result}");
        let request = json!({"action": "make-dirs", "dirs": [{"path": format!("{path}-{permissions}"), "permissions": permissions}]});
        let result = daemon.raw().post("/v1/files", request.to_string()).result();
        assert_eq!(result[0]["error"].is_null(), is_good, "{permissions}: {result}");
    }
}

fn a_relative_path_is_an_error_of_its_own(target: &Target) {
    let (daemon, folder) = start(target);
    let result = upload(&daemon, &[writes(&["a"]), file("a", "x")]).result();
    assert_eq!(
        (&result[0]["path"], &result[0]["error"]["kind"]),
        (&json!("a"), &json!("generic-file-error"))
    );
    for request in [
        json!({"action": "make-dirs", "dirs": [{"path": "a"}, {"path": format!("{folder}/a")}]}),
        json!({"action": "remove", "paths": [{"path": "a"}, {"path": format!("{folder}/a")}]}),
    ] {
        let result = daemon.raw().post("/v1/files", request.to_string()).result();
        assert_eq!(result[0]["error"]["kind"], "generic-file-error", "{result}");
        assert!(result[1]["error"].is_null(), "{result}");
    }
    assert_eq!(daemon.raw().get("/v1/files?action=list&path=a").status, 400);
}

fn a_write_is_no_json(target: &Target) {
    let (daemon, folder) = start(target);
    let request = json!({"action": "write", "files": [{"path": format!("{folder}/a")}]});
    assert_eq!(daemon.raw().post("/v1/files", request.to_string()).status, 400);
    assert_eq!(daemon.raw().post("/v1/files", "{\"action\": \"nonsense\"}").status, 400);
    assert_eq!(daemon.raw().post("/v1/files", "{}").status, 400);
    assert_eq!(left(&daemon, &folder), [""; 0]);
}

fn the_type_of_content_is_told(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    let body = json!({"action": "make-dirs", "dirs": [{"path": path}]}).to_string();
    let mut connection = daemon.raw();
    connection
        .send(format!("POST /v1/files HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    assert_eq!(connection.answer().status, 400);
    for kind in
        ["", "text/plain", "multipart/mixed", "application/json2", ";", "application/x-www-form-urlencoded"]
    {
        assert_eq!(daemon.raw().post_as("/v1/files", kind, &body).status, 400, "{kind}");
    }
    assert_eq!(left(&daemon, &folder), [""; 0]);
    let answer = daemon.raw().post_as("/v1/files", "application/json; charset=utf-8", &body);
    assert_eq!(answer.result(), json!([{"path": path}]));
}

fn empty_lists_are_done(target: &Target) {
    let daemon = target.start();
    for request in [json!({"action": "make-dirs"}), json!({"action": "remove", "paths": []})] {
        assert_eq!(daemon.raw().post("/v1/files", request.to_string()).result(), json!([]), "{request}");
    }
}

fn read(daemon: &Daemon, accept: &str, query: &str) -> Answer {
    let mut connection = daemon.raw();
    connection.send(format!("GET /v1/files?action=read{query} HTTP/1.1\r\nHost: x\r\n{accept}\r\n"));
    connection.answer()
}

fn what_is_read_must_be_accepted_in_these_words(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a");
    daemon.client.write_file(&path, b"x", &WriteOptions::default()).unwrap();
    let status = |accept: &str| read(&daemon, accept, &format!("&path={path}")).status;
    assert_eq!(status("Accept: multipart/form-data\r\n"), 200);
    for accept in [
        "",
        "Accept: */*\r\n",
        "Accept: multipart/*\r\n",
        "Accept: multipart/form-data, */*\r\n",
        "Accept: multipart/form-data;q=1\r\n",
        "Accept: Multipart/Form-Data\r\n",
        "Accept: application/json\r\n",
    ] {
        assert_eq!(status(accept), 400, "{accept}");
    }
    refused(&read(&daemon, "Accept: multipart/form-data\r\n", ""), "must specify");
}

fn an_answer_has_the_files_and_then_what_became_of_them(target: &Target) {
    let (daemon, folder) = start(target);
    let path = format!("{folder}/a\"b\\");
    daemon.client.write_file(&path, b"\r\nx\r\n", &WriteOptions::default()).unwrap();
    let query = format!("&path={folder}/a%22b%5C&path={folder}/missing");
    let answer = read(&daemon, "Accept: multipart/form-data\r\n", &query);
    let boundary =
        answer.header("content-type").split_once("boundary=").unwrap().1.trim_matches('"').to_owned();
    let error =
        json!({"kind": "not-found", "message": format!("stat {folder}/missing: no such file or directory")});
    let told = json!({"type": "sync", "status-code": 200, "status": "OK",
        "result": [{"path": path}, {"path": format!("{folder}/missing"), "error": error}]});
    let parts: Vec<&str> = answer.text().split(&format!("--{boundary}")).collect();
    let [before, content, response, end] = parts[..] else { panic!("{parts:?}") };
    assert_eq!((before, end), ("", "--\r\n"));
    let (head, content) = content.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("form-data; name=\"files\"; filename=\"{folder}/a\\\"b\\\\\"")), "{head}");
    assert_eq!(content, "\r\nx\r\n\r\n");
    let (head, response) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("name=\"response\"") && head.contains("application/json"), "{head}");
    assert!(response.ends_with("\n\r\n"), "{response:?}");
    assert_eq!(serde_json::from_str::<Value>(response).unwrap(), told);
}

fn what_is_asked_must_be_known(target: &Target) {
    let (daemon, folder) = start(target);
    for query in [
        "",
        "?action=write",
        "?path=/",
        "?action=list",
        "?action=list&path=",
        "?action=list&path=/&itself=perhaps",
        "?action=list&path=/&itself=1",
    ] {
        assert_eq!(daemon.raw().get(&format!("/v1/files{query}")).status, 400, "{query}");
    }
    let status =
        |query: &str| daemon.raw().get(&format!("/v1/files?action=list&path={folder}{query}")).status;
    assert_eq!(
        (status(""), status("&itself=true"), status("&itself=false"), status("&itself=")),
        (200, 200, 200, 200)
    );
    assert_eq!(status("/missing"), 404);
}

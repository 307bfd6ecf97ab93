//! How the content of secrets comes to Juju.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use charmwright_event::SecretUri;
use charmwright_hookcmds::{
    Call, Error, ErrorKind, Expiry, HookCommands, NewSecret, Reply, RotatePolicy, SecretContent, SecretOwner,
    SecretUpdate, Sensitive, Timestamp, Transport, TransportError,
};
use proptest::prelude::*;

use crate::fake;

const URI: &str = "secret://11111111-2222-4333-8444-555555555555/9m4e2mr0ui3e8a215n4g";

/// Reads what `key#file=` names, as the agent does, and answers.
#[derive(Debug, Clone, Default)]
struct Agent {
    seen: Arc<Mutex<Vec<Seen>>>,
    fails: bool,
}

#[derive(Debug)]
struct Seen {
    options: Vec<String>,
    content: Vec<(String, Vec<u8>)>,
    paths: Vec<String>,
}

impl Transport for Agent {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        let mut seen = Seen { options: Vec::new(), content: Vec::new(), paths: Vec::new() };
        for arg in &call.args {
            if let Some((key, path)) = arg.split_once("#file=") {
                let mode = std::fs::metadata(path).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
                seen.content.push((key.to_owned(), std::fs::read(path).unwrap()));
                seen.paths.push(path.to_owned());
            } else {
                seen.options.push(arg.clone());
            }
        }
        self.seen.lock().unwrap().push(seen);
        if self.fails {
            return Ok(Reply::failure(1, "this unit is not the leader"));
        }
        Ok(Reply::success(format!("{URI}\n")))
    }
}

fn content(pairs: &[(&str, &[u8])]) -> SecretContent {
    let mut content = SecretContent::default();
    for (key, value) in pairs {
        content.insert_bytes(key, value.to_vec()).unwrap();
    }
    content
}

#[test]
fn every_value_is_in_a_private_file_that_is_gone_afterwards() {
    for fails in [false, true] {
        let agent = Agent { fails, ..Agent::default() };
        let juju = HookCommands::new(agent.clone());
        let largest = vec![0xff; 749_000];
        let secret = NewSecret::new(content(&[
            ("empty", b""),
            ("largest", &largest),
            ("password", b"hunter2"),
            ("trailing", b" =\n"),
        ]));
        match juju.secret_add(&secret) {
            Ok(uri) => assert_eq!(uri.as_str(), URI),
            Err(error) => assert_eq!((fails, error.kind()), (true, ErrorKind::NotLeader)),
        }
        let seen = agent.seen.lock().unwrap();
        let expected: Vec<(String, Vec<u8>)> =
            [("empty", &b""[..]), ("largest", &largest), ("password", b"hunter2"), ("trailing", b" =\n")]
                .map(|(key, value)| (key.to_owned(), value.to_vec()))
                .into();
        assert!(seen[0].content == expected);
        assert_eq!(seen[0].options, ["--owner", "application"]);
        for path in &seen[0].paths {
            assert!(path.starts_with("/tmp/charmwright-") && !std::path::Path::new(path).exists());
            assert!(!std::path::Path::new(path).parent().unwrap().exists());
        }
    }
}

#[test]
fn what_is_said_of_a_secret_are_options() {
    let agent = Agent::default();
    let juju = HookCommands::new(agent.clone());
    let secret = NewSecret::new(content(&[("key", b"x")]))
        .owned_by(SecretOwner::Unit)
        .label("--db")
        .description("for db")
        .expire(Expiry::At(Timestamp::parse("2030-01-01T00:00:00Z").unwrap()))
        .rotate(RotatePolicy::Quarterly);
    juju.secret_add(&secret).unwrap();
    let uri = SecretUri::parse(URI).unwrap();
    let update = SecretUpdate::default().label("db").expire(Expiry::In(Duration::from_millis(90_500)));
    juju.secret_set(&uri, &update).unwrap();
    let update = SecretUpdate::default().content(content(&[("key", b"y")])).rotate(RotatePolicy::Never);
    juju.secret_set(&uri, &update.description("new")).unwrap();
    let seen = agent.seen.lock().unwrap();
    assert_eq!(
        seen[0].options,
        [
            "--label=--db",
            "--description=for db",
            "--expire=2030-01-01T00:00:00Z",
            "--rotate=quarterly",
            "--owner",
            "unit"
        ]
    );
    assert_eq!(seen[1].options, ["--label=db", "--expire=90s", "--", URI]);
    assert!(seen[1].content.is_empty());
    assert_eq!(seen[2].options, ["--description=new", "--rotate=never", "--", URI]);
    assert_eq!(seen[2].content, [("key".to_owned(), b"y".to_vec())]);
}

#[test]
fn what_juju_would_take_for_nothing_is_refused() {
    let (juju, calls) = fake::replying(Reply::success(""));
    let uri = SecretUri::parse(URI).unwrap();
    let new = || NewSecret::new(content(&[("key", b"x")]));
    for error in [
        juju.secret_add(&NewSecret::new(SecretContent::default())).unwrap_err(),
        juju.secret_add(&new().label("")).unwrap_err(),
        juju.secret_add(&new().description("")).unwrap_err(),
        juju.secret_add(&new().expire(Expiry::In(Duration::from_millis(999)))).unwrap_err(),
        juju.secret_set(&uri, &SecretUpdate::default().label("")).unwrap_err(),
        juju.secret_set(&uri, &SecretUpdate::default().content(SecretContent::default())).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    juju.secret_set(&uri, &SecretUpdate::default()).unwrap();
    assert!(calls.all().is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let (juju, _) = fake::replying(Reply::success(""));
    let new = NewSecret::new(content(&[("key", b"hunter2")]));
    let error = juju.with_temporary_folder("/no/such/folder").secret_add(&new).unwrap_err();
    assert!(matches!(error, Error::PrivateFile { .. }));
    assert_eq!(error.to_string(), "cannot run secret-add: cannot write a private file in /no/such/folder");
    let (juju, _) = fake::replying(Reply::success(""));
    let error = juju.with_temporary_folder("here").secret_add(&new).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn nothing_shows_what_is_in_a_secret() {
    let mut content = SecretContent::default();
    content.insert("password", &Sensitive::new("hunter2")).unwrap();
    let new = NewSecret::new(content.clone());
    let update = SecretUpdate::default().content(content);
    let juju = fake::printing("hunter2");
    let errors = [
        juju.secret_get(&SecretUri::parse(URI).unwrap()).unwrap_err(),
        juju.secret_add(&new).unwrap_err(),
        juju.credential_get().unwrap_err(),
    ];
    let shown =
        format!("{new:?} {update:?} {errors:?} {}", errors.each_ref().map(ToString::to_string).join(" "));
    assert!(!shown.contains("hunter2"), "{shown}");
    let spec = fake::printing(
        r#"{"type":"openstack","name":"c","credential":{"auth-type":"userpass","attrs":{"password":"hunter2"}}}"#,
    );
    assert!(!format!("{:?}", spec.credential_get().unwrap()).contains("hunter2"));
}

proptest! {
    #[test]
    fn any_bytes_arrive_as_they_are(values in proptest::collection::btree_map("[a-z]{3,8}", proptest::collection::vec(any::<u8>(), 0..64), 1..4)) {
        let agent = Agent::default();
        let juju = HookCommands::new(agent.clone());
        let mut content = SecretContent::default();
        for (key, value) in &values {
            content.insert_bytes(key, value.clone()).unwrap();
        }
        juju.secret_add(&NewSecret::new(content)).unwrap();
        let seen = agent.seen.lock().unwrap();
        prop_assert_eq!(&seen[0].content, &values.into_iter().collect::<Vec<_>>());
    }
}

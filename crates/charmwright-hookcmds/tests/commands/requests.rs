//! What each function asks of Juju, and what it refuses to ask.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use charmwright_event::{AppName, EndpointName, RelationId, SecretUri, StorageId, StorageName, UnitName};
use charmwright_hookcmds::{
    Bag, BagOf, BagOwner, Error, ErrorKind, HookCommands, LogLevel, OpenedPort, PortRange, Protocol, Reboot,
    Reply, SecretAudience, SecretRef, Status, StatusKind, Tracking, UnitAddress,
};

use crate::fake;

const DB: RelationId = RelationId::new(3);

fn asked(run: impl FnOnce(&HookCommands)) -> String {
    let (juju, calls) = fake::replying(Reply::success(""));
    run(&juju);
    calls.line()
}

fn bag(pairs: &[(&str, &str)]) -> Bag {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

type Run = Box<dyn FnOnce(&HookCommands)>;

fn run<T>(f: impl FnOnce(&HookCommands) -> Result<T, Error> + 'static) -> Run {
    Box::new(move |juju| {
        let _ = f(juju);
    })
}

fn unit() -> UnitName {
    UnitName::parse("pg/0").unwrap()
}

fn app() -> AppName {
    AppName::parse("pg").unwrap()
}

fn secret() -> SecretUri {
    SecretUri::parse("9m4e2mr0ui3e8a215n4g").unwrap()
}

fn check(table: Vec<(&str, Run)>) {
    for (line, run) in table {
        assert_eq!(asked(run), line);
    }
}

#[test]
fn the_commands_of_relations_are_asked_in_jujus_own_way() {
    check(vec![
        ("relation-ids --format=json -- db", run(|juju| juju.relation_ids("db"))),
        ("relation-list --format=json -r 3", run(|juju| juju.relation_units(DB))),
        ("relation-list --format=json -r 3 --app", run(|juju| juju.relation_app(DB))),
        ("relation-get --format=json -r 3 - pg/0", run(|juju| juju.relation_get(DB, BagOf::Unit(&unit())))),
        (
            "relation-get --format=json -r 3 --app - pg",
            run(|juju| juju.relation_get(DB, BagOf::Application(&app()))),
        ),
        ("relation-get --format=json -r 3 --app - pg", run(|juju| juju.relation_get_app(DB, &app()))),
        (
            "relation-get --format=json -r 3 -- host pg/0",
            run(|juju| juju.relation_get_key(DB, BagOf::Unit(&unit()), "host")),
        ),
        (
            "relation-get --format=json -r 3 --app -- host pg",
            run(|juju| juju.relation_get_key(DB, BagOf::Application(&app()), "host")),
        ),
        (
            "relation-set -r 3 --file -",
            run(|juju| juju.relation_set(DB, BagOwner::Unit, &bag(&[("key", "hunter2")]))),
        ),
        (
            "relation-set -r 3 --app --file -",
            run(|juju| juju.relation_set(DB, BagOwner::Application, &Bag::new())),
        ),
        ("relation-model-get --format=json -r 3", run(|juju| juju.relation_model_get(DB))),
    ]);
}

#[test]
fn the_commands_of_secrets_are_asked_in_jujus_own_way() {
    const ONE: NonZeroU32 = NonZeroU32::MIN;
    check(vec![
        (
            "secret-get --format=json --refresh -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_get(&secret())),
        ),
        (
            "secret-get --format=json --peek --label db",
            run(|juju| juju.secret_read(SecretRef::Label("db"), Tracking::Peek)),
        ),
        (
            "secret-get --format=json --label db -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_read(SecretRef::Labelled(&secret(), "db"), Tracking::Tracked)),
        ),
        (
            "secret-get --format=json -- secret:9m4e2mr0ui3e8a215n4g key#base64",
            run(|juju| juju.secret_get_bytes(&secret(), Tracking::Tracked, "key")),
        ),
        ("secret-ids --format=json", run(HookCommands::secret_ids)),
        (
            "secret-info-get --format=json -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_info_get(SecretRef::Uri(&secret()))),
        ),
        (
            "secret-info-get --format=json --label db",
            run(|juju| juju.secret_info_get(SecretRef::Label("db"))),
        ),
        ("secret-remove -- secret:9m4e2mr0ui3e8a215n4g", run(|juju| juju.secret_remove(&secret(), None))),
        (
            "secret-remove --revision 1 -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_remove(&secret(), Some(ONE))),
        ),
        (
            "secret-grant -r 3 -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_grant(&secret(), DB, None)),
        ),
        (
            "secret-grant -r 3 --unit pg/0 -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_grant(&secret(), DB, Some(&unit()))),
        ),
        (
            "secret-revoke -r 3 -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_revoke(&secret(), SecretAudience::Relation(DB))),
        ),
        (
            "secret-revoke --app pg -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_revoke(&secret(), SecretAudience::Application(&app()))),
        ),
        (
            "secret-revoke --unit pg/0 -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_revoke(&secret(), SecretAudience::Unit(&unit()))),
        ),
        (
            "secret-revoke -r 3 --unit pg/0 -- secret:9m4e2mr0ui3e8a215n4g",
            run(|juju| juju.secret_revoke(&secret(), SecretAudience::UnitIn(DB, &unit()))),
        ),
    ]);
}

#[test]
fn all_other_commands_are_asked_in_jujus_own_way() {
    const ONE: NonZeroU32 = NonZeroU32::MIN;
    const PORT: OpenedPort = OpenedPort { protocol: Protocol::Tcp, from: 80, to: 90 };
    let endpoints = || ["db", "web"].map(|name| EndpointName::parse(name).unwrap());
    let data = || StorageName::parse("data").unwrap();
    let blocked = || Status { kind: StatusKind::Blocked, message: "--no relation".to_owned() };
    check(vec![
        ("config-get --format=json", run(HookCommands::config_get)),
        ("config-get --format=json --all", run(HookCommands::config_get_all)),
        ("config-get --format=json -- port", run(move |juju| juju.config_get_key("port"))),
        ("is-leader --format=json", run(HookCommands::is_leader)),
        ("leader-get --format=json", run(HookCommands::leader_get)),
        ("leader-set -- a=1 b=", run(move |juju| juju.leader_set(&bag(&[("a", "1"), ("b", "")])))),
        ("status-get --format=json --include-data", run(HookCommands::status_get)),
        ("status-get --format=json --application --include-data", run(HookCommands::application_status_get)),
        ("status-set -- blocked --no relation", run(move |juju| juju.status_set(&blocked()))),
        (
            "status-set --application -- blocked --no relation",
            run(move |juju| juju.application_status_set(&blocked())),
        ),
        ("application-version-set -- -1.0", run(move |juju| juju.application_version_set("-1.0"))),
        ("open-port 80-90/tcp", run(move |juju| juju.open_port(PORT))),
        ("close-port 80-90/tcp", run(move |juju| juju.close_port(PORT))),
        (
            "open-port --endpoints db,web icmp",
            run(move |juju| juju.open_port_for(PortRange::Icmp, &endpoints())),
        ),
        ("close-port 80-90/tcp", run(move |juju| juju.close_port_for(PORT.into(), &[]))),
        ("opened-ports --format=json", run(HookCommands::opened_ports)),
        ("opened-ports --format=json --endpoints", run(HookCommands::opened_ports_by_endpoint)),
        ("network-get --format=json -- db", run(move |juju| juju.network_get("db", None))),
        ("network-get --format=json -r 3 -- db", run(move |juju| juju.network_get("db", Some(DB)))),
        ("unit-get --format=json private-address", run(move |juju| juju.unit_get(UnitAddress::Private))),
        ("unit-get --format=json public-address", run(move |juju| juju.unit_get(UnitAddress::Public))),
        ("goal-state --format=json", run(HookCommands::goal_state)),
        ("credential-get --format=json", run(HookCommands::credential_get)),
        ("juju-log --log-level TRACE -- -x", run(move |juju| juju.juju_log(LogLevel::Trace, "-x"))),
        ("juju-reboot", run(move |juju| juju.juju_reboot(Reboot::AfterHook))),
        ("juju-reboot --now", run(move |juju| juju.juju_reboot(Reboot::Now))),
        ("resource-get -- image", run(move |juju| juju.resource_get("image"))),
        ("state-get --format=json", run(HookCommands::state_get)),
        ("state-get --format=json --strict -- k", run(move |juju| juju.state_get_key("k"))),
        ("state-set --file -", run(move |juju| juju.state_set(&bag(&[("k", "hunter2")])))),
        ("state-delete -- k", run(move |juju| juju.state_delete("k"))),
        ("storage-list --format=json", run(move |juju| juju.storage_list(None))),
        ("storage-list --format=json data", run(move |juju| juju.storage_list(Some(&data())))),
        (
            "storage-get --format=json -s data/1",
            run(move |juju| juju.storage_get(&StorageId::parse("data/1").unwrap())),
        ),
        ("storage-add data=1", run(move |juju| juju.storage_add(&data(), ONE))),
        ("action-get --format=json", run(HookCommands::action_get)),
        ("action-get --format=json -- a.b", run(move |juju| juju.action_get_key("a.b"))),
        ("action-set -- a.b=1 c=", run(move |juju| juju.action_set(&bag(&[("a.b", "1"), ("c", "")])))),
        ("action-log -- half done", run(move |juju| juju.action_log("half done"))),
        ("action-fail -- no", run(move |juju| juju.action_fail("no"))),
    ]);
}

#[test]
fn bags_and_state_go_through_standard_input_as_yaml_that_is_json() {
    let (juju, calls) = fake::replying(Reply::success(""));
    let values = bag(&[("key", "p \u{2028} \u{85}\u{7f}é😀/\"\n")]);
    juju.relation_set(DB, BagOwner::Unit, &values).unwrap();
    juju.state_set(&values).unwrap();
    for call in calls.all() {
        assert_eq!(
            call.stdin.as_deref(),
            Some("{\"key\":\"p \\u2028 \\u0085\\u007fé😀/\\\"\\n\"}"),
            "{}",
            call.command
        );
    }
}

#[test]
fn the_bags_of_many_units_come_in_the_order_of_the_units() {
    let units: Vec<UnitName> = ["pg/10", "pg/2"].iter().map(|name| UnitName::parse(name).unwrap()).collect();
    let (juju, calls) = fake::replying(Reply::success(r#"{"a":"b"}"#));
    let bags = juju.relation_get_units(DB, &units);
    assert!(bags.iter().all(|read| *read.as_ref().unwrap() == bag(&[("a", "b")])));
    let last: Vec<String> = calls.all().iter().map(|call| call.args.last().unwrap().clone()).collect();
    assert_eq!(last, ["pg/10", "pg/2"]);
    assert!(juju.relation_get_units(DB, &[]).is_empty());
}

/// What is refused without a call.
fn refused<T>(run: impl FnOnce(&HookCommands) -> Result<T, Error>) -> Error {
    let (juju, calls) = fake::replying(Reply::success("null"));
    let error = run(&juju).err().unwrap();
    assert!(calls.all().is_empty());
    error
}

#[test]
fn what_is_too_large_is_refused_before_the_call() {
    let long = |length| "x".repeat(length);
    for (error, message) in [
        (
            refused(|juju| juju.state_set(&bag(&[("k", &long(65_537))]))),
            "cannot run state-set: the value of `k` has 65537 bytes, and 65536 is the most",
        ),
        (
            refused(|juju| juju.state_delete(&long(257))),
            &format!("cannot run state-delete: the key `{}` has 257 bytes, and 256 is the most", long(40)),
        ),
        (
            refused(|juju| juju.relation_set(DB, BagOwner::Unit, &bag(&[("key", &long(16 << 20))]))),
            "cannot run relation-set: the bag of relation 3 has 16777219 bytes, and 16777216 is the most",
        ),
        (
            refused(|juju| juju.action_set(&bag(&[("key", &long(131_068))]))),
            "cannot run action-set: the result `key` has 131072 bytes, and 131071 is the most",
        ),
        (
            refused(|juju| juju.application_version_set(&long(131_072))),
            "cannot run application-version-set: an argument has 131072 bytes, and 131071 is the most",
        ),
    ] {
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::TooLarge, message));
    }
    let (juju, _) = fake::replying(Reply::success(""));
    juju.state_set(&bag(&[(&long(256), &long(65_536))])).unwrap();
    juju.application_version_set(&long(131_071)).unwrap();
}

#[test]
fn keys_that_juju_cannot_take_are_refused_before_the_call() {
    for key in [String::new(), "k".repeat(1_021), "\u{85}".repeat(171), "\"".repeat(511)] {
        let error = refused(|juju| juju.relation_set(DB, BagOwner::Unit, &bag(&[(&key, "v")])));
        assert!(error.to_string().contains("must have 1 to 1020 characters"), "{error}");
    }
    let (juju, _) = fake::replying(Reply::success(""));
    for key in ["k".repeat(1_020), "é".repeat(1_020), "\u{85}".repeat(170)] {
        juju.relation_set(DB, BagOwner::Unit, &bag(&[(&key, "v")])).unwrap();
    }
    for key in ["", ".", "a.", "A", "a_b", "-a", "a-", "stdout", "a.stderr", "stdout-encoding"] {
        let error = refused(|juju| juju.action_set(&bag(&[(key, "v")])));
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{key}");
        assert!(error.to_string().contains("the key `"), "{error}");
    }
    for (key, value) in [("", "v"), ("a=b", "v"), (" a", "v"), ("a", "v "), ("a", "\n")] {
        let error = refused(|juju| juju.leader_set(&bag(&[(key, value)])));
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{key}={value}");
    }
    for key in ["", "-"] {
        let unit = UnitName::parse("pg/0").unwrap();
        refused(|juju| juju.state_get_key(key));
        refused(|juju| juju.state_delete(key));
        refused(|juju| juju.relation_get_key(DB, BagOf::Unit(&unit), key));
    }
    refused(|juju| juju.config_get_key(""));
    refused(|juju| juju.action_get_key(""));
    let error = refused(|juju| juju.action_set(&bag(&[("key", "zero\0byte")])));
    assert_eq!(error.to_string(), "cannot run action-set: the value of `key` has a zero byte");
    refused(|juju| juju.network_get("zero\0byte", None));
}

#[test]
fn messages_become_one_printable_line_of_bounded_length() {
    let (juju, calls) = fake::replying(Reply::success(""));
    let long = "é".repeat(100_000);
    let long = format!("zero\0byte\nand more {long}");
    juju.juju_log(LogLevel::Info, &long).unwrap();
    juju.status_set(&Status { kind: StatusKind::Waiting, message: long.clone() }).unwrap();
    juju.action_fail(&long).unwrap();
    juju.action_log(&long).unwrap();
    for call in calls.all() {
        let told = call.args.last().unwrap();
        assert!(told.starts_with("zero�byte and more éé") && told.ends_with("é…"), "{}", call.command);
        assert!((4_090..=4_096).contains(&told.len()), "{}", call.command);
    }
}

#[test]
fn many_results_take_several_calls_and_none_is_lost() {
    let (juju, calls) = fake::replying(Reply::success(""));
    let results: BTreeMap<String, String> =
        (0..20).map(|number| (format!("key-{number}"), "x".repeat(100_000))).collect();
    juju.action_set(&results).unwrap();
    let calls = calls.all();
    assert!(calls.len() > 1);
    let all: Vec<&String> = calls.iter().flat_map(|call| &call.args[1..]).collect();
    assert_eq!(all.len(), 20);
    for call in &calls {
        assert!(call.args.iter().map(String::len).sum::<usize>() < 600_000);
    }
    assert!(asked_nothing(|juju| juju.action_set(&BTreeMap::new())));
    assert!(asked_nothing(|juju| juju.leader_set(&Bag::new())));
}

fn asked_nothing(run: impl FnOnce(&HookCommands) -> Result<(), Error>) -> bool {
    let (juju, calls) = fake::replying(Reply::success(""));
    run(&juju).unwrap();
    calls.all().is_empty()
}

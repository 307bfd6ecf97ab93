//! What Juju's words for failures become, for every text of Juju 2.9, 3.6 and 4.0 that is known.

use std::io;

use charmwright_event::{AppName, RelationId, SecretUri, StorageId, UnitName};
use charmwright_hookcmds::{
    BagOf, BagOwner, Call, Error, ErrorKind, HookCommands, NewSecret, OpenedPort, Reboot, Reply,
    SecretAudience, SecretContent, SecretRef, SecretUpdate, Sensitive, Status, Tracking, Transport,
    TransportError, UnitAddress,
};

use ErrorKind::{
    AgentGone, Conflict, Denied, InvalidInput, LeadershipUnknown, NotFound, NotGranted, NotInAction,
    NotLeader, NotReady, Other, TimedOut, TooLarge, Unsupported,
};

use crate::fake;

fn secret() -> SecretUri {
    SecretUri::parse("secret:9m4e2mr0ui3e8a215n4g").unwrap()
}

fn content() -> SecretContent {
    let mut content = SecretContent::default();
    content.insert("key", &Sensitive::new("hunter2")).unwrap();
    content
}

/// Runs the command that the text belongs to.
fn run(juju: &HookCommands, command: &str) -> Result<(), Error> {
    let relation = RelationId::new(1);
    let unit = UnitName::parse("pg/0").unwrap();
    match command {
        "action-fail" => juju.action_fail("x"),
        "action-get" => juju.action_get().map(drop),
        "action-log" => juju.action_log("x"),
        "action-set" => juju.action_set(&[("k".to_owned(), "v".to_owned())].into()),
        "application-version-set" => juju.application_version_set("1"),
        "close-port" => juju.close_port(OpenedPort::tcp(80)),
        "config-get" => juju.config_get().map(drop),
        "credential-get" => juju.credential_get().map(drop),
        "goal-state" => juju.goal_state().map(drop),
        "is-leader" => juju.is_leader().map(drop),
        "juju-reboot" => juju.juju_reboot(Reboot::AfterHook),
        "leader-get" => juju.leader_get().map(drop),
        "leader-set" => juju.leader_set(&[("k".to_owned(), "v".to_owned())].into()),
        "network-get" => juju.network_get("db", None).map(drop),
        "open-port" => juju.open_port(OpenedPort::tcp(80)),
        "opened-ports" => juju.opened_ports().map(drop),
        "relation-get" => juju.relation_get(relation, BagOf::Unit(&unit)).map(drop),
        "relation-ids" => juju.relation_ids("db").map(drop),
        "relation-list" => juju.relation_units(relation).map(drop),
        "relation-model-get" => juju.relation_model_get(relation).map(drop),
        "relation-set" => {
            juju.relation_set(relation, BagOwner::Unit, &[("k".to_owned(), "v".to_owned())].into())
        }
        "resource-get" => juju.resource_get("file").map(drop),
        "secret-add" => juju.secret_add(&NewSecret::new(content())).map(drop),
        "secret-get" => juju.secret_read(SecretRef::Uri(&secret()), Tracking::Tracked).map(drop),
        "secret-grant" => juju.secret_grant(&secret(), relation, None),
        "secret-ids" => juju.secret_ids().map(drop),
        "secret-info-get" => juju.secret_info_get(SecretRef::Uri(&secret())).map(drop),
        "secret-remove" => juju.secret_remove(&secret(), None),
        "secret-revoke" => {
            juju.secret_revoke(&secret(), SecretAudience::Application(&AppName::parse("pg").unwrap()))
        }
        "secret-set" => juju.secret_set(&secret(), &SecretUpdate::default().label("x")),
        "state-delete" => juju.state_delete("k"),
        "state-get" => juju.state_get().map(drop),
        "state-set" => juju.state_set(&[("k".to_owned(), "v".to_owned())].into()),
        "status-get" => juju.application_status_get().map(drop),
        "status-set" => juju.status_set(&Status::active()),
        "storage-add" => {
            juju.storage_add(&charmwright_event::StorageName::parse("data").unwrap(), 1.try_into().unwrap())
        }
        "storage-get" => juju.storage_get(&StorageId::parse("data/9").unwrap()).map(drop),
        "storage-list" => juju.storage_list(None).map(drop),
        "unit-get" => juju.unit_get(UnitAddress::Public).map(drop),
        other => unreachable!("no function for {other}"),
    }
}

const ALL: [&str; 39] = [
    "action-fail",
    "action-get",
    "action-log",
    "action-set",
    "application-version-set",
    "close-port",
    "config-get",
    "credential-get",
    "goal-state",
    "is-leader",
    "juju-reboot",
    "leader-get",
    "leader-set",
    "network-get",
    "open-port",
    "opened-ports",
    "relation-get",
    "relation-ids",
    "relation-list",
    "relation-model-get",
    "relation-set",
    "resource-get",
    "secret-add",
    "secret-get",
    "secret-grant",
    "secret-ids",
    "secret-info-get",
    "secret-remove",
    "secret-revoke",
    "secret-set",
    "state-delete",
    "state-get",
    "state-set",
    "status-get",
    "status-set",
    "storage-add",
    "storage-get",
    "storage-list",
    "unit-get",
];

/// The command, its exit code, Juju's words after `ERROR `, and what they mean.
const WORDS: &[(&str, i32, &str, ErrorKind)] = &[
    // Relations.
    ("relation-get", 2, "invalid value \"9\" for option -r: relation not found", NotFound),
    ("relation-list", 2, "invalid value \"9\" for flag -r: relation not found", NotFound),
    ("network-get", 1, "relation 5 not found (not found)", NotFound),
    ("relation-get", 1, "relation not found", NotFound),
    ("relation-get", 2, "invalid value \"x\" for option -r: invalid relation id", InvalidInput),
    ("relation-get", 1, "permission denied", Denied),
    ("relation-get", 1, "permission denied (unauthorized access)", Denied),
    ("relation-set", 1, "cannot read relation settings: permission denied", Denied),
    (
        "relation-set",
        1,
        "cannot read relation application settings: permission denied (unauthorized access)",
        Denied,
    ),
    ("relation-set", 1, "cannot write relation settings", NotLeader),
    ("relation-set", 1, "cannot determine leadership status: lease manager stopped", LeadershipUnknown),
    (
        "relation-get",
        1,
        "cannot read settings for unit \"pg/9\" in relation \"app:db pg:db\": unit \"pg/9\": settings not found",
        NotFound,
    ),
    ("relation-get", 2, "no relation id specified", InvalidInput),
    ("relation-get", 2, "no unit or application specified", InvalidInput),
    ("relation-get", 2, "expected unit name, got application name \"db\"", InvalidInput),
    ("relation-get", 2, "invalid unit name \"x\"", InvalidInput),
    ("relation-ids", 2, "no endpoint name specified", InvalidInput),
    // Leadership.
    ("status-get", 1, "finding application status: this unit is not the leader", NotLeader),
    ("status-set", 1, "this unit is not the leader", NotLeader),
    ("secret-add", 1, "this unit is not the leader", NotLeader),
    ("secret-set", 1, "\"app/0\" is not leader of \"app\"", NotLeader),
    ("leader-set", 1, "cannot write leadership settings: cannot write settings: not the leader", NotLeader),
    ("is-leader", 1, "cannot determine leadership: connection timed out", LeadershipUnknown),
    // Secrets.
    ("secret-get", 1, "permission denied", NotGranted),
    ("secret-get", 1, "secret \"secret:9m4e2mr0ui3e8a215n4g\" not found", NotFound),
    ("secret-get", 1, "consumer label \"x\" not found", NotFound),
    ("secret-get", 1, "secret key value \"k\" not found", NotFound),
    ("secret-get", 2, "secret URI \"x\" not valid", InvalidInput),
    ("secret-get", 2, "require either a secret URI or label", InvalidInput),
    ("secret-get", 2, "specify one of --peek or --refresh but not both", InvalidInput),
    ("secret-grant", 1, "secret \"9m4e2mr0ui3e8a215n4g\" not found", NotFound),
    ("secret-grant", 2, "cannot specify unit \"x/0\" in relation to application \"y\"", InvalidInput),
    (
        "secret-grant",
        1,
        "any unit level grants need to be revoked before granting access to the corresponding application",
        InvalidInput,
    ),
    ("secret-revoke", 2, "do not specify both relation and app", InvalidInput),
    ("secret-revoke", 2, "missing relation or application or unit", InvalidInput),
    ("secret-info-get", 1, "secret \"x\" not found", NotFound),
    ("secret-add", 1, "secret with label \"x\" already exists", Conflict),
    ("secret-set", 1, "permission denied", Denied),
    ("secret-add", 2, "missing secret value or filename", InvalidInput),
    ("secret-add", 2, "key value \"key=\" not valid", InvalidInput),
    ("secret-add", 2, "negative expire duration \"-1h\" not valid", InvalidInput),
    ("secret-add", 1, "empty secret value not valid", InvalidInput),
    ("secret-add", 2, "secret content in file \"F\" too large: 1000001 bytes", TooLarge),
    ("secret-add", 2, "base64 encoded secret content for key \"k\" too large: 1066668 bytes", TooLarge),
    ("secret-set", 2, "base64 encoded secret content too large: 1866672 bytes", TooLarge),
    (
        "secret-add",
        2,
        "reading content for secret key \"key\": open F: no such file or directory",
        InvalidInput,
    ),
    // State.
    ("state-set", 1, "max allowed key length (256) exceeded", TooLarge),
    ("state-set", 1, "max allowed value length (65536) exceeded", TooLarge),
    ("state-get", 1, "\"KEY\" not found", NotFound),
    // Ports.
    (
        "open-port",
        1,
        "cannot open 80-90/tcp (unit \"a/0\"): port range conflicts with 85/tcp (unit \"b/0\") requested earlier",
        Conflict,
    ),
    (
        "open-port",
        1,
        "port ranges are not supported for k8s applications, please specify a single port",
        InvalidInput,
    ),
    ("open-port", 2, "no port or range specified", InvalidInput),
    // Networks and addresses.
    ("network-get", 1, "no network config found for binding \"x\"", NotFound),
    ("network-get", 1, "no addresses attached to space for binding \"x\"", NotFound),
    ("unit-get", 1, "public address not found", NotFound),
    ("unit-get", 2, "unknown setting \"x\"", InvalidInput),
    // Storage.
    ("storage-get", 2, "invalid value \"data/9\" for option -s: storage not found", NotFound),
    (
        "storage-get",
        2,
        "invalid value \"data/9\" for option -s: storage attachment data/9:app/0 not found",
        NotFound,
    ),
    (
        "storage-get",
        2,
        "invalid value \"data/1\" for option -s: filesystem for storage \"data/1\" not provisioned",
        NotReady,
    ),
    ("storage-get", 2, "no storage instance specified", InvalidInput),
    ("storage-get", 1, "invalid storage attribute \"x\"", InvalidInput),
    ("storage-add", 2, "only count can be specified for \"data\"", InvalidInput),
    ("storage-add", 2, "storage add requires a storage directive", InvalidInput),
    // The rest.
    ("credential-get", 1, "cannot access cloud credentials: permission denied", Denied),
    ("credential-get", 1, "cannot access cloud credentials: not trusted", Denied),
    ("resource-get", 1, "could not download resource: resource#app/file not found", NotFound),
    ("resource-get", 1, "could not download resource: no space left on device", Other),
    ("status-set", 2, "invalid args, require <status> [message]", InvalidInput),
    ("config-get", 2, "cannot use argument --all together with key \"x\"", InvalidInput),
    ("juju-reboot", 1, "juju-reboot is not supported when running an action.", Unsupported),
    ("config-get", 1, "not implemented for restricted context not implemented", Unsupported),
    ("config-get", 2, "unrecognized args: [\"x\"]", InvalidInput),
    ("config-get", 2, "invalid value \"xml\" for option --format: unknown format \"xml\"", InvalidInput),
    ("config-get", 2, "option needs an argument: --format", InvalidInput),
    ("config-get", 1, "cannot read settings: no space left on device", Other),
    // Actions. 3.6.11 knows the command everywhere, 4.0 in actions only.
    ("action-get", 1, "not running an action", NotInAction),
    ("action-set", 1, "bad request: unknown hook command: action-set", NotInAction),
    ("action-fail", 1, "bad request: unknown command: action-fail", NotInAction),
    ("action-log", 1, "bad request: unknown action command: action-log", NotInAction),
    ("action-set", 2, "cannot set reserved action key \"stdout\"", InvalidInput),
    // Other versions.
    ("secret-get", 2, "option provided but not defined: --refresh", Unsupported),
    ("secret-get", 2, "flag provided but not defined: --refresh", Unsupported),
    ("leader-get", 1, "bad request: unknown hook command: leader-get", Unsupported),
    ("secret-ids", 1, "bad request: unknown command: secret-ids", Unsupported),
    ("relation-model-get", 1, "bad request: unknown action command: relation-model-get", Unsupported),
];

#[test]
fn jujus_words_are_told_apart() {
    for &(command, code, text, kind) in WORDS {
        let (juju, _) = fake::replying(Reply::failure(code, text));
        let error = run(&juju, command).unwrap_err();
        assert_eq!(error.kind(), kind, "{command}: {text}");
        assert_eq!(error.to_string(), format!("{command} failed: {text}"));
    }
}

#[test]
fn an_agent_that_is_gone_is_gone_for_every_command() {
    for text in [
        "bad request: wrong context ID; got \"app/0-install-1\"",
        "bad request: expected context id \"A\", got \"B\"",
        "bad request: token does not match",
        "JUJU_CONTEXT_ID not set",
        "JUJU_AGENT_SOCKET_ADDRESS not set",
        "JUJU_AGENT_SOCKET_NETWORK not set",
        "dial unix /var/lib/juju/agents/unit-app-0/agent.socket: connect: no such file or directory",
        "dial unix @/var/lib/juju/agents/unit-app-0/agent.socket: connect: connection refused",
        "connection is shut down",
        "unexpected EOF",
        "EOF",
    ] {
        for command in ALL {
            let (juju, _) = fake::replying(Reply::failure(1, text));
            assert_eq!(run(&juju, command).unwrap_err().kind(), AgentGone, "{command}: {text}");
        }
    }
}

#[test]
fn a_command_that_this_juju_lacks_is_unsupported_or_in_no_action() {
    for command in ALL {
        let (juju, _) =
            fake::replying(Reply::failure(1, &format!("bad request: unknown hook command: {command}")));
        let kind = if command.starts_with("action-") { NotInAction } else { Unsupported };
        assert_eq!(run(&juju, command).unwrap_err().kind(), kind, "{command}");
    }
}

#[test]
fn warnings_before_the_error_and_lines_after_it_do_not_hide_it() {
    let stderr =
        "WARNING something is deprecated\nERROR yaml: unmarshal errors:\n  line 1: permission denied\n";
    let (juju, _) = fake::replying(Reply { code: 1, stdout: Vec::new(), stderr: stderr.to_owned() });
    let error = juju.config_get().unwrap_err();
    assert_eq!(error.to_string(), "config-get failed: yaml: unmarshal errors: line 1: permission denied");
    let (juju, _) = fake::replying(Reply { code: 3, stdout: Vec::new(), stderr: String::new() });
    assert_eq!(juju.config_get().unwrap_err().to_string(), "config-get failed: exit code 3, no message");
}

#[test]
fn jujus_words_are_told_as_one_printable_line_of_bounded_length() {
    let words = format!("no\0such\u{1b}[31m file\r\n{}", "x".repeat(100_000));
    let (juju, _) = fake::replying(Reply::failure(1, &words));
    let told = juju.config_get().unwrap_err().to_string();
    assert!(told.starts_with("config-get failed: no�such�[31m file xxx") && told.ends_with("x…"), "{told}");
    assert!(told.len() < 5_000);
}

#[test]
fn an_answer_beyond_the_bound_is_too_large_whatever_brings_it_and_names_what_was_asked() {
    let unit = UnitName::parse("pg/0").unwrap();
    for text in
        [format!("{{\"k\":\"{}\"}}", "x".repeat(10_000_000)), format!("[{}1]", "1,".repeat(1_000_000))]
    {
        let juju = fake::printing(text);
        let error = juju.relation_get(RelationId::new(7), BagOf::Unit(&unit)).unwrap_err();
        assert_eq!(error.kind(), TooLarge);
        assert!(
            error.to_string().starts_with("relation-get -r 7 - pg/0: the answer has more than "),
            "{error}"
        );
        let error =
            juju.relation_get_units(RelationId::new(7), std::slice::from_ref(&unit)).remove(0).unwrap_err();
        assert_eq!(error.kind(), TooLarge);
        assert_eq!(juju.goal_state().unwrap_err().kind(), TooLarge);
    }
    let juju = fake::printing("x".repeat(10_000_000));
    assert_eq!(juju.resource_get("file").unwrap_err().kind(), TooLarge);
    assert_eq!(juju.secret_add(&NewSecret::new(content())).unwrap_err().kind(), TooLarge);
}

#[test]
fn bags_that_are_read_together_are_no_larger_than_one_may_be() {
    let units: Vec<_> = (0..4).map(|number| UnitName::parse(&format!("pg/{number}")).unwrap()).collect();
    let juju = fake::printing(format!("{{\"k\":\"{}\"}}", "x".repeat(1_500_000)));
    let bags = juju.relation_get_units(RelationId::new(1), &units);
    assert_eq!(bags.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false]);
}

#[derive(Debug)]
struct Broken(io::ErrorKind);

impl Transport for Broken {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        Err(TransportError { command: call.command, source: self.0.into() })
    }
}

#[test]
fn a_command_that_cannot_be_run_says_why() {
    for (why, kind) in [
        (io::ErrorKind::NotFound, Unsupported),
        (io::ErrorKind::ArgumentListTooLong, TooLarge),
        (io::ErrorKind::TimedOut, TimedOut),
        (io::ErrorKind::FileTooLarge, TooLarge),
        (io::ErrorKind::ConnectionRefused, AgentGone),
        (io::ErrorKind::BrokenPipe, AgentGone),
        (io::ErrorKind::UnexpectedEof, AgentGone),
        (io::ErrorKind::PermissionDenied, Other),
    ] {
        let error = HookCommands::new(Broken(why)).config_get().unwrap_err();
        assert_eq!(error.kind(), kind, "{why}");
    }
}

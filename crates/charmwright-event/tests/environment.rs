//! From the environment of a charm's process to its event.

#![expect(clippy::unwrap_used, reason = "test")]

use charmwright_event::{
    Context, EnvironmentError, Event, EventKind, Goal, JujuVersion, Origin, RelationEventKind, RelationId,
    StorageEventKind, StorageKind,
};
use proptest::prelude::*;

const SECRET: &str = "secret:9m4e2mr0ui3e8a215n4g";

fn context(hook: &str, more: &[(&str, &str)]) -> Result<Context, EnvironmentError> {
    let path = format!("hooks/{hook}");
    let always = [
        ("JUJU_DISPATCH_PATH", path.as_str()),
        ("JUJU_HOOK_NAME", hook),
        ("JUJU_UNIT_NAME", "app/0"),
        ("JUJU_CHARM_DIR", "/charm"),
    ];
    Context::from_variables(always.into_iter().chain(more.iter().copied()))
}

fn event(hook: &str, more: &[(&str, &str)]) -> Event {
    context(hook, more).unwrap().event
}

fn problem(hook: &str, more: &[(&str, &str)]) -> String {
    let error = context(hook, more).unwrap_err();
    std::error::Error::source(&error).map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// All that Juju sets for a hook of this kind.
fn variables_of(kind: EventKind) -> Vec<(&'static str, &'static str)> {
    let relation = [("JUJU_RELATION", "db"), ("JUJU_RELATION_ID", "db:3"), ("JUJU_REMOTE_APP", "pg")];
    let unit = [("JUJU_REMOTE_UNIT", "pg/1")];
    let secret = [("JUJU_SECRET_ID", SECRET), ("JUJU_SECRET_LABEL", "")];
    let revision = [("JUJU_SECRET_REVISION", "2")];
    let workload = [("JUJU_WORKLOAD_NAME", "web")];
    match kind {
        EventKind::RelationCreated | EventKind::RelationBroken => relation.to_vec(),
        EventKind::RelationJoined | EventKind::RelationChanged => [&relation[..], &unit].concat(),
        EventKind::RelationDeparted => [&relation[..], &unit, &[("JUJU_DEPARTING_UNIT", "app/0")]].concat(),
        EventKind::StorageAttached | EventKind::StorageDetaching => vec![
            ("JUJU_STORAGE_ID", "data/3"),
            ("JUJU_STORAGE_KIND", "filesystem"),
            ("JUJU_STORAGE_LOCATION", "/srv"),
        ],
        EventKind::SecretChanged | EventKind::SecretRotate => secret.to_vec(),
        EventKind::SecretExpired | EventKind::SecretRemove => [&secret[..], &revision].concat(),
        EventKind::PebbleReady => workload.to_vec(),
        EventKind::PebbleCustomNotice => [
            &workload[..],
            &[
                ("JUJU_NOTICE_ID", "7"),
                ("JUJU_NOTICE_TYPE", "custom"),
                ("JUJU_NOTICE_KEY", "example.com/done"),
            ],
        ]
        .concat(),
        EventKind::PebbleCheckFailed | EventKind::PebbleCheckRecovered => {
            [&workload[..], &[("JUJU_PEBBLE_CHECK_NAME", "up")]].concat()
        }
        EventKind::PreSeriesUpgrade => {
            vec![("JUJU_TARGET_BASE", "ubuntu@24.04"), ("JUJU_TARGET_SERIES", "noble")]
        }
        _ => Vec::new(),
    }
}

fn owner(kind: EventKind) -> &'static str {
    match kind {
        EventKind::StorageAttached | EventKind::StorageDetaching => "data",
        EventKind::PebbleReady
        | EventKind::PebbleCustomNotice
        | EventKind::PebbleCheckFailed
        | EventKind::PebbleCheckRecovered => "web",
        _ => "db",
    }
}

fn hooks() -> impl Iterator<Item = EventKind> {
    EventKind::ALL.into_iter().filter(|kind| !matches!(kind, EventKind::Action | EventKind::Other))
}

#[test]
fn every_hook_is_known_and_knows_its_name() {
    for kind in hooks() {
        let hook = kind.hook_name(owner(kind));
        let event = event(&hook, &variables_of(kind));
        assert_eq!((event.kind(), event.name()), (kind, hook.clone()));
        assert_eq!(event.goal(), kind.goal());
    }
}

#[test]
fn a_variable_that_is_missing_or_malformed_is_named() {
    let optional = [
        "JUJU_REMOTE_APP",
        "JUJU_DEPARTING_UNIT",
        "JUJU_SECRET_LABEL",
        "JUJU_TARGET_BASE",
        "JUJU_TARGET_SERIES",
    ];
    let any_text =
        ["JUJU_STORAGE_LOCATION", "JUJU_SECRET_LABEL", "JUJU_TARGET_SERIES", "JUJU_PEBBLE_CHECK_NAME"];
    for kind in hooks() {
        let hook = kind.hook_name(owner(kind));
        let all = variables_of(kind);
        for (index, (variable, _)) in all.iter().enumerate() {
            let mut without = all.clone();
            without.remove(index);
            let of_application = kind == EventKind::RelationChanged && *variable == "JUJU_REMOTE_UNIT";
            let needed = !optional.contains(variable) && !of_application;
            match context(&hook, &without) {
                Ok(_) => assert!(!needed, "{hook} without {variable}"),
                Err(error) => {
                    let expected = format!("{variable} is not set, though Juju sets it for {hook}");
                    assert!(needed && error.to_string() == expected, "{error}");
                }
            }
            let mut wrong = all.clone();
            wrong[index].1 = "Not This!";
            match context(&hook, &wrong) {
                Ok(_) => {
                    assert!(
                        any_text.contains(variable) || variable.starts_with("JUJU_NOTICE_"),
                        "{variable}"
                    );
                }
                Err(error) => assert_eq!(error.to_string(), format!("{variable} is malformed")),
            }
        }
    }
}

#[test]
fn a_malformed_variable_says_what_it_should_be() {
    let variables = [("JUJU_RELATION", "db"), ("JUJU_RELATION_ID", "db:x")];
    assert_eq!(
        problem("db-relation-created", &variables),
        "JUJU_RELATION_ID is malformed: `db:x` is not a relation id such as `database:3`"
    );
    let variables = [("JUJU_SECRET_ID", SECRET), ("JUJU_SECRET_REVISION", "0")];
    assert_eq!(
        problem("secret-expired", &variables),
        "JUJU_SECRET_REVISION is malformed: `0` is not the number of a revision, 1 or higher"
    );
    for variable in
        ["JUJU_MODEL_UUID", "JUJU_VERSION", "JUJU_PRINCIPAL_UNIT", "JUJU_MACHINE_ID", "JUJU_UNIT_NAME"]
    {
        let problem = problem("install", &[(variable, "?")]);
        assert!(problem.starts_with(&format!("{variable} is malformed: `?` is not")), "{problem}");
    }
}

#[test]
fn a_relation_event_carries_its_relation_and_who_is_concerned() {
    let Event::Relation(event) = event(
        "database-relation-departed",
        &[
            ("JUJU_RELATION", "database"),
            ("JUJU_RELATION_ID", "database:3"),
            ("JUJU_REMOTE_APP", "pg"),
            ("JUJU_REMOTE_UNIT", "pg/1"),
            ("JUJU_DEPARTING_UNIT", "app/0"),
        ],
    ) else {
        panic!()
    };
    assert_eq!(event.kind, RelationEventKind::Departed);
    assert_eq!(event.relation, RelationId::new(3));
    assert_eq!(event.remote_app.unwrap(), "pg");
    assert_eq!(event.departing_unit.unwrap().to_string(), "app/0");
}

#[test]
fn an_empty_variable_counts_as_absent() {
    let variables = [
        ("JUJU_RELATION", "db"),
        ("JUJU_RELATION_ID", "db:1"),
        ("JUJU_REMOTE_APP", ""),
        ("JUJU_REMOTE_UNIT", ""),
    ];
    let Event::Relation(event) = event("db-relation-broken", &variables) else { panic!() };
    assert_eq!((event.remote_app, event.remote_unit), (None, None));
}

#[test]
fn a_remote_unit_says_its_application_where_juju_exec_does_not() {
    let variables = [
        ("JUJU_RELATION", "db"),
        ("JUJU_RELATION_ID", "db:1"),
        ("JUJU_REMOTE_APP", ""),
        ("JUJU_REMOTE_UNIT", "pg/4"),
    ];
    let Event::Relation(event) = event("db-relation-changed", &variables) else { panic!() };
    assert_eq!(event.remote_app.unwrap(), "pg");
}

#[test]
fn a_storage_that_is_not_provisioned_has_a_name_only() {
    let Event::Storage(attached) = event("data-storage-attached", &[]) else { panic!() };
    assert_eq!((attached.kind, attached.name.as_str()), (StorageEventKind::Attached, "data"));
    assert_eq!(attached.instance, None);
    let Event::Storage(attached) = event("data-storage-attached", &variables_of(EventKind::StorageAttached))
    else {
        panic!()
    };
    let instance = attached.instance.unwrap();
    assert_eq!((instance.id.number(), instance.kind), (3, StorageKind::Filesystem));
}

#[test]
fn an_unknown_hook_is_not_an_error() {
    for hook in [
        "leader-deposed",
        "web-pebble-change-updated",
        "some-future-hook",
        "-relation-created",
        "my_event",
        "My Data-storage-attached",
    ] {
        let context = context(hook, &[]).unwrap();
        assert_eq!(context.event, Event::Other { hook: hook.to_owned() });
        assert_eq!(context.event.goal(), Goal::Reconcile);
    }
}

#[test]
fn an_action_is_told_from_a_hook_of_the_same_name() {
    let context = Context::from_variables([
        ("JUJU_DISPATCH_PATH", "actions/start"),
        ("JUJU_HOOK_NAME", ""),
        ("JUJU_ACTION_NAME", "start"),
        ("JUJU_ACTION_UUID", "42"),
        ("JUJU_UNIT_NAME", "app/0"),
        ("JUJU_CHARM_DIR", "/charm"),
    ])
    .unwrap();
    let Event::Action { name, id } = &context.event else { panic!() };
    assert_eq!((name.as_str(), id.as_ref().unwrap().as_str()), ("start", "42"));
    assert_eq!((context.event.goal(), context.origin), (Goal::Act, Origin::Action));
}

#[test]
fn what_comes_with_juju_exec_is_out_of_band_whatever_it_is_called() {
    for path in ["hooks/config-changed", "hooks/my_event", "actions/backup"] {
        let context = Context::from_variables([
            ("JUJU_DISPATCH_PATH", path),
            ("JUJU_HOOK_NAME", ""),
            ("JUJU_UNIT_NAME", "app/0"),
            ("JUJU_CHARM_DIR", "/charm"),
        ])
        .unwrap();
        assert_eq!(context.origin, Origin::OutOfBand);
    }
    assert_eq!(context("config-changed", &[]).unwrap().origin, Origin::Hook);
}

#[test]
fn a_path_that_is_neither_hook_nor_action_is_an_error() {
    for path in ["", "hooks", "hooks/", "actions/", "/charm/dispatch", "x/y"] {
        let variables =
            [("JUJU_DISPATCH_PATH", path), ("JUJU_UNIT_NAME", "app/0"), ("JUJU_CHARM_DIR", "/charm")];
        let error = Context::from_variables(variables).unwrap_err().to_string();
        assert!(error.starts_with("JUJU_DISPATCH_PATH is "), "{error}");
    }
}

#[test]
fn all_that_juju_says_of_the_unit_is_there() {
    let context = context(
        "install",
        &[
            ("JUJU_MODEL_NAME", "dev"),
            ("JUJU_MODEL_UUID", "11111111-2222-4333-8444-555555555555"),
            ("JUJU_VERSION", "4.0-beta5.1"),
            ("JUJU_PRINCIPAL_UNIT", "wordpress/3"),
            ("JUJU_MACHINE_ID", "0/lxd/1"),
            ("JUJU_AVAILABILITY_ZONE", "az1"),
            ("JUJU_API_ADDRESSES", "10.0.0.1:17070 [::1]:17070"),
            ("JUJU_CHARM_HTTPS_PROXY", "http://user:hunter2@proxy:3128"),
            ("CLOUD_API_VERSION", ""),
        ],
    )
    .unwrap();
    assert_eq!(context.model, "dev");
    assert_eq!(context.juju_version, Some(JujuVersion::parse("4.0-beta5.1").unwrap()));
    assert_eq!(context.principal_unit.as_ref().unwrap().to_string(), "wordpress/3");
    assert_eq!(context.machine.as_ref().unwrap(), &"0/lxd/1");
    assert_eq!(context.availability_zone.as_deref(), Some("az1"));
    assert_eq!(context.api_addresses, ["10.0.0.1:17070", "[::1]:17070"]);
    assert_eq!((context.cloud_api_version.as_deref(), context.proxies.http.as_deref()), (None, None));
    assert!(context.proxies.https.is_some() && !format!("{context:?}").contains("hunter2"));
}

#[test]
fn a_metering_hook_needs_no_more_than_its_restricted_place_gives() {
    for hook in ["collect-metrics", "meter-status-changed"] {
        assert_eq!(context(hook, &[]).unwrap().event.goal(), Goal::Nothing);
    }
}

#[test]
fn run_by_hand_it_says_so() {
    assert_eq!(Context::from_variables([("HOME", "/root")]), Err(EnvironmentError::NotRunByJuju));
}

const NAMES: [&str; 22] = [
    "JUJU_HOOK_NAME",
    "JUJU_UNIT_NAME",
    "JUJU_CHARM_DIR",
    "JUJU_MODEL_UUID",
    "JUJU_VERSION",
    "JUJU_RELATION",
    "JUJU_RELATION_ID",
    "JUJU_REMOTE_APP",
    "JUJU_REMOTE_UNIT",
    "JUJU_DEPARTING_UNIT",
    "JUJU_SECRET_ID",
    "JUJU_SECRET_LABEL",
    "JUJU_SECRET_REVISION",
    "JUJU_WORKLOAD_NAME",
    "JUJU_NOTICE_ID",
    "JUJU_NOTICE_TYPE",
    "JUJU_NOTICE_KEY",
    "JUJU_PEBBLE_CHECK_NAME",
    "JUJU_STORAGE_ID",
    "JUJU_STORAGE_KIND",
    "JUJU_STORAGE_LOCATION",
    "JUJU_TARGET_BASE",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]
    #[test]
    fn no_environment_makes_it_panic(
        hook in "[a-z-]{0,12}|([a-z-]{0,6}-)?(relation-(created|joined|changed|departed|broken)|pebble-(ready|custom-notice|check-failed|check-recovered)|storage-(attached|detaching))|secret-(changed|rotate|expired|remove)|pre-series-upgrade",
        kind in "(hooks|actions|)",
        values in proptest::collection::vec(
            "|.{0,8}|db:[0-9]{0,22}|a/[0-9]{0,11}|[0-9]{0,11}|(secret:(//)?)?[0-9a-v]{19}[0g]|[0-9]\\.[0-9](-beta|\\.)[0-9]|block|a@1",
            NAMES.len(),
        ),
        legal_unit: bool,
    ) {
        let mut variables: Vec<(String, String)> =
            NAMES.iter().map(|&name| name.to_owned()).zip(values).collect();
        variables.push(("JUJU_DISPATCH_PATH".to_owned(), format!("{kind}/{hook}")));
        if legal_unit {
            variables.push(("JUJU_UNIT_NAME".to_owned(), "app/0".to_owned()));
        }
        match Context::from_variables(variables) {
            Ok(context) => {
                prop_assert!(!context.event.name().is_empty());
                prop_assert_eq!(context.event.kind().goal(), context.event.goal());
            }
            Err(error) => prop_assert!(error.to_string().contains("JUJU_")),
        }
    }
}

//! What each command's output becomes.

use charmwright_event::{AppName, EndpointName, RelationId, SecretUri, StorageId, StorageKind, UnitName};
use charmwright_hookcmds::{
    Bag, BagOf, Endpoints, Error, FoundStatusKind, HookCommands, OpenedPort, PortRange, RotatePolicy,
    SecretOwner, SecretRef, Status, StatusKind, Tracking, UnitAddress,
};
use proptest::prelude::*;

use crate::fake::{self, printing};

const DB: RelationId = RelationId::new(3);

fn unit() -> UnitName {
    UnitName::parse("pg/0").unwrap()
}

fn secret() -> SecretUri {
    SecretUri::parse("9m4e2mr0ui3e8a215n4g").unwrap()
}

#[test]
fn null_is_nothing() {
    let juju = printing("null\n");
    assert!(juju.config_get().unwrap().is_empty());
    assert!(juju.config_get_key("port").unwrap().is_none());
    assert!(juju.opened_ports().unwrap().is_empty());
    assert!(juju.opened_ports_by_endpoint().unwrap().is_empty());
    assert!(juju.relation_ids("database").unwrap().is_empty());
    assert!(juju.relation_units(DB).unwrap().is_empty());
    assert!(juju.relation_get(DB, BagOf::Unit(&unit())).unwrap().is_empty());
    assert!(juju.relation_get_key(DB, BagOf::Unit(&unit()), "host").unwrap().is_none());
    assert!(juju.secret_ids().unwrap().is_empty());
    assert!(juju.state_get().unwrap().is_empty());
    assert!(juju.leader_get().unwrap().is_empty());
    assert!(juju.storage_list(None).unwrap().is_empty());
    assert!(juju.action_get().unwrap().is_empty());
    assert!(juju.action_get_key("x").unwrap().is_none());
}

#[test]
fn an_empty_value_of_the_state_is_not_a_missing_one() {
    assert_eq!(printing("\"\"\n").state_get_key("k").unwrap().as_deref(), Some(""));
    let (juju, _) = fake::replying(charmwright_hookcmds::Reply::failure(1, "\"k\" not found"));
    assert_eq!(juju.state_get_key("k").unwrap(), None);
}

#[test]
fn an_answer_that_is_not_jujus_is_an_error_that_does_not_show_it() {
    let error = printing("hunter2").secret_get(&secret()).unwrap_err();
    assert_eq!(error.to_string(), "secret-get answered what is not an object of strings");
    assert!(printing(r#"["db:x"]"#).relation_ids("db").is_err());
    assert!(printing(r#"["pg"]"#).relation_units(DB).is_err());
    assert!(printing(r#"["80/tcp"]"#).opened_ports_by_endpoint().is_err());
    assert!(printing("relative/path").resource_get("file").is_err());
}

#[test]
fn a_status_that_charms_cannot_set_is_no_status_of_ours() {
    let unknown = r#"{"status":"unknown","message":"","status-data":{}}"#;
    assert_eq!(printing(unknown).status_get().unwrap(), None);
    assert_eq!(printing(unknown).status_found().unwrap().kind, FoundStatusKind::Unknown);
    let active = r#"{"status":"active","message":"hi","status-data":{"a":{"b":1}}}"#;
    assert_eq!(
        printing(active).status_get().unwrap(),
        Some(Status { kind: StatusKind::Active, message: "hi".into() })
    );
    assert_eq!(printing(active).status_found().unwrap().data["a"]["b"], 1);
    assert_eq!(printing(r#"{"status":"active"}"#).status_found().unwrap().message, "");
    assert_eq!(printing(r#""unknown""#).status_found().unwrap().kind, FoundStatusKind::Unknown);
}

#[test]
fn the_units_statuses_are_inside_the_applications() {
    let found = printing(
        r#"{"application-status":{"message":"m","status":"blocked","status-data":{},
            "units":{"app/0":{"message":"","status":"error","status-data":{"hook":"install"}}}}}"#,
    )
    .application_status_get()
    .unwrap();
    assert_eq!(found.application.kind, FoundStatusKind::Settable(StatusKind::Blocked));
    assert_eq!(found.application.message, "m");
    let unit = &found.units[&UnitName::parse("app/0").unwrap()];
    assert_eq!((&unit.kind, unit.data["hook"].as_str()), (&FoundStatusKind::Error, Some("install")));
    assert_eq!(
        printing(r#""unknown""#).application_status_get().unwrap().application.kind,
        FoundStatusKind::Unknown
    );
}

#[test]
fn ports_are_read_with_their_endpoints() {
    let juju = printing(r#"["80/tcp (*)","8000-8999/udp (db, web)","icmp (*)"]"#);
    let found = juju.opened_ports_by_endpoint().unwrap();
    assert_eq!(found[0].ports, PortRange::Ports(OpenedPort::tcp(80)));
    assert_eq!(found[0].endpoints, Endpoints::All);
    let names = ["db", "web"].map(|name| EndpointName::parse(name).unwrap());
    assert_eq!(found[1].endpoints, Endpoints::Named(names.into()));
    assert_eq!(found[2].ports, PortRange::Icmp);
    let ports = printing(r#"["80/tcp","icmp"]"#).opened_ports().unwrap();
    assert_eq!(ports, [OpenedPort::tcp(80)]);
}

#[test]
fn networks_of_all_versions_are_read() {
    let found = printing(
        r#"{"bind-addresses":[{"mac-address":"aa","interface-name":"eth0",
            "addresses":[{"hostname":"","value":"10.1.2.3","cidr":"10.1.2.0/24"}]}],
            "egress-subnets":["10.1.2.3/32"],"ingress-addresses":["app.example"]}"#,
    )
    .network_get("db", None)
    .unwrap();
    assert_eq!((found.bind_address(), found.ingress_address()), (Some("10.1.2.3"), Some("app.example")));
    assert_eq!(found.bind_addresses[0].interface_name, "eth0");
    assert_eq!(found.egress_subnets, ["10.1.2.3/32"]);
    let old = printing(
        r#"{"bind-addresses":[{"addresses":null},{"addresses":[{"address":"10.1.2.3"}]}],"egress-subnets":null}"#,
    )
    .network_get("db", None)
    .unwrap();
    assert_eq!((old.bind_address(), old.ingress_address()), (Some("10.1.2.3"), None));
    assert!(printing("{}").network_get("db", None).unwrap().bind_addresses.is_empty());
}

#[test]
fn a_goal_state_tells_applications_from_units() {
    let found = printing(
        r#"{"units":{"app/0":{"status":"active","since":"2025-04-03 20:05:33Z"},"app/1":{"status":"dying"}},
            "relations":{"db":{"pg":{"status":"joined","since":"2025-04-03T20:05:33Z"},
                               "pg/0":{"status":"waiting","since":""}}}}"#,
    )
    .goal_state()
    .unwrap();
    assert_eq!(found.planned_units(), 1);
    assert_eq!(found.units[&UnitName::parse("app/0").unwrap()].since.unwrap().unix_seconds(), 1_743_710_733);
    let db = &found.relations[&EndpointName::parse("db").unwrap()];
    assert_eq!(db.applications[&AppName::parse("pg").unwrap()].status, "joined");
    assert_eq!(db.units[&unit()].since, None);
    assert!(printing(r#"{"units":{},"relations":{}}"#).goal_state().unwrap().relations.is_empty());
}

#[test]
fn what_is_known_of_a_secret_is_read() {
    let info = printing(
        r#"{"9m4e2mr0ui3e8a215n4g":{"revision":2,"label":"db","owner":"application","description":"d",
            "rotation":"daily","expiry":"2026-01-01T00:00:00Z","rotates":"2026-01-01T00:00:00.123Z",
            "access":[{"target":"application-pg","scope":"relation-app.db#pg.db","role":"view"}]}}"#,
    )
    .secret_info_get(SecretRef::Label("db"))
    .unwrap();
    assert_eq!((info.id.as_str(), info.revision.get()), ("9m4e2mr0ui3e8a215n4g", 2));
    assert_eq!((info.owner, info.rotation), (SecretOwner::Application, Some(RotatePolicy::Daily)));
    assert_eq!(info.expiry, info.rotates);
    assert_eq!(info.access[0].target, "application-pg");
    let bare = printing(r#"{"9m4e2mr0ui3e8a215n4g":{"revision":1,"label":"","owner":"unit"}}"#)
        .secret_info_get(SecretRef::Uri(&secret()))
        .unwrap();
    assert_eq!((bare.label, bare.rotation, bare.expiry), (None, None, None));
    for wrong in [
        "{}",
        r#"{"short":{"revision":1,"label":"","owner":"unit"}}"#,
        r#"{"9m4e2mr0ui3e8a215n4g":{"revision":0,"label":"","owner":"unit"}}"#,
        r#"{"9m4e2mr0ui3e8a215n4g":{"revision":1,"label":"","owner":"model"}}"#,
    ] {
        assert!(printing(wrong).secret_info_get(SecretRef::Label("db")).is_err(), "{wrong}");
    }
}

#[test]
fn a_secret_is_read_as_text_or_as_bytes() {
    let content = printing(r#"{"password":"hunter2","empty":""}"#).secret_get(&secret()).unwrap();
    assert_eq!((content["password"].expose(), content["empty"].expose()), ("hunter2", ""));
    let bytes = printing("\"AP+A\"\n").secret_get_bytes(&secret(), Tracking::Peek, "key").unwrap();
    assert_eq!(bytes, [0, 0xff, 0x80]);
}

#[test]
fn a_cloud_is_read_with_its_credential() {
    let cloud = printing(
        r#"{"type":"openstack","name":"c","region":"r","endpoint":"e","identity-endpoint":"i",
            "storage-endpoint":"s","credential":{"auth-type":"userpass","attrs":{"user":"u"},"redacted":["password"]},
            "cacertificates":["pem"],"skip-tls-verify":true,"is-controller-cloud":true}"#,
    )
    .credential_get()
    .unwrap();
    let credential = cloud.credential.unwrap();
    assert_eq!((credential.auth_type.as_str(), credential.attributes["user"].expose()), ("userpass", "u"));
    assert_eq!(credential.redacted, ["password"]);
    assert_eq!(cloud.identity_endpoint.as_deref(), Some("i"));
    assert!(cloud.skip_tls_verify && cloud.is_controller_cloud && cloud.ca_certificates.is_some());
    assert!(printing(r#"{"type":"lxd","name":"c"}"#).credential_get().unwrap().credential.is_none());
}

#[test]
fn storage_resources_and_addresses_are_read() {
    let id = StorageId::parse("data/1").unwrap();
    let found = printing(r#"{"kind":"block","location":"/dev/sdb"}"#).storage_get(&id).unwrap();
    assert_eq!((found.kind, found.location.to_str()), (StorageKind::Block, Some("/dev/sdb")));
    assert_eq!(printing(r#"["data/0","data/1"]"#).storage_list(None).unwrap()[1], id);
    assert_eq!(printing("/srv/image.yaml").resource_get("image").unwrap().to_str(), Some("/srv/image.yaml"));
    assert_eq!(printing("\"10.0.0.1\"").unit_get(UnitAddress::Public).unwrap(), "10.0.0.1");
    let model =
        printing(r#"{"uuid":"11111111-2222-4333-8444-555555555555"}"#).relation_model_get(DB).unwrap();
    assert_eq!(model.as_str(), "11111111-2222-4333-8444-555555555555");
}

/// Every command that reads. The answers are looked at as far as a caller can.
fn read_everything(juju: &HookCommands) -> Vec<Result<String, Error>> {
    let shown = |value: &dyn std::fmt::Debug| format!("{value:?}");
    let unit = unit();
    let app = AppName::parse("pg").unwrap();
    let mut all = vec![
        juju.config_get().map(|found| shown(&found)),
        juju.config_get_all().map(|found| shown(&found)),
        juju.config_get_key("k").map(|found| shown(&found)),
        juju.is_leader().map(|found| shown(&found)),
        juju.relation_ids("db").map(|found| shown(&found)),
        juju.relation_app(DB).map(|found| shown(&found)),
        juju.relation_units(DB).map(|found| shown(&found)),
        juju.relation_get(DB, BagOf::Application(&app)).map(|found| shown(&found)),
        juju.relation_get_key(DB, BagOf::Unit(&unit), "k").map(|found| shown(&found)),
        juju.relation_model_get(DB).map(|found| shown(&found)),
        juju.leader_get().map(|found| shown(&found)),
        juju.status_get().map(|found| shown(&found)),
        juju.status_found().map(|found| shown(&found)),
        juju.application_status_get().map(|found| shown(&found)),
        juju.opened_ports().map(|found| shown(&found)),
        juju.opened_ports_by_endpoint().map(|found| shown(&found)),
        juju.network_get("db", None).map(|found| format!("{:?}{:?}", found.bind_address(), found)),
        juju.unit_get(UnitAddress::Private).map(|found| shown(&found)),
        juju.goal_state().map(|found| format!("{}{found:?}", found.planned_units())),
        juju.credential_get().map(|found| shown(&found)),
        juju.resource_get("file").map(|found| shown(&found)),
        juju.state_get().map(|found| shown(&found)),
        juju.state_get_key("k").map(|found| shown(&found)),
        juju.storage_list(None).map(|found| shown(&found)),
        juju.storage_get(&StorageId::parse("data/0").unwrap()).map(|found| shown(&found)),
        juju.secret_get(&secret()).map(|found| shown(&found)),
        juju.secret_get_bytes(&secret(), Tracking::Tracked, "key").map(|found| shown(&found)),
        juju.secret_ids().map(|found| shown(&found)),
        juju.secret_info_get(SecretRef::Label("x")).map(|found| shown(&found)),
        juju.action_get().map(|found| shown(&found)),
        juju.action_get_key("k").map(|found| shown(&found)),
    ];
    all.extend(juju.relation_get_units(DB, &[unit]).into_iter().map(|bag| bag.map(|found| shown(&found))));
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_output_makes_a_read_panic(stdout in proptest::collection::vec(any::<u8>(), 0..64)) {
        read_everything(&printing(stdout));
    }

    #[test]
    fn no_json_makes_a_read_panic(
        stdout in "(\\{\"(units|relations|status|application-status|bind-addresses|[0-9a-v]{19}[0g]|credential|uuid|db)\":)?(\\[|\\{\"(a/[0-9]|pg|addresses|since|status|revision|attrs)\":)?(null|true|-?[0-9]{1,24}(\\.[0-9]e[0-9]{1,4})?|\"[^\"\\\\]{0,12}\"|\"[0-9]{1,5}(-[0-9]{1,6})?/(tcp|udp)( \\([a-z*, ]{0,6}\\))?\"|\"[a-z]{0,3}:[0-9]{0,21}\"|\\[\\]|\\{\\})(\\]|\\}){0,3}"
    ) {
        read_everything(&printing(stdout));
    }

    #[test]
    fn no_failure_makes_a_read_panic(code: i32, stderr in ".{0,80}|(WARNING x\n)?ERROR .{0,40}") {
        let reply = charmwright_hookcmds::Reply { code, stdout: Vec::new(), stderr };
        for result in read_everything(&fake::replying(reply).0) {
            if let Err(error) = result {
                let _ = (error.kind(), error.to_string());
            }
        }
    }

    #[test]
    fn bags_come_back_as_juju_prints_them(bag: Bag) {
        let printed = serde_json::to_string(&bag).unwrap();
        prop_assert_eq!(printing(printed.clone()).relation_get(DB, BagOf::Unit(&unit())).unwrap(), bag.clone());
        prop_assert_eq!(printing(printed).state_get().unwrap(), bag);
    }
}

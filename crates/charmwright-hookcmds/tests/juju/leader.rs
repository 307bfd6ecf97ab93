//! A leader: everything that can be read and written.

use std::num::NonZeroU32;

use charmwright_event::{EndpointName, RelationId, StorageId, StorageKind, StorageName, UnitName};
use charmwright_hookcmds::{
    Bag, BagOf, BagOwner, EndpointPorts, ErrorKind, FoundStatusKind, LogLevel, OpenedPort, PortRange, Reboot,
    Status, StatusKind, UnitAddress,
};
use serde_json::{Value, json};

use crate::peer::{Peer, charm, hook};

const DB: RelationId = RelationId::new(3);

fn model() -> Value {
    json!({
        "name": "dev", "uuid": "11111111-2222-4333-8444-555555555555", "type": "iaas", "leader": true, "trust": true,
        "config": {"name": "x", "count": 3},
        "config_schema": {"name": {"type": "string"}, "count": {"type": "int"}, "unset": {"type": "string"}},
        "relations": [
            {"id": 3, "endpoint": "db", "role": "provider", "interface": "pg", "remote_app": "pg",
             "remote_model_uuid": "22222222-2222-4333-8444-555555555555", "remote_app_bag": {"version": "14"}, "local_unit_bag": {"own": "1"},
             "units": {"pg/0": {"host": "a"}, "pg/10": {"host": "b"}, "pg/2": {}}},
            {"id": 12, "endpoint": "db", "role": "provider", "interface": "pg", "remote_app": "other", "units": {}},
            {"id": 7, "endpoint": "web", "role": "provider", "interface": "http", "remote_app": "old", "gone": true,
             "units": {"old/0": {}}}],
        "storage": [{"id": "data/0", "kind": "filesystem", "location": "/srv"},
                    {"id": "data/1", "kind": "filesystem", "unprovisioned": true}],
        "storage_limits": {"data": {"min": 0, "max": 5}},
        "networks": {"db": {"bind-addresses": [{"mac-address": "aa", "interface-name": "eth0",
            "addresses": [{"hostname": "", "value": "10.1.2.3", "cidr": "10.1.2.0/24"}]}],
            "ingress-addresses": ["10.1.2.3"], "egress-subnets": ["10.1.2.3/32"]}},
        "ports": [{"endpoint": "", "protocol": "tcp", "from": 80, "to": 80}],
        "goal_state": {"units": {"app/0": {"status": "active", "since": "2025-04-03T20:05:33Z"}},
                       "relations": {"db": {"pg": {"status": "joined", "since": "2025-04-03T20:05:33Z"},
                                            "pg/0": {"status": "active", "since": "2025-04-03T20:05:33Z"}}}},
        "unit_status": {"status": "waiting", "message": "for pg"},
        "app_status": {"status": "active", "message": "all"},
        "resources": {"file": concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")},
        "charm_state": {"old": "1"}, "leader_settings": {"a": "1"},
        "public_address": "1.2.3.4", "private_address": "10.1.2.3",
        "cloud_spec": {"type": "openstack", "name": "c",
                       "credential": {"auth-type": "userpass", "attrs": {"password": "hunter2"}}},
    })
}

#[test]
fn a_leader_reads_and_writes_everything() {
    let mut peer = Peer::new("leader::does_everything", &model());
    let answer = peer.run(&hook("config-changed"));
    let committed = &answer["committed"];
    let relation = &committed["relations"]["3"];
    assert_eq!(relation["local_unit_bag"]["key"], "p \u{2028} q\u{85}\u{7f} é😀/\"\\\n", "{committed}");
    assert_eq!(relation["local_unit_bag"].get("own"), None);
    assert_eq!(relation["local_app_bag"]["ready"], "yes");
    assert_eq!(committed["charm_state"], json!({"new": "", "null": "null"}));
    assert_eq!(committed["workload_version"], "-1.0");
    assert_eq!(committed["unit_status"]["message"], "--no relation");
    assert_eq!(committed["app_status"]["status"], "maintenance");
    assert_eq!(committed["leader_settings"], json!({"b": "2 = two"}));
    assert!(answer["log"].to_string().contains("-- a message"), "{}", answer["log"]);
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn does_everything() {
    reads();
    writes();
    fails();
}

fn bag(pairs: &[(&str, &str)]) -> Bag {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn unit(name: &str) -> UnitName {
    UnitName::parse(name).unwrap()
}

fn reads() {
    let (_, juju) = charm();
    assert_eq!(juju.config_get().unwrap()["count"], 3);
    assert_eq!(juju.config_get_all().unwrap()["unset"], Value::Null);
    assert_eq!(juju.config_get_key("name").unwrap(), Some("x".into()));
    assert_eq!(juju.config_get_key("nope").unwrap(), None);
    assert!(juju.is_leader().unwrap());
    assert_eq!(juju.relation_ids("db").unwrap(), [RelationId::new(12), DB]);
    assert!(juju.relation_ids("nope").unwrap().is_empty());
    assert_eq!(juju.relation_app(DB).unwrap(), "pg");
    let units = juju.relation_units(DB).unwrap();
    assert_eq!(units, [unit("pg/0"), unit("pg/10"), unit("pg/2")]);
    let bags: Vec<Bag> = juju.relation_get_units(DB, &units).into_iter().map(Result::unwrap).collect();
    assert_eq!(bags, [bag(&[("host", "a")]), bag(&[("host", "b")]), bag(&[])]);
    assert_eq!(juju.relation_model_get(DB).unwrap(), "22222222-2222-4333-8444-555555555555");
    let file = std::fs::read_to_string(juju.resource_get("file").unwrap()).unwrap();
    assert!(file.contains("charmwright-hookcmds"));
    let app = juju.relation_app(DB).unwrap();
    assert_eq!(juju.relation_get_app(DB, &app).unwrap(), bag(&[("version", "14")]));
    let host = |key| juju.relation_get_key(DB, BagOf::Unit(&units[0]), key).unwrap();
    assert_eq!((host("host").as_deref(), host("nope")), (Some("a"), None));
    assert_eq!(juju.relation_get(DB, BagOf::Unit(&unit("app/0"))).unwrap()["own"], "1");
    let found = juju.status_found().unwrap();
    assert_eq!(
        (found.kind, found.message.as_str()),
        (FoundStatusKind::Settable(StatusKind::Waiting), "for pg")
    );
    let found = juju.application_status_get().unwrap();
    assert_eq!(found.application.message, "all");
    assert!(found.units.contains_key(&unit("app/0")), "{found:?}");
    assert_eq!(juju.opened_ports().unwrap(), [OpenedPort::tcp(80)]);
    let ports = juju.opened_ports_by_endpoint().unwrap();
    assert_eq!(ports, [EndpointPorts::parse("80/tcp (*)").unwrap()]);
    let network = juju.network_get("db", None).unwrap();
    assert_eq!((network.bind_address(), network.ingress_address()), (Some("10.1.2.3"), Some("10.1.2.3")));
    assert_eq!(juju.network_get("db", Some(DB)).unwrap(), network);
    assert_eq!(juju.unit_get(UnitAddress::Public).unwrap(), "1.2.3.4");
    assert_eq!(juju.unit_get(UnitAddress::Private).unwrap(), "10.1.2.3");
    let goal = juju.goal_state().unwrap();
    let since = goal.units[&unit("app/0")].since.unwrap();
    assert_eq!((goal.planned_units(), since.to_string().as_str()), (1, "2025-04-03T20:05:33Z"));
    assert_eq!(goal.relations[&EndpointName::parse("db").unwrap()].units[&unit("pg/0")].status, "active");
    let cloud = juju.credential_get().unwrap();
    assert_eq!(cloud.credential.unwrap().attributes["password"].expose(), "hunter2");
    assert_eq!(juju.state_get().unwrap(), bag(&[("old", "1")]));
    assert_eq!(juju.state_get_key("old").unwrap().as_deref(), Some("1"));
    assert_eq!(juju.state_get_key("nope").unwrap(), None);
    assert_eq!(juju.leader_get().unwrap(), bag(&[("a", "1")]));
    let data = StorageName::parse("data").unwrap();
    let ids = juju.storage_list(Some(&data)).unwrap();
    assert_eq!(ids[0], StorageId::parse("data/0").unwrap());
    assert_eq!(juju.storage_list(None).unwrap(), ids);
    let storage = juju.storage_get(&ids[0]).unwrap();
    assert_eq!((storage.kind, storage.location.to_str()), (StorageKind::Filesystem, Some("/srv")));
}

fn writes() {
    let (_, juju) = charm();
    let text = bag(&[("key", "p \u{2028} q\u{85}\u{7f} é😀/\"\\\n"), ("own", "")]);
    juju.relation_set(DB, BagOwner::Unit, &text).unwrap();
    assert_eq!(juju.relation_get(DB, BagOf::Unit(&unit("app/0"))).unwrap()["key"], text["key"]);
    let long = "k".repeat(1_020);
    juju.relation_set(DB, BagOwner::Application, &bag(&[("ready", "yes"), (&long, "v")])).unwrap();
    let escaped = "\u{85}".repeat(170);
    juju.relation_set(DB, BagOwner::Application, &bag(&[(&long, ""), (&escaped, "v")])).unwrap();
    juju.relation_set(DB, BagOwner::Application, &bag(&[(&escaped, "")])).unwrap();
    juju.state_set(&bag(&[("new", ""), ("null", "null"), (&"k".repeat(256), &"v".repeat(65_536))])).unwrap();
    juju.state_delete("old").unwrap();
    juju.state_delete(&"k".repeat(256)).unwrap();
    assert_eq!(juju.state_get_key("new").unwrap().as_deref(), Some(""));
    juju.leader_set(&bag(&[("a", ""), ("b", "2 = two")])).unwrap();
    juju.status_set(&Status { kind: StatusKind::Blocked, message: "--no relation".to_owned() }).unwrap();
    juju.application_status_set(&Status { kind: StatusKind::Maintenance, message: String::new() }).unwrap();
    juju.application_version_set("-1.0").unwrap();
    juju.juju_log(LogLevel::Critical, "-- a message").unwrap();
    let endpoints = ["db", "web"].map(|name| EndpointName::parse(name).unwrap());
    juju.open_port(OpenedPort { to: 8_999, ..OpenedPort::tcp(8_000) }).unwrap();
    juju.open_port_for(OpenedPort::tcp(443).into(), &endpoints).unwrap();
    juju.open_port_for(PortRange::Icmp, &[]).unwrap();
    juju.close_port(OpenedPort::tcp(80)).unwrap();
    let open: Vec<_> = ["icmp (*)", "443/tcp (db, web)", "8000-8999/tcp (*)"]
        .iter()
        .map(|text| EndpointPorts::parse(text).unwrap())
        .collect();
    assert_eq!(juju.opened_ports_by_endpoint().unwrap(), open);
    let two = NonZeroU32::new(2).unwrap();
    juju.storage_add(&StorageName::parse("data").unwrap(), two).unwrap();
    juju.juju_reboot(Reboot::AfterHook).unwrap();
}

fn fails() {
    let (_, juju) = charm();
    let gone = RelationId::new(7);
    let unknown = RelationId::new(9);
    for (kind, error) in [
        (ErrorKind::NotFound, juju.relation_app(unknown).unwrap_err()),
        (ErrorKind::NotFound, juju.relation_set(unknown, BagOwner::Unit, &bag(&[])).unwrap_err()),
        (ErrorKind::NotFound, juju.network_get("db", Some(unknown)).unwrap_err()),
        (ErrorKind::NotFound, juju.network_get("nope", None).unwrap_err()),
        (ErrorKind::NotFound, juju.relation_get(DB, BagOf::Unit(&unit("pg/9"))).unwrap_err()),
        (ErrorKind::NotFound, juju.storage_get(&StorageId::parse("data/9").unwrap()).unwrap_err()),
        (ErrorKind::NotReady, juju.storage_get(&StorageId::parse("data/1").unwrap()).unwrap_err()),
        (ErrorKind::Denied, juju.relation_get(gone, BagOf::Unit(&unit("old/0"))).unwrap_err()),
        (ErrorKind::Denied, juju.relation_set(gone, BagOwner::Unit, &bag(&[("a", "b")])).unwrap_err()),
        (ErrorKind::Denied, juju.relation_get(DB, BagOf::Unit(&unit("foreign/0"))).unwrap_err()),
        (
            ErrorKind::Conflict,
            juju.open_port(OpenedPort { to: 8_500, ..OpenedPort::tcp(8_400) }).unwrap_err(),
        ),
        (ErrorKind::NotInAction, juju.action_get().unwrap_err()),
        (ErrorKind::NotInAction, juju.action_set(&bag(&[("k", "v")])).unwrap_err()),
        (ErrorKind::NotInAction, juju.action_log("x").unwrap_err()),
        (ErrorKind::NotInAction, juju.action_fail("x").unwrap_err()),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert!(juju.resource_get("nope").is_err());
}

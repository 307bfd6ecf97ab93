//! A unit that does not lead.

use charmwright_event::{AppName, RelationId};
use charmwright_hookcmds::{Bag, BagOf, BagOwner, ErrorKind, NewSecret, SecretContent, Sensitive, Status};
use serde_json::json;

use crate::peer::{Peer, charm, hook};

#[test]
fn a_follower_is_told_that_it_does_not_lead() {
    let model = json!({
        "type": "caas", "leader": false,
        "relations": [{"id": 3, "endpoint": "db", "role": "provider", "interface": "pg", "remote_app": "pg",
                       "units": {"pg/0": {}}},
                      {"id": 4, "endpoint": "peers", "role": "peer", "interface": "p", "remote_app": "app",
                       "local_app_bag": {"shared": "1"}, "units": {"app/1": {}}}],
    });
    Peer::new("follower::follows", &model).run(&hook("config-changed"));
}

#[test]
#[ignore = "is the charm that another test has Juju run"]
fn follows() {
    let (context, juju) = charm();
    let app: &AppName = context.unit.application();
    let (db, peers) = (RelationId::new(3), RelationId::new(4));
    let bag = Bag::from([("key".to_owned(), "value".to_owned())]);
    let mut values = SecretContent::default();
    values.insert("key", &Sensitive::new("value")).unwrap();
    assert!(!juju.is_leader().unwrap());
    for (kind, error) in [
        (ErrorKind::NotLeader, juju.relation_set(db, BagOwner::Application, &bag).unwrap_err()),
        (ErrorKind::NotLeader, juju.application_status_get().unwrap_err()),
        (ErrorKind::NotLeader, juju.application_status_set(&Status::active()).unwrap_err()),
        (ErrorKind::NotLeader, juju.secret_add(&NewSecret::new(values)).unwrap_err()),
        (ErrorKind::NotLeader, juju.leader_set(&bag).unwrap_err()),
        (ErrorKind::Denied, juju.relation_get(db, BagOf::Application(app)).unwrap_err()),
        (ErrorKind::Denied, juju.credential_get().unwrap_err()),
    ] {
        assert_eq!(error.kind(), kind, "{error}");
    }
    assert_eq!(juju.relation_get(peers, BagOf::Application(app)).unwrap()["shared"], "1");
    assert_eq!(juju.relation_app(peers).unwrap(), *app);
    juju.relation_set(db, BagOwner::Unit, &bag).unwrap();
}

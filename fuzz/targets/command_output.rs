//! What hook commands print: any bytes, as the answer to every command. The first byte is the exit code.

#![no_main]

use charmwright_event::{AppName, RelationId, SecretUri, StorageId, UnitName};
use charmwright_hookcmds::{
    BagOf, Call, Error, HookCommands, Reply, SecretRef, Tracking, Transport, TransportError, UnitAddress,
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug)]
struct Always(Reply);

impl Transport for Always {
    fn call(&self, _: &Call) -> Result<Reply, TransportError> {
        Ok(self.0.clone())
    }
}

/// Values can be shown, and errors can be told.
fn seen<T: std::fmt::Debug>(result: Result<T, Error>) {
    match result {
        Ok(value) => drop(format!("{value:?}")),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let _ = (error.kind(), format!("{error:?}"));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&code, output)) = bytes.split_first() else { return };
    let stderr = String::from_utf8_lossy(output).into_owned();
    let juju = HookCommands::new(Always(Reply { code: code.into(), stdout: output.to_vec(), stderr }));
    let (Ok(relation), Ok(app), Ok(unit)) =
        (RelationId::parse("db:1"), AppName::parse("pg"), UnitName::parse("pg/0"))
    else {
        return;
    };
    let (Ok(secret), Ok(storage)) =
        (SecretUri::parse("secret:9m4e2mr0ui3e8a215n4g"), StorageId::parse("data/0"))
    else {
        return;
    };

    seen(juju.action_get());
    seen(juju.action_get_key("a"));
    seen(juju.application_status_get());
    seen(juju.config_get());
    seen(juju.config_get_all());
    seen(juju.config_get_key("a"));
    seen(juju.credential_get());
    seen(juju.goal_state());
    seen(juju.is_leader());
    seen(juju.leader_get());
    seen(juju.network_get("db", Some(relation)));
    seen(juju.opened_ports());
    seen(juju.opened_ports_by_endpoint());
    seen(juju.relation_app(relation));
    seen(juju.relation_get(relation, BagOf::Application(&app)));
    seen(juju.relation_get_key(relation, BagOf::Unit(&unit), "a"));
    juju.relation_get_units(relation, &[unit.clone(), unit.clone()]).into_iter().for_each(seen);
    seen(juju.relation_ids("db"));
    seen(juju.relation_model_get(relation));
    seen(juju.relation_units(relation));
    seen(juju.resource_get("image"));
    seen(juju.secret_get_bytes(&secret, Tracking::Peek, "a"));
    seen(juju.secret_ids());
    seen(juju.secret_info_get(SecretRef::Uri(&secret)));
    seen(juju.secret_read(SecretRef::Uri(&secret), Tracking::Peek));
    seen(juju.state_get());
    seen(juju.state_get_key("a"));
    seen(juju.status_found());
    seen(juju.status_get());
    seen(juju.storage_get(&storage));
    seen(juju.storage_list(None));
    seen(juju.unit_get(UnitAddress::Private));
    seen(juju.juju_log(charmwright_hookcmds::LogLevel::Info, "text"));
});

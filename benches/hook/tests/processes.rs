//! How many processes a hook starts, `dispatch` included: exact, whatever the number of remote units.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use charmwright_sim::agent::{Agent, Setup};
use charmwright_sim::model::Bag;
use charmwright_sim::record::Record;
use charmwright_sim::remote::Remote;
use serde_json::json;

/// The most processes that a hook may start, `dispatch` included.
const PROCESSES_MAX: usize = 12;

/// What the related applications do: they answer whoever has asked.
const REMOTES: &str = "
pg: {answers: {when: [requested], bag: {requested: '{requested}', address: pg}, secrets: {secret-user: {password: pppp}}}}
redis: {answers: {when: [requested], bag: {requested: '{requested}', address: redis}}}
";

/// A unit with two related applications and peers, each of `units` units that have joined long ago.
fn unit(dispatch: &str, units: usize) -> Agent {
    let charm = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tool = Path::new(dispatch).with_file_name("charmwright-sim-tool");
    assert!(tool.is_file(), "{} is not built; `cargo xtask test` does that", tool.display());
    let mut agent = Agent::new(&Setup {
        charm: charm.to_owned(),
        dispatch: Some(PathBuf::from(dispatch)),
        tool,
        model: "dev".to_owned(),
        leader: true,
        remotes: serde_yaml::from_str::<BTreeMap<String, Remote>>(REMOTES).unwrap(),
        ..Setup::default()
    })
    .unwrap();
    agent.integrate("database", "pg").unwrap();
    agent.integrate("cache", "redis").unwrap();
    let model = agent.model_mut();
    let ids: Vec<i64> = model.relations().iter().map(|one| one.id).collect();
    for id in ids {
        let relation = model.relation_mut(id).unwrap();
        let names: Vec<String> =
            (1..=units).map(|number| format!("{}/{number}", relation.remote_app)).collect();
        let bag = Bag::from([("host".to_owned(), "10.0.0.1".to_owned())]);
        relation.units = Some(names.iter().map(|name| (name.clone(), Some(bag.clone()))).collect());
        relation.members = Some(names.clone());
        if relation.role == "peer" {
            relation.local_app_bag = Some(Bag::from([("name".to_owned(), "cluster".to_owned())]));
        }
        model.worker.note_members(id, &names);
    }
    agent
}

fn settle(agent: &mut Agent) -> Vec<Record> {
    std::iter::from_fn(|| agent.step().unwrap()).collect()
}

/// The processes of a config-changed after which nothing has to be written.
fn processes(dispatch: &str, units: usize) -> usize {
    let mut agent = unit(dispatch, units);
    let all = settle(&mut agent);
    assert_eq!(agent.model().status().to_string(), "active", "{:#?}", all.last());
    if dispatch.ends_with("bench-app-bags") {
        for record in &all {
            assert!(record.processes <= PROCESSES_MAX, "{}: {:#?}", record.event, record.commands);
        }
    }
    agent.set_config(&[("name".to_owned(), json!("other"))].into()).unwrap();
    let changed = settle(&mut agent);
    assert_eq!(changed[0].event, "config-changed");
    assert!(changed[0].processes <= PROCESSES_MAX || !dispatch.ends_with("bench-app-bags"));
    agent.tick();
    let quiet = settle(&mut agent);
    assert_eq!((quiet.len(), quiet[0].writes.len()), (1, 0), "{:#?}", quiet[0]);
    quiet[0].processes
}

#[test]
fn with_applications_bags_only_any_number_of_remote_units_costs_the_same() {
    let counts = [1, 10, 200].map(|units| processes(env!("CARGO_BIN_EXE_bench-app-bags"), units));
    // dispatch, two relation-ids, three relation-get, secret-get, config-get, status-get
    assert_eq!(counts, [9, 9, 9]);
}

#[test]
fn every_units_bag_is_one_process_more_and_each_relation_one_for_their_names() {
    let counts = [1, 10].map(|units| processes(env!("CARGO_BIN_EXE_bench-unit-bags"), units));
    assert_eq!(counts, [1, 10].map(|units| 9 + 3 + 3 * units));
}

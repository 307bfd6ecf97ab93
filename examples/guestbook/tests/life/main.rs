//! The guestbook's whole life, run as Juju runs it, on real Pebble daemons.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod crashes;
mod stage;

use charmwright_sim::record::Record;
use charmwright_sim::scenario::Scenario;
use stage::{Records, Stage, charm, dispatch, setup, setup_without_a_pebble};

/// The most processes that a hook may start, `dispatch` included.
const PROCESSES_MAX: usize = 12;
/// And in the first hook of a new pod, whose charm folder remembers nothing.
const FIRST_OF_POD_MAX: usize = 14;

fn check_budget(records: &[Record]) {
    for record in records {
        let Record { event, processes, commands, .. } = record;
        let most = if event == "upgrade-charm" { FIRST_OF_POD_MAX } else { PROCESSES_MAX };
        assert!(*processes <= most, "{event} started {processes} processes: {commands:#?}");
    }
}

#[test]
fn the_demo_holds_all_that_it_promises() {
    let text = std::fs::read_to_string(charm().join("scenarios/demo.yaml")).unwrap();
    let scenario = Scenario::parse(&text).unwrap();
    let mut play = charmwright_sim::play::Play::new(&scenario, &setup(&dispatch())).unwrap();
    let mut records = Records::default();
    assert!(play.run(&scenario, &mut records).unwrap());
    check_budget(&records.0);
    let failed: Vec<_> = records.0.iter().filter(|record| record.failed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for record in &records.0 {
        let told = format!("{:?}{:?}{:?}", record.log, record.commands, record.writes);
        assert!(!told.contains("correct-horse"), "{} tells the password", record.event);
    }
}

#[test]
fn the_demo_holds_it_with_the_simulators_own_pebble_too() {
    let text = std::fs::read_to_string(charm().join("scenarios/demo.yaml")).unwrap();
    let scenario = Scenario::parse(&text).unwrap();
    let mut play = charmwright_sim::play::Play::new(&scenario, &setup_without_a_pebble(&dispatch())).unwrap();
    let mut records = Records::default();
    assert!(play.run(&scenario, &mut records).unwrap());
    check_budget(&records.0);
    let failed: Vec<_> = records.0.iter().filter(|record| record.failed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn it_survives_crashes_a_new_pod_and_what_juju_loses() {
    survives_its_life(&setup(&dispatch()));
}

#[test]
fn it_survives_them_with_the_simulators_own_pebble_too() {
    survives_its_life(&setup_without_a_pebble(&dispatch()));
}

fn survives_its_life(setup: &charmwright_sim::agent::Setup) {
    let text = std::fs::read_to_string(charm().join("scenarios/life.yaml")).unwrap();
    let scenario = Scenario::parse(&text).unwrap();
    let mut play = charmwright_sim::play::Play::new(&scenario, setup).unwrap();
    let mut records = Records::default();
    assert!(play.run(&scenario, &mut records).unwrap());
    check_budget(&records.0);
    let told =
        |part: &str| records.0.iter().any(|record| record.remarks.iter().any(|one| one.contains(part)));
    assert!(told("the agent dies after Uniter.SetState") && told("Juju 3.6.11"), "{:#?}", records.0);
}

#[test]
fn no_hook_of_any_order_starts_too_many_processes() {
    let mut stage = Stage::new(&setup(&dispatch()));
    // Everything is made pending before the first hook, with an option that is wrong at first.
    let mut records = stage.does(
        "[{config: {server-port: 22}}, {integrate: {endpoint: database, with: pg}},
          {integrate: {endpoint: metrics-endpoint, with: prometheus}}, deploy, {expect: {status: blocked}},
          {config: {server-port: 8081, greeting: Hi}}, {expect: {status: active}},
          {config: {server-port: 22}}, {config: {server-port: 8082}}, {expect: {status: active, ports: [8082/tcp]}},
          {leader: false}, {config: {server-port: 8083}}, {expect: {status: active}},
          {leader: true}, {config: {server-port: 8084}}, {expect: {bags: {metrics-endpoint: {scrape_jobs: ':8084'}}}},
          upgrade-charm, {hook: a-hook-of-tomorrow}, update-status, {expect: {wrote: false}}]",
    );
    records.extend(stage.does("[remove-unit, {expect: {removed: true}}]"));
    check_budget(&records);
}

#[test]
fn after_each_change_one_more_hook_writes_nothing() {
    let mut stage = Stage::ready();
    for change in [
        "{config: {server-port: 8090}}",
        "{config: {greeting: Hello}}",
        "{restart-pebble: guestbook}",
        "{remotes: {pg: {answers: {when: [database], bag: {endpoints: 'other:5432'}, secrets: {secret-user: {username: a, password: bcde}}, echo: data}}}}",
        "{remove-relation: {endpoint: metrics-endpoint, with: prometheus}}",
        "{config: {server-port: 22}}",
    ] {
        stage.does(&format!("[{change}]"));
        for _ in 0..2 {
            let records = stage.does("[update-status]");
            assert_eq!(records.len(), 1);
            assert_eq!(records[0].writes, Vec::<String>::new(), "after {change}");
        }
    }
}

#[test]
fn what_it_remembers_spares_commands_and_changes_no_outcome() {
    let change = "[{config: {server-port: 9000}}, {expect: {status: active}}]";
    let mut remembering = Stage::ready();
    let with = remembering.does(change)[0].processes;
    let mut forgetful = Stage::ready();
    std::fs::remove_file(forgetful.agent().charm_dir().join(".charmwright.json")).unwrap();
    let without = forgetful.does(change)[0].processes;
    assert!(with < without, "{with} with a memory, {without} without");
    assert_eq!(forgetful.end_state(), remembering.end_state());
    assert_eq!(forgetful.does("[update-status]")[0].writes, Vec::<String>::new());
}

#[test]
fn a_rotated_password_reaches_the_workload_and_no_log() {
    let mut stage = Stage::ready();
    let records = stage.does(
        "[{remotes: {pg: {answers: {when: [database, requested-secrets],
            bag: {database: '{database}', endpoints: 'pg-primary.dev.svc.cluster.local:5432', version: '16.4'},
            secrets: {secret-user: {username: relation_2, password: rotated-secret}}, echo: data}}}},
          {expect: {status: active}}]",
    );
    assert_eq!(records[0].event, "secret-changed");
    let restarted =
        records.iter().filter(|record| format!("{:?}", record.plan).contains("restart guestbook")).count();
    assert_eq!(restarted, 1);
    assert!(!format!("{records:?}").contains("rotated-secret"));
}

#[test]
fn a_secret_that_is_not_granted_yet_is_waited_for() {
    let mut stage = Stage::ready();
    let remote = |grant: bool| {
        format!(
            "{{remotes: {{pg: {{answers: {{when: [database], bag: {{endpoints: 'pg:5432'}}, grant: {grant},
               secrets: {{secret-user: {{username: u, password: pppp}}}}, echo: data}}}}}}}}"
        )
    };
    stage.does(&format!("[{}, {{expect: {{status: waiting}}}}]", remote(false)));
    let status = stage.status();
    assert_eq!(
        status,
        "waiting: database: pg has not granted us the secret that it refers to in `secret-user` \
         (woken by database-relation-changed or update-status)"
    );
    stage.does(&format!("[{}, {{expect: {{status: active, within: 1}}}}]", remote(true)));
}

#[test]
fn a_databag_without_its_field_is_waited_for() {
    let mut stage = Stage::ready();
    stage.does(
        "[{remotes: {pg: {answers: {when: [database], bag: {version: '16'},
           secrets: {secret-user: {username: u, password: pppp}}, echo: data}}}}, {expect: {status: waiting}}]",
    );
    assert!(stage.status().contains("database: pg has not set `endpoints`"), "{}", stage.status());
}

#[test]
fn a_pebble_that_is_away_is_waited_for_and_what_was_wanted_meanwhile_is_done_when_it_is_back() {
    let mut stage = Stage::ready();
    let records =
        stage.does("[{stop-pebble: guestbook}, {config: {server-port: 8085}}, {expect: {status: waiting}}]");
    assert!(records.iter().all(|record| record.exit_code == Some(0)));
    assert_eq!(
        stage.status(),
        "waiting: guestbook: Pebble does not answer (woken by guestbook-pebble-ready)"
    );
    stage.does("[{start-pebble: guestbook}, {expect: {status: active, within: 1, ports: [8085/tcp]}}, {expect: {http: {port: 8085}}}]");
}

#[test]
fn a_workload_that_was_killed_runs_again() {
    let mut stage = Stage::ready();
    stage.does(
        "[{kill-workload: {container: guestbook, service: guestbook}},
          {expect: {http: {port: 8080, path: /health, status: 200}}}, update-status, {expect: {status: active}}]",
    );
}

#[test]
fn an_action_without_a_database_fails_with_the_reason() {
    let mut stage = Stage::new(&setup(&dispatch()));
    stage.does(
        "[deploy, {action: {name: show-database}},
          {expect: {action: {failed: true, message: 'database: nothing is related'}}}]",
    );
}

#[test]
fn the_released_charm_is_small_and_needs_little_memory() {
    let release = dispatch().ancestors().nth(2).unwrap().join("release/guestbook");
    assert!(release.is_file(), "{} is not built; `cargo xtask test` does that", release.display());
    let size = std::fs::metadata(&release).unwrap().len();
    assert!(size <= 4 * 1024 * 1024, "{size} bytes");
    let mut stage = Stage::new(&setup(&release));
    let records = stage.does(
        "[deploy, {integrate: {endpoint: database, with: pg}}, {integrate: {endpoint: metrics-endpoint, with: prometheus}},
          {expect: {status: active}}, {config: {server-port: 9000}}, {action: {name: show-database}}]",
    );
    let peak = records.iter().map(|record| record.peak_memory_kib).max().unwrap();
    assert!(peak > 0 && peak <= 5 * 1024, "{peak} KiB");
}

#[test]
fn the_charm_is_built_again_when_charmcraft_yaml_changes() {
    // What the compiler told Cargo that it has read, for each way that this charm was built here.
    let folder = dispatch().with_file_name("deps");
    let read = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let told = read.filter(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("guestbook-") && path.extension().is_some_and(|extension| extension == "d")
    });
    let told: Vec<String> = told.map(|path| std::fs::read_to_string(path).unwrap()).collect();
    assert!(
        told.iter().any(|text| text.contains("src/main.rs") && text.contains("guestbook/charmcraft.yaml"))
    );
}

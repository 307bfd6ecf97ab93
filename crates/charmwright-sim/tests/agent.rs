//! The agent with a charm in another language: a shell script that does what the test tells it.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use charmwright_sim::agent::{Agent, AgentError, Setup};
use charmwright_sim::record::Record;

const DECLARED: &str = "
name: shelly
config: {options: {port: {type: int, default: 80}}}
requires: {database: {interface: postgresql_client}}
actions: {greet: {params: {name: {type: string, default: you}}}}
";

struct Unit {
    agent: Agent,
    _charm: tempfile::TempDir,
}

/// A unit whose charm is `script`.
fn unit(script: &str) -> Unit {
    let charm = tempfile::tempdir().unwrap();
    fs::write(charm.path().join("charmcraft.yaml"), DECLARED).unwrap();
    let dispatch = charm.path().join("dispatch");
    fs::write(&dispatch, format!("#!/bin/sh\n{script}")).unwrap();
    fs::set_permissions(&dispatch, fs::Permissions::from_mode(0o755)).unwrap();
    let setup = Setup {
        charm: charm.path().to_owned(),
        tool: PathBuf::from(env!("CARGO_BIN_EXE_charmwright-sim-tool")),
        model: "dev".to_owned(),
        leader: true,
        ..Setup::default()
    };
    Unit { agent: Agent::new(&setup).unwrap(), _charm: charm }
}

impl Unit {
    /// Runs hooks until none is due.
    fn settle(&mut self) -> Vec<Record> {
        std::iter::from_fn(|| self.agent.step().unwrap()).collect()
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.agent.charm_dir().join(name)).unwrap()
    }
}

fn events(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.event.as_str()).collect()
}

#[test]
fn a_charm_gets_jujus_environment_and_nothing_else_and_runs_in_its_own_folder() {
    let mut unit = unit(
        "env -0 | tr '\\0' '\\n' | cut -d= -f1 | sort > names; env > values; pwd > folder; readlink /proc/$$/fd/0 > input\n",
    );
    let first = unit.agent.step().unwrap().unwrap();
    assert_eq!(first.event, "install");
    let names = unit.file("names");
    // The shell adds PWD, and some shells more; Juju's own are all there.
    let names: Vec<&str> =
        names.lines().filter(|name| !matches!(*name, "PWD" | "OLDPWD" | "SHLVL" | "_")).collect();
    assert_eq!(
        names,
        [
            "APT_LISTCHANGES_FRONTEND",
            "CHARM_DIR",
            "CLOUD_API_VERSION",
            "DEBIAN_FRONTEND",
            "JUJU_AGENT_SOCKET_ADDRESS",
            "JUJU_AGENT_SOCKET_NETWORK",
            "JUJU_API_ADDRESSES",
            "JUJU_AVAILABILITY_ZONE",
            "JUJU_CHARM_DIR",
            "JUJU_CHARM_FTP_PROXY",
            "JUJU_CHARM_HTTPS_PROXY",
            "JUJU_CHARM_HTTP_PROXY",
            "JUJU_CHARM_NO_PROXY",
            "JUJU_CONTEXT_ID",
            "JUJU_DISPATCH_PATH",
            "JUJU_HOOK_NAME",
            "JUJU_MACHINE_ID",
            "JUJU_MODEL_NAME",
            "JUJU_MODEL_UUID",
            "JUJU_PRINCIPAL_UNIT",
            "JUJU_SLA",
            "JUJU_UNIT_NAME",
            "JUJU_VERSION",
            "LANG",
            "PATH",
            "TERM",
        ]
    );
    let folder = unit.agent.charm_dir().display().to_string();
    assert_eq!(unit.file("folder").trim(), folder);
    assert!(unit.file("values").contains(&format!("JUJU_CHARM_DIR={folder}\n")));
    assert!(unit.file("values").contains("JUJU_HOOK_NAME=install\n"));
    assert_eq!(unit.file("input").trim(), "/dev/null");
}

#[test]
fn what_a_hook_writes_is_published_when_it_succeeds_and_dropped_when_it_fails() {
    let mut unit = unit(
        "case $JUJU_DISPATCH_PATH in
           hooks/database-relation-created)
             relation-set --app key=value; open-port 80; state-set a=b; status-set maintenance trying
             [ -e tried ] || { touch tried; exit 3; } ;;
         esac\n",
    );
    unit.settle();
    unit.agent.integrate("database", "pg").unwrap();
    let failed = unit.agent.step().unwrap().unwrap();
    assert_eq!((failed.event.as_str(), failed.exit_code), ("database-relation-created", Some(3)));
    let model = unit.agent.model();
    let id = model.relation_with("database", "pg").unwrap();
    assert!(model.own_bag(id).is_empty() && model.ports().is_empty() && model.charm_state().is_empty());
    assert_eq!(model.status().message, "trying", "a status takes effect at once");
    let retried = unit.agent.step().unwrap().unwrap();
    assert_eq!((retried.event.as_str(), retried.exit_code), ("database-relation-created", Some(0)));
    let model = unit.agent.model();
    assert_eq!(model.own_bag(id)["key"], "value");
    assert!(model.ports().contains("80/tcp") && model.charm_state()["a"] == "b");
}

#[test]
fn nothing_else_runs_while_a_hook_fails_and_the_agent_gives_up_in_the_end() {
    let mut unit = unit("[ $JUJU_HOOK_NAME = config-changed ] && exit 1\nexit 0\n");
    let mut seen = Vec::new();
    let error = loop {
        match unit.agent.step() {
            Ok(Some(record)) => seen.push(record.event),
            Ok(None) => panic!("it came to rest: {seen:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(
        seen,
        ["install", "leader-elected", "config-changed", "config-changed", "config-changed", "config-changed"]
    );
    assert!(matches!(&error, AgentError::KeepsFailing { event, .. } if event == "config-changed"), "{error}");
}

#[test]
fn a_charm_that_is_killed_is_run_again_and_what_it_had_written_is_dropped() {
    let mut unit = unit(
        "[ $JUJU_HOOK_NAME = start ] || exit 0
         relation-ids database; open-port 99; [ -e tried ] || { touch tried; kill -9 $$; }\n",
    );
    let records = unit.settle();
    assert_eq!(events(&records), ["install", "leader-elected", "config-changed", "start", "start"]);
    assert_eq!(records[3].exit_code, None);
    assert_eq!(records[3].writes, ["open-port 99"]);
}

#[test]
fn a_relation_is_told_in_jujus_order_and_its_data_can_be_read() {
    let mut unit = unit(
        "echo \"$JUJU_HOOK_NAME $JUJU_REMOTE_UNIT\" >> told
         [ -n \"$JUJU_RELATION_ID\" ] && { relation-list --format=json; relation-get ingress-address pg/0; relation-ids database; } >> read 2>&1
         exit 0\n",
    );
    unit.agent.integrate("database", "pg").unwrap();
    unit.settle();
    assert_eq!(
        unit.file("told"),
        "install \ndatabase-relation-created \nleader-elected \nconfig-changed \nstart \n\
         database-relation-joined pg/0\ndatabase-relation-changed pg/0\n"
    );
    let read = unit.file("read");
    assert!(
        read.contains("[]\n") && read.contains("[\"pg/0\"]\n") && read.contains("\n127.0.0.1\n"),
        "{read}"
    );
    unit.agent.remove_relation("database", "pg").unwrap();
    assert_eq!(events(&unit.settle()), ["database-relation-departed", "database-relation-broken"]);
}

#[test]
fn an_action_gets_its_parameters_and_its_results_come_back() {
    let mut unit = unit(
        "[ \"$JUJU_ACTION_NAME\" = greet ] || exit 0
         name=$(action-get name)
         [ $name = nobody ] && { action-fail \"nobody is there\"; exit 0; }
         action-set said=\"hello $name\"\n",
    );
    unit.settle();
    unit.agent.run_action("greet", &[("name".to_owned(), "nobody".into())].into()).unwrap();
    let failed = unit.settle().remove(0).action.unwrap();
    assert!(failed.failed && failed.message == "nobody is there");
    unit.agent.run_action("greet", &[].into()).unwrap();
    let answered = unit.settle().remove(0).action.unwrap();
    assert_eq!(answered.results["said"], "hello you");
    assert!(unit.agent.run_action("shout", &[].into()).is_err());
}

#[test]
fn what_juju_refuses_no_charm_sees() {
    let mut unit = unit("exit 0\n");
    let refused = |result: Result<(), AgentError>| result.unwrap_err().to_string();
    let value = |name: &str, value: serde_json::Value| [(name.to_owned(), value)].into();
    assert_eq!(
        refused(unit.agent.set_config(&value("port", "many".into()))),
        "`port` is of type int, and \"many\" is not"
    );
    assert_eq!(refused(unit.agent.set_config(&value("prot", 1.into()))), "there is no option `prot`");
    assert_eq!(
        refused(unit.agent.run_action("greet", &value("name", 1.into()))),
        "`name` is of type string, and 1 is not"
    );
    unit.agent.integrate("database", "pg").unwrap();
    assert_eq!(refused(unit.agent.integrate("database", "pg")), "database is related to pg already");
}

#[test]
fn hook_commands_answer_and_refuse_in_jujus_words() {
    let mut unit = unit(
        "[ $JUJU_HOOK_NAME = install ] || exit 0
         say() { \"$@\" > out 2> err; echo \"$? $(cat out) | $(cat err)\" >> said; }
         say config-get port
         say config-get --format=json
         say is-leader
         say relation-list
         say relation-get -r 9 - pg/0
         say relation-set --bogus
         say status-set happy
         say action-get
         say status-get --format=json
         say secret-get secret:nonsense
         say state-get
         printf '{\"a\": \"\\u00e9\"}' | say state-set --file -
         say state-get a
         say juju-log -l WARNING -- careful\n",
    );
    let record = unit.settle().remove(0);
    let said = unit.file("said");
    let expected = [
        "0 80 | ",
        "0 {\"port\":80} | ",
        "0 True | ",
        "2  | ERROR no relation id specified",
        "2  | ERROR invalid value \"9\" for option -r: relation not found",
        "2  | ERROR option provided but not defined: --bogus",
        "2  | ERROR invalid status \"happy\", expected one of [maintenance blocked waiting active]",
        "1  | ERROR not running an action",
        "0 {\"status\":\"maintenance\"} | ",
        "2  | ERROR secret URI \"secret:nonsense\" not valid",
        "0 {} | ",
        "0  | ",
        "0 é | ",
        "0  | ",
    ];
    assert_eq!(said.lines().collect::<Vec<_>>(), expected);
    assert!(record.log.iter().any(|line| line.level == "WARNING" && line.message == "careful"));
    assert_eq!(record.processes, 15);
}

#[test]
fn what_a_charm_prints_is_logged_and_a_plan_is_found_in_it() {
    let mut unit = unit("echo plan: 1 change; echo '  do this'; echo oops >&2\n");
    let record = unit.agent.step().unwrap().unwrap();
    assert_eq!(record.plan.unwrap(), ["do this"]);
    let log: Vec<_> = record.log.iter().map(|line| (line.level.as_str(), line.message.as_str())).collect();
    assert!(
        log.contains(&("DEBUG", "plan: 1 change\n  do this")) && log.contains(&("WARNING", "oops")),
        "{log:?}"
    );
}

#[test]
fn a_charm_that_cannot_be_run_is_an_error_that_says_what_to_do() {
    let setup = Setup { charm: Path::new("/nonexistent").to_owned(), ..Setup::default() };
    let error = Agent::new(&setup).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/metadata.yaml"), "{error}");
}

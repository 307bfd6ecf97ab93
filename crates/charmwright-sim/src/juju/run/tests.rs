use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::time::Instant;

use charmwright_jujuc::{CallError, Client, Request};
use serde_json::json;

use super::*;
use crate::juju::commands::{Call, Reply};
use crate::juju::context::Paths;
use crate::juju::controller::Controller;
use crate::juju::environment::System;
use crate::juju::version::JujuVersion;

struct Unit {
    agent: Agent,
    host: Host,
    folder: tempfile::TempDir,
}

fn unit(model: &Value) -> Unit {
    let folder = tempfile::tempdir().unwrap();
    let charm = folder.path().join("charm");
    fs::create_dir(&charm).unwrap();
    fs::write(charm.join("metadata.yaml"), "name: app\n").unwrap();
    fs::write(charm.join("actions.yaml"), "go: {params: {a: {type: integer, default: 1}}}\n").unwrap();
    let paths = Paths {
        tools: folder.path().join("tools"),
        base: folder.path().to_owned(),
        charm,
        socket: folder.path().join("agent.socket"),
    };
    let mut whole = json!({"unit": "app/0", "type": "iaas", "leader": true});
    whole.as_object_mut().unwrap().extend(model.as_object().unwrap().clone());
    let controller = Controller::from_json(&whole).unwrap();
    let host = Host { system: System::Other, path: std::env::var("PATH").unwrap(), kubernetes: Vec::new() };
    Unit { agent: Agent::new(controller, JujuVersion::V3_6, paths), host, folder }
}

fn related() -> Unit {
    unit(&json!({"relations": [{
        "id": 1, "endpoint": "db", "role": "requirer", "remote_app": "pg",
        "units": {"pg/0": {"host": "h"}}, "members": [],
    }]}))
}

impl Unit {
    fn file(&self, name: &str, mode: u32, text: &str) {
        let path = self.folder.path().join("charm").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn dispatch(&self, script: &str) {
        self.file("dispatch", 0o755, &format!("#!/bin/bash\n{script}\n"));
    }

    fn processes(&self) -> Processes<fn(&Path, &Path) -> std::process::Command> {
        Processes::new(&self.agent.paths.socket, plain_command)
    }

    fn hook(&mut self, kind: &str) -> Outcome {
        let mut charm = self.processes();
        Conditions::on(&self.host).hook(&mut self.agent, &HookInfo::of_kind(kind), false, &mut charm)
    }

    fn action(&mut self) -> Value {
        let mut charm = self.processes();
        let id = Conditions::queue_action(&mut self.agent, "go", Map::new());
        let outcome = Conditions::on(&self.host).action(&mut self.agent, &id, &mut charm);
        assert_eq!(outcome.failure, None);
        self.agent.controller.to_json()["actions"][id].clone()
    }

    fn exec(&mut self, script: &str) -> Outcome {
        let mut charm = self.processes().patience(Duration::from_millis(300));
        Conditions::on(&self.host).exec(&mut self.agent, &CommandInfo::default(), script, &mut charm)
    }

    fn function(&mut self, hook: &HookInfo, charm: impl FnMut(&[Variable], &Session<'_>) -> u8) -> Outcome {
        Conditions::on(&self.host).hook(&mut self.agent, hook, false, &mut Function(charm))
    }
}

fn call(name: &str, args: &[&str]) -> Call {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Call { name: name.to_owned(), args, dir: "/".into(), stdin: None }
}

fn request(context_id: &str, name: &str, args: &[&str]) -> Request {
    Request {
        context_id: context_id.to_owned(),
        dir: "/".into(),
        command: name.to_owned(),
        args: args.iter().map(Into::into).collect(),
        ..Request::default()
    }
}

fn messages(outcome: &Outcome) -> Vec<(&'static str, &str)> {
    outcome.log.iter().map(|record| (record.level.name(), record.message.as_str())).collect()
}

fn failure(outcome: &Outcome) -> Option<String> {
    outcome.failure.as_ref().map(ToString::to_string)
}

#[test]
fn a_charm_runs_in_its_folder_with_jujus_environment_and_no_input() {
    let mut unit = unit(&json!({}));
    unit.dispatch("echo $0; pwd; readlink /proc/$$/fd/0; env -0 | tr '\\0' '\\n' | cut -d= -f1 | sort | tr '\\n' ' '; echo");
    let outcome = unit.hook("install");
    let charm = unit.agent.paths.charm.display().to_string();
    let names: Vec<_> = outcome.environment.as_ref().unwrap().iter().map(|(name, _)| name.as_str()).collect();
    let mut sorted = names.clone();
    // Bash adds these.
    sorted.extend(["PWD", "SHLVL", "_"]);
    sorted.sort_unstable();
    let printed = messages(&outcome);
    assert_eq!(printed[0], ("DEBUG", format!("{charm}/dispatch").as_str()));
    assert_eq!(printed[1], ("DEBUG", charm.as_str()));
    assert_eq!(printed[2], ("DEBUG", "/dev/null"));
    assert_eq!(printed[3].1.split_whitespace().collect::<Vec<_>>().len(), sorted.len());
    assert!(names.contains(&"JUJU_DISPATCH_PATH"));
    assert_eq!(outcome.log[0].module, "unit.app/0.install");
    assert_eq!((failure(&outcome), outcome.handler), (None, Some(Handler::Dispatch)));
}

#[test]
fn an_end_other_than_success_fails_the_hook_and_nothing_is_committed() {
    let mut unit = related();
    let hook = HookInfo::of_kind("install");
    let outcome = unit.function(&hook, |_, session| {
        session.call(&call("relation-set", &["-r", "1", "a=b"]));
        3
    });
    assert_eq!(failure(&outcome).unwrap(), "exit status 3");
    assert_eq!(unit.agent.controller.to_json()["relations"][0]["local_unit_bag"], json!({}));
    // SIGINT would not do: who runs the tests in the background has it ignored.
    let by_itself = "signal: user defined signal 1";
    for (end, text) in
        [("kill -9 $$", "terminated"), ("kill -TERM $$", "terminated"), ("kill -USR1 $$", by_itself)]
    {
        unit.dispatch(end);
        assert_eq!(failure(&unit.hook("install")).unwrap(), text);
    }
}

#[test]
fn a_hook_without_a_script_succeeds_and_an_action_fails() {
    let mut unit = unit(&json!({}));
    let outcome = unit.hook("install");
    assert_eq!((failure(&outcome), outcome.missing, outcome.handler), (None, true, Some(Handler::Invalid)));
    let action = unit.action();
    assert_eq!(action["message"], "action not implemented on unit \"app/0\"");
    unit.file("hooks/install", 0o755, "#!/bin/sh\necho own\n");
    let outcome = unit.hook("install");
    assert_eq!((messages(&outcome), outcome.handler), (vec![("DEBUG", "own")], Some(Handler::Explicit)));
}

#[test]
fn a_script_that_cannot_be_run_fails_the_hook() {
    let mut unit = unit(&json!({}));
    let path = unit.agent.paths.charm.join("dispatch").display().to_string();
    for (mode, text, error) in [
        (0o644, "#!/bin/sh\n", format!("exec: \"{path}\": permission denied")),
        (0o755, "echo no shebang\n", format!("fork/exec {path}: exec format error")),
        (0o755, "#!/no/such\n", format!("fork/exec {path}: no such file or directory")),
    ] {
        unit.file("dispatch", mode, text);
        assert_eq!(failure(&unit.hook("install")).unwrap(), error);
    }
}

#[test]
fn what_an_action_prints_becomes_its_results() {
    let mut unit = unit(&json!({}));
    unit.dispatch("echo out; printf torn; echo err >&2; exit 2");
    assert_eq!(
        unit.action(),
        json!({
            "name": "go", "params": {"a": 1}, "begun": true, "status": "failed", "message": "exit status 2",
            "results": {"return-code": 2, "stdout": "out\n", "stderr": "err\n"},
        })
    );
    unit.dispatch("printf '\\377\\n'");
    assert_eq!(
        unit.action()["results"],
        json!({"return-code": 0, "stdout": "/wo=", "stdout-encoding": "base64"})
    );
}

#[test]
fn an_action_with_parameters_that_do_not_fit_is_not_run() {
    let mut unit = unit(&json!({}));
    let params = json!({"a": "x"}).as_object().unwrap().clone();
    let id = Conditions::queue_action(&mut unit.agent, "go", params);
    let mut charm = unit.processes();
    let outcome = Conditions::on(&unit.host).action(&mut unit.agent, &id, &mut charm);
    assert_eq!(
        failure(&outcome).unwrap(),
        "cannot run \"go\" action: validation failed: (root).a : must be of type integer, given \"x\""
    );
    assert_eq!(
        (outcome.environment, unit.agent.controller.to_json()["actions"][id]["status"].as_str()),
        (None, Some("pending"))
    );
}

#[test]
fn a_script_of_juju_exec_has_its_code_as_a_result_and_commits_all_the_same() {
    let mut unit = unit(&json!({}));
    let outcome = unit.exec("echo hi; printf torn; echo bad >&2; exit 4");
    let exec = outcome.exec.clone().unwrap();
    assert_eq!((exec.code, exec.stdout, exec.stderr), (4, b"hi\ntorn".to_vec(), b"bad\n".to_vec()));
    assert_eq!((failure(&outcome), messages(&outcome)), (None, vec![("INFO", "run result: exit status 4")]));
    assert_eq!(failure(&unit.exec("kill -9 $$")).unwrap(), "signal: killed");
}

#[test]
fn a_process_that_keeps_a_scripts_output_is_waited_for_and_then_named_as_the_reason() {
    let mut unit = unit(&json!({}));
    let outcome = unit.exec("sleep 600 & echo $!");
    assert!(failure(&outcome).unwrap().contains("Juju would wait for ever"));
}

#[test]
fn what_was_printed_before_a_hook_command_stands_before_what_it_logs() {
    /// A charm that prints between its commands, in the one process of this test.
    struct Printing;
    impl Charm for Printing {
        fn socket(&self) -> Option<&Path> {
            None
        }
        fn find(&self, dir: &Path, _: Location, _: &str) -> Result<(Handler, std::path::PathBuf), NoScript> {
            Ok((Handler::Dispatch, dir.join("dispatch")))
        }
        fn run(&mut self, script: &Script<'_>, session: &Session<'_>) -> Ended {
            let (stdout, stderr) = (output::Stream::new().unwrap(), output::Stream::new().unwrap());
            let print = |text: &str, stream: &output::Stream| {
                let mut child = std::process::Command::new("echo");
                child.arg(text).stdout(stream.stdio().unwrap()).status().unwrap();
            };
            for number in 0..20 {
                print(&format!("printed {number}"), &stdout);
            }
            print("complained", &stderr);
            let module = script.module.to_owned();
            session.started(0, Some(session::Output { stdout, stderr, module, printed: Printed::default() }));
            session.call(&call("juju-log", &["logged"]));
            Ended::Exited(0)
        }
        fn shell(&mut self, _: &Script<'_>, _: &str, _: &Session<'_>) -> Result<Shell, String> {
            Err("none".to_owned())
        }
    }
    let mut unit = unit(&json!({}));
    let outcome =
        Conditions::on(&unit.host).hook(&mut unit.agent, &HookInfo::of_kind("start"), false, &mut Printing);
    let log = messages(&outcome);
    assert_eq!(log.len(), 22);
    assert_eq!(log[19..], [("DEBUG", "printed 19"), ("WARNING", "complained"), ("INFO", "logged")]);
}

#[test]
fn a_unit_is_a_member_from_its_first_successful_hook_to_its_departure() {
    let mut unit = related();
    let hook = |kind: &str| HookInfo {
        relation_id: Some(1),
        remote_unit: "pg/0".to_owned(),
        ..HookInfo::of_kind(kind)
    };
    let members = |unit: &Unit| unit.agent.controller.to_json()["relations"][0]["members"].clone();
    unit.function(&hook("relation-joined"), |_, _| 1);
    assert_eq!(members(&unit), json!([]));
    unit.function(&hook("relation-joined"), |_, _| 0);
    assert_eq!(members(&unit), json!(["pg/0"]));
    unit.function(&hook("relation-departed"), |_, _| 0);
    assert_eq!(members(&unit), json!([]));
}

#[test]
fn a_leader_that_loses_it_before_the_commit_writes_nothing_for_its_application() {
    let mut unit = related();
    let mut charm = Function(|_: &[Variable], session: &Session<'_>| {
        session.call(&call("relation-set", &["-r", "1", "--app", "a=b"]));
        0
    });
    let hook = HookInfo::of_kind("install");
    let outcome = Conditions::on(&unit.host).hook(&mut unit.agent, &hook, true, &mut charm);
    assert_eq!(
        failure(&outcome).unwrap(),
        "checking leadership continuity: \"app/0\" is not leader of \"app\""
    );
}

#[test]
fn a_reboot_at_once_ends_the_charm_and_one_afterwards_needs_its_success() {
    let mut unit = unit(&json!({}));
    let outcome = unit.function(&HookInfo::of_kind("install"), |_, session| {
        session.call(&call("juju-reboot", &[]));
        0
    });
    assert_eq!((failure(&outcome), outcome.reboot), (None, Some(Rebooting::After)));
    let outcome = unit.function(&HookInfo::of_kind("install"), |_, session| {
        session.call(&call("juju-reboot", &[]));
        1
    });
    assert_eq!((failure(&outcome).unwrap().as_str(), outcome.reboot), ("exit status 1", None));
}

/// A charm that is a process, while this program runs its hook commands.
struct Remote<F> {
    socket: std::path::PathBuf,
    run: F,
}

impl<F: FnMut(&Path, &Session<'_>)> Charm for Remote<F> {
    fn socket(&self) -> Option<&Path> {
        Some(&self.socket)
    }

    fn find(&self, dir: &Path, _: Location, _: &str) -> Result<(Handler, std::path::PathBuf), NoScript> {
        Ok((Handler::Dispatch, dir.join("dispatch")))
    }

    fn run(&mut self, _: &Script<'_>, session: &Session<'_>) -> Ended {
        (self.run)(&self.socket, session);
        Ended::Exited(0)
    }

    fn shell(&mut self, _: &Script<'_>, _: &str, _: &Session<'_>) -> Result<Shell, String> {
        Err("none".to_owned())
    }
}

fn remote(
    unit: &mut Unit,
    patience: Duration,
    observer: &dyn Observer,
    run: impl FnMut(&Path, &Session<'_>),
) -> Outcome {
    let mut charm = Remote { socket: unit.agent.paths.socket.clone(), run };
    let conditions = Conditions { observer, patience, ..Conditions::on(&unit.host) };
    conditions.hook(&mut unit.agent, &HookInfo::of_kind("install"), false, &mut charm)
}

#[test]
fn the_socket_is_there_for_its_owner_while_a_charm_runs_and_refuses_in_jujus_words() {
    let mut unit = unit(&json!({}));
    let socket = unit.agent.paths.socket.clone();
    let outcome = remote(&mut unit, PATIENCE, &(), |socket, session| {
        assert_eq!(fs::metadata(socket).unwrap().permissions().mode() & 0o777, 0o700);
        let mut client = Client::connect(socket.to_str().unwrap()).unwrap();
        let id = session.context_id();
        assert_eq!(client.call(&request(id, "is-leader", &["--format=json"])).unwrap().stdout, b"true\n");
        let refused = |request: Request| match client.call(&request) {
            Err(CallError::Refused(text)) => text,
            other => panic!("{other:?}"),
        };
        let texts: Vec<_> = [
            Request { token: "t".to_owned(), ..request(id, "is-leader", &[]) },
            request(id, "", &[]),
            Request { dir: "here".into(), ..request(id, "is-leader", &[]) },
            request("other", "is-leader", &[]),
            request(id, "make-tea", &[]),
        ]
        .map(refused)
        .into();
        assert_eq!(
            texts,
            [
                "bad request: token does not match",
                "bad request: command not specified",
                "bad request: Dir is not absolute",
                "bad request: wrong context ID; got \"other\"",
                "bad request: unknown command: make-tea",
            ]
        );
    });
    assert_eq!(failure(&outcome), None);
    assert!(!socket.exists());
}

#[test]
fn a_command_that_wants_input_asks_for_it() {
    let mut unit = related();
    remote(&mut unit, PATIENCE, &(), |socket, session| {
        let mut client = Client::connect(socket.to_str().unwrap()).unwrap();
        let set = request(session.context_id(), "relation-set", &["-r", "1", "--file", "-"]);
        let reply = client.call_with_stdin(&set, || Ok(b"a: b\n".to_vec())).unwrap();
        assert_eq!((reply.code, reply.stderr), (0, Vec::new()));
    });
    assert_eq!(unit.agent.controller.to_json()["relations"][0]["local_unit_bag"], json!({"a": "b"}));
}

#[test]
fn a_connection_that_is_left_open_is_waited_for_and_then_named() {
    let mut unit = unit(&json!({}));
    let mut left = Vec::new();
    let began = Instant::now();
    let soon = Duration::from_millis(50);
    let outcome = remote(&mut unit, soon, &(), |socket, session| {
        let mut client = Client::connect(socket.to_str().unwrap()).unwrap();
        client.call(&request(session.context_id(), "is-leader", &[])).unwrap();
        left.push(client);
    });
    let text = failure(&outcome).unwrap();
    assert!(text.contains(&format!("(process {})", std::process::id())), "{text}");
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(failure(&remote(&mut unit, soon, &(), |_, _| ())), None, "the next run is a new one");
}

#[test]
fn a_charm_that_panics_leaves_nothing_that_waits() {
    let mut unit = unit(&json!({}));
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        remote(&mut unit, PATIENCE, &(), |socket, _| {
            let _held = UnixStream::connect(socket).unwrap();
            panic!("as a test of a charm may");
        })
    }));
    assert!(ended.is_err());
}

#[test]
fn commands_on_several_connections_are_run_one_at_a_time() {
    #[derive(Default)]
    struct Together(Mutex<(usize, usize)>);
    impl Observer for Together {
        fn before(&self, _: &Call, _: Option<u32>) -> bool {
            let mut state = self.0.lock().unwrap();
            state.0 += 1;
            state.1 = state.1.max(state.0);
            true
        }
        fn after(&self, _: &Call, _: &Reply, _: Option<u32>) -> bool {
            self.0.lock().unwrap().0 -= 1;
            true
        }
    }
    let together = Together::default();
    let mut unit = unit(&json!({}));
    remote(&mut unit, PATIENCE, &together, |socket, session| {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let mut client = Client::connect(socket.to_str().unwrap()).unwrap();
                    for _ in 0..50 {
                        client.call(&request(session.context_id(), "is-leader", &[])).unwrap();
                    }
                });
            }
        });
    });
    assert_eq!(*together.0.lock().unwrap(), (0, 1));
}

#[test]
fn one_who_looks_on_can_stop_a_charm_before_or_behind_any_command() {
    struct Stops(bool);
    impl Observer for Stops {
        fn before(&self, _: &Call, _: Option<u32>) -> bool {
            !self.0
        }
        fn after(&self, _: &Call, _: &Reply, _: Option<u32>) -> bool {
            false
        }
    }
    for before in [true, false] {
        let mut unit = unit(&json!({}));
        let stops = Stops(before);
        remote(&mut unit, PATIENCE, &stops, |socket, session| {
            let mut client = Client::connect(socket.to_str().unwrap()).unwrap();
            let reply = client.call(&request(session.context_id(), "status-set", &["active"]));
            assert!(matches!(reply, Err(CallError::Closed)), "{reply:?}");
        });
        let status = if before { "unknown" } else { "active" };
        assert_eq!(unit.agent.controller.to_json()["unit_status"]["status"], status);
    }
}

//! A charm as a process: what it tells, and by which road, when it fails. This program is also the charm.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod charm;
mod unit;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};
use unit::Unit;

fn main() -> ExitCode {
    if let Ok(name) = std::env::var("CHARM") {
        return charm::main(&name);
    }
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let trials = vec![
        trial("a_panic_is_told_to_juju_and_the_hook_fails", a_panic_is_told_to_juju_and_the_hook_fails),
        trial("a_panic_without_juju_log_is_told", a_panic_without_juju_log_is_told),
        trial("a_panic_of_an_action_is_told_to_its_operator", a_panic_of_an_action_is_told_to_its_operator),
        trial("a_failure_without_path_is_told", a_failure_without_path_is_told),
        trial("a_failure_whose_juju_log_fails_too_is_told", a_failure_whose_juju_log_fails_too_is_told),
        trial("an_environment_that_cannot_be_read_is_told", an_environment_that_cannot_be_read_is_told),
        trial("an_action_that_cannot_be_read_is_told", an_action_that_cannot_be_read_is_told),
        trial("a_charm_not_run_by_juju_says_so", a_charm_not_run_by_juju_says_so),
        trial("records_of_other_threads_reach_jujus_log", records_of_other_threads_reach_jujus_log),
        trial("a_zero_byte_in_a_failure_is_no_obstacle", a_zero_byte_in_a_failure_is_no_obstacle),
        trial(
            "an_answer_that_juju_cannot_take_fails_the_action",
            an_answer_that_juju_cannot_take_fails_the_action,
        ),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn a_panic_is_told_to_juju_and_the_hook_fails() {
    let unit = Unit::new();
    let ran = unit.hook("panics");
    assert_eq!(ran.code, 1);
    assert!(ran.log.contains("ERROR -- config-changed failed: the charm panicked at "), "{ran:?}");
    assert!(ran.log.contains("charm.rs:") && ran.log.contains(": the answer is 42"), "{ran:?}");
    assert!(ran.stderr.contains("the answer is 42"), "{ran:?}");
}

fn a_panic_without_juju_log_is_told() {
    let unit = Unit::new();
    unit.without("juju-log");
    let ran = unit.hook("panics");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("ERROR config-changed failed: the charm panicked at "), "{ran:?}");
}

fn a_panic_of_an_action_is_told_to_its_operator() {
    let ran = Unit::new().action("panics", "show");
    assert_eq!(ran.code, 0, "Juju puts the exit code in the place of the reason: {ran:?}");
    assert!(ran.failed_action.contains("show failed: the charm panicked at "), "{ran:?}");
    assert!(ran.log.contains("ERROR -- show failed: the charm panicked at "), "{ran:?}");
}

fn a_failure_without_path_is_told() {
    let unit = Unit::new();
    unit.without_path();
    let ran = unit.hook("well");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("ERROR config-changed failed: cannot run "), "{ran:?}");
    assert!(ran.stderr.contains("Juju's log did not take that: cannot run juju-log: "), "{ran:?}");
}

fn a_failure_whose_juju_log_fails_too_is_told() {
    let unit = Unit::new();
    unit.answers("status-get", "echo ERROR no status today >&2; exit 1");
    unit.answers("juju-log", "echo ERROR no logs today >&2; exit 1");
    let ran = unit.hook("well");
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("ERROR config-changed failed: status-get failed: no status today\n"),
        "{ran:?}"
    );
    assert!(
        ran.stderr.contains("WARNING Juju's log did not take that: juju-log failed: no logs today\n"),
        "{ran:?}"
    );
}

fn an_environment_that_cannot_be_read_is_told() {
    let unit = Unit::new();
    let ran = unit.run("well", &[("JUJU_DISPATCH_PATH", "nowhere")]);
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("JUJU_DISPATCH_PATH is `nowhere`"), "{ran:?}");
}

fn an_action_that_cannot_be_read_is_told() {
    let unit = Unit::new();
    let ran = unit.run(
        "well",
        &[
            ("JUJU_DISPATCH_PATH", "actions/show"),
            ("JUJU_ACTION_NAME", "show"),
            ("JUJU_UNIT_NAME", "no unit"),
        ],
    );
    assert!(ran.failed_action.contains("JUJU_UNIT_NAME is malformed"), "{ran:?}");
    assert!(ran.stderr.contains("JUJU_UNIT_NAME is malformed"), "{ran:?}");
}

fn a_charm_not_run_by_juju_says_so() {
    let ran = Unit::new().without_juju("well");
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("not run by Juju"), "{ran:?}");
}

fn records_of_other_threads_reach_jujus_log() {
    let ran = Unit::new().hook("threads");
    assert!(ran.log.contains("WARNING -- a thread of the charm warns"), "{ran:?}");
    assert!(ran.stdout.contains("a thread of the charm looks"), "{ran:?}");
}

fn a_zero_byte_in_a_failure_is_no_obstacle() {
    let unit = Unit::new();
    unit.answers("status-get", r"printf 'ERROR a\000b\n' >&2; exit 1");
    let ran = unit.hook("well");
    assert_eq!(ran.code, 1);
    assert!(ran.log.contains("config-changed failed: status-get failed: a\u{fffd}b"), "{ran:?}");
}

fn an_answer_that_juju_cannot_take_fails_the_action() {
    for (charm, reason) in [
        ("long", "the result `answer` has 200007 bytes, and 131071 is the most"),
        ("zero", "the value of `answer` has a zero byte"),
        ("capitals", "the key `ANSWER` must be lower case letters, digits and inner hyphens between points"),
        ("reserved", "the key `stdout` is Juju's own"),
    ] {
        let ran = Unit::new().action(charm, "show");
        assert_eq!(ran.code, 0, "Juju puts the exit code in the place of the reason: {ran:?}");
        assert!(ran.failed_action.contains(reason), "{charm}: {ran:?}");
    }
    let unit = Unit::new();
    unit.answers("action-get", "echo ERROR no parameters today >&2; exit 1");
    let ran = unit.action("well", "show");
    assert!(ran.failed_action.contains("action-get failed: no parameters today"), "{ran:?}");
    assert!(ran.log.contains("show failed: action-get failed: no parameters today"), "{ran:?}");
    let unit = Unit::new();
    unit.answers("action-set", "echo ERROR no answers today >&2; exit 1");
    let ran = unit.action("well", "show");
    assert!(ran.failed_action.contains("action-set failed: no answers today"), "{ran:?}");
    unit.answers("action-fail", "echo ERROR not this either >&2; exit 1");
    let ran = unit.action("well", "show");
    assert_eq!(ran.code, 1);
    assert!(ran.log.contains("action-set failed: no answers today"), "{ran:?}");
    assert!(ran.log.contains("action-fail failed: not this either"), "{ran:?}");
}

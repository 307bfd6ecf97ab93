//! Plans, as the YAML that Pebble prints.

use serde_yaml::budget::BudgetBreach;

use super::Layer;
use crate::limits::{PLAN_DEPTH_MAX, PLAN_VALUES_MAX};

/// How what a person wrote for Pebble is read.
pub(super) fn options() -> serde_yaml::Options {
    // The author of a layer is no stranger to be held to a budget, and a snippet would show what is in it.
    // Pebble has no merge keys to give, but does not quote a `<<`.
    serde_yaml::options! {
        budget: None,
        with_snippet: false,
        merge_keys: serde_yaml::MergeKeyPolicy::AsOrdinary,
    }
}

/// How what a daemon tells is read: Pebble writes one document without anchors.
fn plan_options() -> serde_yaml::Options {
    let values = usize::try_from(PLAN_VALUES_MAX).unwrap_or(usize::MAX);
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_nodes: values,
            // A value has one event, or two if it holds others.
            max_events: values.saturating_mul(2),
            max_depth: PLAN_DEPTH_MAX,
            flow_nesting_limit: PLAN_DEPTH_MAX,
            max_anchors: 0,
            max_aliases: 0,
            max_documents: 1,
        },
        with_snippet: false,
        merge_keys: serde_yaml::MergeKeyPolicy::AsOrdinary,
    }
}

/// Why a text is no plan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PlanError {
    /// It has more values than are taken.
    TooLarge,
    /// It is none. What went wrong is told without the text, which may hold secrets.
    Syntax(String),
}

/// Reads the plan that a daemon tells.
pub(crate) fn parse_plan(text: &str) -> Result<Layer, PlanError> {
    read(text, plan_options()).map_err(|error| match error {
        serde_yaml::Error::Budget {
            breach: BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. },
            ..
        } => PlanError::TooLarge,
        error => PlanError::Syntax(told(&error)),
    })
}

/// Reads a layer that a person wrote.
pub(super) fn parse_layer(text: &str) -> Result<Layer, String> {
    read(text, options()).map_err(|error| told(&error))
}

fn read(text: &str, options: serde_yaml::Options) -> Result<Layer, serde_yaml::Error> {
    serde_yaml::from_str_with_options::<Option<Layer>>(text, options).map(Option::unwrap_or_default)
}

fn told(error: &serde_yaml::Error) -> String {
    match error.location() {
        Some(at) => format!("the plan is not one (line {}, column {})", at.line(), at.column()),
        None => "the plan is not one".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::*;
    use super::*;

    fn text(layer: &Layer) -> String {
        charmwright_yaml::to_text(layer).unwrap()
    }

    fn full() -> Layer {
        let second = Duration::from_secs(1);
        let mut service = Service::new("/bin/web --port 80")
            .summary("s")
            .description("d")
            .startup(Startup::Disabled)
            .after(["a"])
            .before(["b"])
            .requires(["c"])
            .env("K", "v")
            .envs([("L", "w")])
            .user("root")
            .user_id(0)
            .group("root")
            .group_id(0)
            .working_dir("/srv")
            .on_success(OnExit::Ignore)
            .on_failure(OnExit::Restart)
            .on_check_failure("up", OnExit::Shutdown)
            .backoff_delay(second)
            .backoff_factor(1.5)
            .backoff_limit(90 * second)
            .kill_delay(second / 2);
        service.workload = "w".to_owned();
        let exec = ExecCheck::new("/bin/true")
            .service_context("web")
            .env("K", "v")
            .user("root")
            .user_id(0)
            .group("root")
            .group_id(0)
            .working_dir("/srv");
        let check = Check::http(HttpCheck::new("http://localhost/").header("H", "v"))
            .level(Level::Ready)
            .startup(Startup::Enabled)
            .period(second)
            .timeout(second)
            .threshold(0);
        let target = LogTarget::new(LogTargetKind::Loki, "http://loki").services(["all"]).label("l", "v");
        Layer::new()
            .summary("one")
            .description("two")
            .service("web", service)
            .check("up", check)
            .check("port", Check::tcp(TcpCheck::new(80).host("h")))
            .check("run", Check::exec(exec).override_by(Override::Merge))
            .log_target("loki", target)
    }

    #[test]
    fn every_field_has_its_name() {
        let expected = serde_json::json!({
            "summary": "one",
            "description": "two",
            "services": {"web": {
                "override": "replace", "command": "/bin/web --port 80", "summary": "s", "description": "d",
                "startup": "disabled", "after": ["a"], "before": ["b"], "requires": ["c"],
                "environment": {"K": "v", "L": "w"}, "user": "root", "user-id": 0, "group": "root", "group-id": 0,
                "workload": "w", "working-dir": "/srv", "on-success": "ignore", "on-failure": "restart",
                "on-check-failure": {"up": "shutdown"}, "backoff-delay": "1s", "backoff-factor": 1.5,
                "backoff-limit": "1m30s", "kill-delay": "500ms",
            }},
            "checks": {
                "port": {"override": "replace", "tcp": {"port": 80, "host": "h"}},
                "run": {"override": "merge", "exec": {
                    "command": "/bin/true", "service-context": "web", "environment": {"K": "v"}, "user": "root",
                    "user-id": 0, "group": "root", "group-id": 0, "working-dir": "/srv",
                }},
                "up": {
                    "override": "replace", "level": "ready", "startup": "enabled", "period": "1s", "timeout": "1s",
                    "threshold": 0, "http": {"url": "http://localhost/", "headers": {"H": "v"}},
                },
            },
            "log-targets": {"loki": {
                "override": "replace", "type": "loki", "location": "http://loki", "services": ["all"],
                "labels": {"l": "v"},
            }},
        });
        assert_eq!(serde_json::to_value(full()).unwrap(), expected);
        assert_eq!(parse_plan(&text(&full())).unwrap(), full());
    }

    #[test]
    fn what_is_unset_is_not_written() {
        let layer = Layer::new()
            .service("a", Service::new("x").summary("").after(Vec::<String>::new()))
            .check("c", Check::tcp(1));
        assert_eq!(
            text(&layer),
            r#"{"services":{"a":{"override":"replace","command":"x"}},"checks":{"c":{"override":"replace","tcp":{"port":1}}}}"#
        );
        assert_eq!(text(&Layer::new()), "{}");
    }

    #[test]
    fn characters_that_yaml_does_not_take_are_escaped() {
        let command = "q\" b\\ t\t n\n \u{0} \u{7f}\u{85}\u{9f}\u{a0}\u{2028}\u{feff}\u{ffff}\u{1f600}";
        let layer = Layer::new().service("a", Service::new(command));
        let expected =
            "q\\\" b\\\\ t\\t n\\n \\u0000 \\u007f\\u0085\\u009f\u{a0}\\u2028\\ufeff\\uffff\u{1f600}";
        assert!(text(&layer).contains(expected), "{}", text(&layer));
    }

    #[test]
    fn a_plan_of_a_newer_pebble_is_read() {
        let plan = "services:\n    a:\n        override: replace\n        startup: maybe\n        command: x\n        \
                    new: [1]\n        environment: null\n        on-success: dance\n        kill-delay: 60s\n\
                    workloads:\n    w: {override: replace}\npairing:\n    mode: single\n";
        let layer = parse_plan(plan).unwrap();
        let service = &layer.services["a"];
        assert_eq!(service.startup, Some(Startup::Disabled));
        assert_eq!(service.on_success, Some(OnExit::Other("dance".to_owned())));
        assert_eq!(service.kill_delay, Some(Duration::from_mins(1).into()));
        for empty in ["{}\n", "", "null\n"] {
            assert_eq!(parse_plan(empty).unwrap(), Layer::new());
        }
    }

    #[test]
    fn a_broken_plan_is_told_without_its_content() {
        let Err(PlanError::Syntax(message)) = parse_plan("services:\n  a:\n    environment: hunter2\n")
        else {
            panic!("it is no plan")
        };
        assert!(message.contains("line 3"), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }

    #[test]
    fn debug_hides_values() {
        let layer = Layer::new()
            .service("a", Service::new("x").env("PASSWORD", "hunter2"))
            .check("b", Check::exec(ExecCheck::new("x").env("TOKEN", "hunter2")))
            .check(
                "c",
                Check::http(HttpCheck::new("http://me:hunter2@h/").header("Authorization", "hunter2")),
            )
            .log_target("d", LogTarget::new(LogTargetKind::Loki, "http://me:hunter2@h/"));
        let debug = format!("{layer:?}");
        assert!(!debug.contains("hunter2"), "{debug}");
        for key in ["PASSWORD", "TOKEN", "Authorization"] {
            assert!(debug.contains(key), "{debug}");
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(values in prop::collection::btree_map("[A-Z]{1,4}", any::<String>(), 0..4)) {
            let layer = Layer::new().service("a", Service::new("x").envs(values));
            let text = text(&layer);
            let json: Layer = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&json, &layer);
            prop_assert!(parse_plan(&text).unwrap() == layer, "as YAML");
        }
    }
}

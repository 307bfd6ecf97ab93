//! Layers fold as in a real daemon, and are refused as there.

use std::cell::Cell;
use std::time::Duration;

use charmwright_pebble::{
    BackoffFactor, Check, Error, ExecCheck, HttpCheck, Layer, Layers, Level, LogTarget, LogTargetKind,
    OnExit, Override, Service, Startup, TcpCheck,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::support::Daemon;

const CASES: u32 = 60;

fn rule() -> impl Strategy<Value = Override> {
    select(vec![Override::Merge, Override::Merge, Override::Replace])
}

fn text(values: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(values).prop_map(str::to_owned)
}

fn startup() -> impl Strategy<Value = Option<Startup>> {
    option::of(select(vec![Startup::Enabled, Startup::Disabled]))
}

fn duration() -> impl Strategy<Value = Option<charmwright_pebble::GoDuration>> {
    // A check that would run meanwhile would change nothing here, and none does: it waits for a period first.
    option::of(select(vec!["1h", "90m", "36000s"]).prop_map(charmwright_pebble::GoDuration::from))
}

fn map() -> impl Strategy<Value = std::collections::BTreeMap<String, String>> {
    btree_map("[A-C]", "[a-c]?", 0..3)
}

/// Names of services, which may not exist.
fn names() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![4 => Just(Vec::new()), 1 => vec(text(&["a", "b", "c"]), 1..3)]
}

fn action() -> impl Strategy<Value = Option<OnExit>> {
    let known = [OnExit::Restart, OnExit::Shutdown, OnExit::Ignore];
    option::of(prop_oneof![9 => select(known.to_vec()), 1 => Just(OnExit::FailureShutdown)])
}

prop_compose! {
    fn owner()(
        user in text(&["", "", "root"]), user_id in option::of(Just(0)),
        group in text(&["", "", "root"]), group_id in option::of(Just(0)),
    ) -> (String, Option<u32>, String, Option<u32>) {
        (user, user_id, group, group_id)
    }
}

prop_compose! {
    fn service()(
        rule in rule(), command in text(&["", "x", "x", "x y", "x [ y ]", "'x y'", "x", "'"]), summary in text(&["", "s"]),
        description in text(&["", "d"]), startup in startup(), lists in [names(), names(), names()],
        environment in map(), owner in owner(), working_dir in text(&["", "/srv"]),
        on_success in action(), on_failure in action(), on_check in btree_map("[kl]", select(vec![OnExit::Ignore, OnExit::Restart]), 0..2),
    )(
        delays in [duration(), duration(), duration()], factor in option::of(select(vec![1.0, 1.5, 2.0, 3.0, 10.0, 0.5])),
        service in Just({
            let mut service = Service::new(command).override_by(rule).summary(summary).description(description);
            [service.after, service.before, service.requires] = lists;
            (service.user, service.user_id, service.group, service.group_id) = owner;
            service.startup = startup;
            service.environment = environment;
            service.working_dir = working_dir;
            (service.on_success, service.on_failure, service.on_check_failure) = (on_success, on_failure, on_check);
            service
        }),
    ) -> Service {
        let mut service = service;
        [service.backoff_delay, service.backoff_limit, service.kill_delay] = delays;
        service.backoff_factor = factor.map(BackoffFactor);
        service
    }
}

prop_compose! {
    fn check()(
        rule in rule(), startup in startup(), level in option::of(select(vec![Level::Alive, Level::Ready])),
        period in duration(), timeout in duration(), threshold in option::of(0_u64..4),
        url in text(&["http://localhost/", "http://localhost/", ""]), map in map(), port in 0_u16..9, host in text(&["", "localhost"]),
        command in text(&["x", "x", "x y", "", "\"x"]), context in text(&["", "", "a"]), owner in owner(),
        which in select(vec![[true, false, false], [false, true, false], [false, false, true], [false, false, true], [true, true, false], [false; 3]]),
    ) -> Check {
        let [http, tcp, exec] = which;
        let mut check = Check::default().override_by(rule);
        (check.startup, check.level, check.period, check.timeout) = (startup, level, period, timeout);
        check.threshold = threshold;
        check.http = http.then(|| { let mut http = HttpCheck::new(url); http.headers = map.clone(); http });
        check.tcp = tcp.then(|| TcpCheck::new(port).host(host));
        check.exec = exec.then(|| {
            let mut exec = ExecCheck::new(command).service_context(context);
            exec.environment = map;
            (exec.user, exec.user_id, exec.group, exec.group_id) = owner;
            exec
        });
        check
    }
}

fn log_target(kinds: Vec<LogTargetKind>) -> impl Strategy<Value = LogTarget> {
    let services = vec(text(&["all", "-all", "a", "-b", "c"]), 0..3);
    let kind = option::of(select(kinds));
    (rule(), kind, text(&["", "http://localhost:1/"]), services, map(), prop::bool::weighted(0.1)).prop_map(
        |(rule, kind, location, services, labels, reserved)| {
            let mut target =
                LogTarget::new(LogTargetKind::Loki, location).override_by(rule).services(services);
            (target.kind, target.labels) = (kind, labels);
            if reserved { target.label("pebble_x", "y") } else { target }
        },
    )
}

fn layer(kinds: Vec<LogTargetKind>) -> impl Strategy<Value = Layer> {
    let services = btree_map("[abc]", service(), 0..3);
    (services, btree_map("[kl]", check(), 0..2), btree_map("t", log_target(kinds), 0..2)).prop_map(
        |(services, checks, targets)| {
            let mut layer = Layer::new();
            (layer.services, layer.checks, layer.log_targets) = (services, checks, targets);
            layer
        },
    )
}

/// The layer with all its names made this case's own.
fn prefixed(layer: &Layer, prefix: &str) -> Layer {
    let name = |name: &String| match name.strip_prefix('-') {
        Some(rest) => format!("-{prefix}{rest}"),
        None => format!("{prefix}{name}"),
    };
    let names = |all: &mut Vec<String>| {
        for one in all.iter_mut().filter(|one| !one.ends_with("all")) {
            *one = name(one);
        }
    };
    let mut own = Layer::new();
    for (key, service) in &layer.services {
        let mut service = service.clone();
        names(&mut service.after);
        names(&mut service.before);
        names(&mut service.requires);
        own = own.service(name(key), service);
    }
    for (key, check) in &layer.checks {
        let mut check = check.clone();
        if let Some(exec) = check.exec.as_mut().filter(|exec| !exec.service_context.is_empty()) {
            exec.service_context = name(&exec.service_context);
        }
        own = own.check(name(key), check);
    }
    for (key, target) in &layer.log_targets {
        let mut target = target.clone();
        names(&mut target.services);
        own = own.log_target(name(key), target);
    }
    own
}

/// The entries of this case.
fn of_case(plan: &Layer, prefix: &str) -> Layer {
    let mut own = Layer::new();
    let ours = |name: &String| name.starts_with(prefix);
    own.services = plan.services.clone().into_iter().filter(|(name, _)| ours(name)).collect();
    own.checks = plan.checks.clone().into_iter().filter(|(name, _)| ours(name)).collect();
    own.log_targets = plan.log_targets.clone().into_iter().filter(|(name, _)| ours(name)).collect();
    own
}

/// The layer in the words that Pebble had before 1.19, which refuses a check with a `startup`, and one whose command runs as
/// a user without a group.
fn as_before_1_19(mut layer: Layer) -> Layer {
    for check in layer.checks.values_mut() {
        check.startup = None;
        if let Some(exec) = &mut check.exec {
            (exec.user, exec.user_id, exec.group, exec.group_id) = Default::default();
        }
    }
    layer
}

fn folds_alike(version: &str, kinds: &[LogTargetKind]) {
    folds_alike_in(version, layer(kinds.to_vec()));
}

fn folds_alike_in(version: &str, layers: impl Strategy<Value = Layer>) {
    let daemon = Daemon::of_version(version);
    let (case, accepted, refused) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let pushes = vec((text(&["x", "y"]), layers, prop::bool::weighted(0.8)), 1..6);
    let mut runner = TestRunner::new_with_rng(
        Config { cases: CASES, failure_persistence: None, ..Config::default() },
        TestRunner::deterministic().new_rng(),
    );
    let result = runner.run(&pushes, |pushes| {
        case.set(case.get() + 1);
        let prefix = format!("n{}-", case.get());
        let mut layers = Layers::new();
        let base = ["a", "b", "c"].into_iter();
        let base = base.fold(Layer::new(), |layer, name| layer.service(name, Service::new("base")));
        let base = ("base".to_owned(), base, false);
        for (label, layer, combine) in std::iter::once(&base).chain(&pushes) {
            let (label, layer) = (format!("{prefix}{label}"), prefixed(layer, &prefix));
            let ours = if *combine {
                layers.combine(&label, layer.clone())
            } else {
                layers.append(&label, layer.clone())
            };
            let told = daemon.push(&label, &layer, *combine);
            match (&ours, &told) {
                (Ok(()), Ok(())) => accepted.set(accepted.get() + 1),
                (Err(_), Err(Error::Api { status: 400, .. })) => refused.set(refused.get() + 1),
                _ => prop_assert!(false, "{:?} but pebble: {:?} for {:?}", ours, told, layer),
            }
            let plan = daemon.client.plan().map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(of_case(&plan, &prefix), layers.plan());
        }
        // What a case leaves runs no checks.
        Ok(())
    });
    result.unwrap();
    assert!(accepted.get() > CASES && refused.get() > CASES / 4, "{} and {}", accepted.get(), refused.get());
}

#[test]
fn layers_fold_as_in_1_16() {
    folds_alike_in("1.16.0", layer(vec![LogTargetKind::Loki]).prop_map(as_before_1_19));
}

#[test]
fn layers_fold_as_in_1_19() {
    folds_alike("1.19.2", &[LogTargetKind::Loki]);
}

#[test]
fn layers_fold_as_in_1_26() {
    folds_alike("1.26.0", &[LogTargetKind::Loki, LogTargetKind::OpenTelemetry]);
}

#[test]
fn layers_fold_as_in_1_32() {
    folds_alike("1.32.1", &[LogTargetKind::Loki, LogTargetKind::OpenTelemetry]);
}

#[test]
fn what_is_refused_is_refused_in_the_same_words() {
    let daemon = Daemon::start();
    let base = || Layer::new().service("a", Service::new("x")).service("b", Service::new("x"));
    let mut layers = Layers::new();
    layers.append("base", base()).unwrap();
    daemon.push("base", &base(), false).unwrap();
    let web = |service: Service| Layer::new().service("web", service);
    let up = |check: Check| Layer::new().check("up", check);
    let zero = Duration::ZERO;
    for (label, layer) in [
        ("base", base()),
        ("pebble-x", base()),
        ("x", Layer::new().service("", Service::new("x"))),
        ("x", Layer::new().service("pebble", Service::new("x"))),
        ("x", Layer::new().service("-a", Service::new("x"))),
        ("x", web(Service::new("'"))),
        ("x", web(Service::new("x\\"))),
        ("x", web(Service::new("x [ y ] z"))),
        ("x", web(Service::new("[ y ]"))),
        ("x", web(Service::new("x ]"))),
        ("x", web(Service::new("x [ [ ] ]"))),
        ("x", web(Service::new("x").on_success(OnExit::SuccessShutdown))),
        ("x", web(Service::new("x").on_failure(OnExit::FailureShutdown))),
        ("x", web(Service::new("x").on_check_failure("c", OnExit::from("dance")))),
        ("x", web(Service::new("x").backoff_factor(0.5))),
        ("x", web(Service::default())),
        ("x", web(Service::new("x").requires(["none"]))),
        ("x", web(Service::new("x").after(["a"])).service("a", Service::new("x").after(["web"]))),
        ("x", up(Check::tcp(0))),
        ("x", up(Check::http(""))),
        ("x", up(Check::exec(""))),
        ("x", up(Check::exec("'"))),
        ("x", up(Check::exec(ExecCheck::new("x").service_context("none")))),
        ("x", up(Check::exec(ExecCheck::new("x").group_id(0)))),
        ("x", up(Check::default())),
        ("x", up(Check::tcp(1).level(Level::from("high")))),
        ("x", up(Check::tcp(1).period(zero))),
        ("x", up(Check::tcp(1).timeout(zero))),
        ("x", Layer::new().log_target("t", LogTarget::new(LogTargetKind::from("x"), "y"))),
        ("x", Layer::new().log_target("t", LogTarget::new(LogTargetKind::Loki, ""))),
        ("x", Layer::new().log_target("t", LogTarget::new(LogTargetKind::Loki, "y").services(["none"]))),
        ("x", Layer::new().log_target("t", LogTarget::new(LogTargetKind::Loki, "y").label("pebble_a", "b"))),
    ] {
        let ours = layers.append(label, layer.clone()).unwrap_err();
        let Err(Error::Api { status: 400, message, .. }) = daemon.push(label, &layer, false) else {
            panic!("pebble takes {layer:?}");
        };
        // What is wrong with a layer by itself is told with this before it.
        assert_eq!(ours.to_string(), message.strip_prefix("cannot parse layer YAML: ").unwrap_or(&message));
    }
}

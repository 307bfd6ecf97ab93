//! Layers in, plans out.

use std::fs;
use std::time::Duration;

use charmwright_pebble::{
    Check, CheckStatus, ExecCheck, HttpCheck, Layer, Level, LogTarget, LogTargetKind, OnExit, Override,
    Service, Startup, TcpCheck,
};

use crate::support::Daemon;

#[test]
fn the_plan_is_what_was_added() {
    let daemon = Daemon::start();
    let second = Duration::from_secs(1);
    let service = Service::new("/bin/web --port 80")
        .summary("a: b")
        .description("one\ntwo\n")
        .startup(Startup::Disabled)
        .after(["b"])
        .before(["c"])
        .requires(["b"])
        .env("K", "v")
        .user("root")
        .user_id(0)
        .group("root")
        .group_id(0)
        .working_dir("/srv")
        .on_success(OnExit::FailureShutdown)
        .on_failure(OnExit::Restart)
        .on_check_failure("up", OnExit::Shutdown)
        .backoff_delay(1500 * second / 1000)
        .backoff_factor(2.0)
        .backoff_limit(90 * second)
        .kill_delay(3600 * second);
    let exec = ExecCheck::new("/bin/true")
        .service_context("b")
        .env("K", "v")
        .user("root")
        .user_id(0)
        .group("root")
        .group_id(0)
        .working_dir("/");
    let check = |check: Check| check.startup(Startup::Disabled).threshold(3);
    let layer = Layer::new()
        .service("a", service)
        .service("b", Service::new("/bin/b"))
        .service("c", Service::new("/bin/c").override_by(Override::Merge))
        .check(
            "up",
            check(Check::http(HttpCheck::new("http://localhost/").header("H", "v"))).level(Level::Ready),
        )
        .check("port", check(Check::tcp(TcpCheck::new(80).host("h"))).period(90 * second).timeout(second / 4))
        .check("run", check(Check::exec(exec)).level(Level::Alive))
        .log_target(
            "loki",
            LogTarget::new(LogTargetKind::Loki, "http://localhost:1/").services(["a", "-b"]).label("l", "v"),
        )
        .log_target("otel", LogTarget::new(LogTargetKind::OpenTelemetry, "http://localhost:1/"));
    daemon.client.add_layer("app", &layer).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), layer);

    let checks = daemon.client.all_checks().unwrap();
    let told: Vec<_> = checks.iter().map(|check| (check.name.as_str(), check.level.as_ref())).collect();
    assert_eq!(told, [("port", None), ("run", Some(&Level::Alive)), ("up", Some(&Level::Ready))]);
    assert!(checks.iter().all(|check| check.status == CheckStatus::Inactive && check.change_id.is_none()));
    // What is left out of a later layer stays.
    daemon.client.add_layer("app", &Layer::new()).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), layer);
}

/// Words that YAML could take for something else.
const WORDS: &str = "null ~ true off y 1 1.0 0x1f 0o7 017 1_000 1e3 .inf .nan 2001-01-01 12:30:45 = << !x &a *a - -- --- \
                     ... : a: a:b # [a] {a} 'a' \"a\" %a @a `a` | > ? , \\ \\n";

/// Texts with white space in them, or none at all.
const TEXTS: [&str; 17] = [
    "",
    " ",
    " a",
    "a ",
    "a\n",
    "a\n\n",
    " \n",
    "a\n b\n",
    " a\nb",
    "\ta",
    "a\t\n",
    "\r\n",
    "- a",
    "? a",
    "a: b",
    "a # c",
    "# c\n!!str x\n",
];

/// Every character of the basic plane and some beyond, in blocks; those of Latin also alone and between others; and texts.
fn everything() -> Service {
    let mut service = Service::new("/bin/true \u{1f600}").summary("\u{7f}").description("\"q\" \\\n ");
    let numbers = (0..=0xffff).chain([0x1_0000, 0x1_f600, 0x1_fffe, 0x10_ffff]);
    let chars: Vec<char> = numbers.filter_map(char::from_u32).filter(|c| !is_mistold(*c)).collect();
    for (index, block) in chars.chunks(1024).enumerate() {
        service = service.env(format!("BLOCK_{index}"), block.iter().collect::<String>());
    }
    for c in chars.iter().filter(|c| **c < '\u{100}' || **c > '\u{fe00}') {
        let number = u32::from(*c);
        service = service.env(format!("BETWEEN_{number}"), format!("a {c} b"));
        if *c != '\n' {
            service = service.env(format!("ALONE_{number}"), c.to_string());
        }
    }
    for text in TEXTS.into_iter().chain(WORDS.split(' ')) {
        service = service.env(format!("VALUE {text}"), text).env(text, "key");
    }
    // A key may not be longer than 1024 characters.
    service.env("k".repeat(1000), "long word ".repeat(1000))
}

/// Line breaks to Pebble's YAML, but not to that of others: its plan is ambiguous where one of them is.
fn is_mistold(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[test]
fn every_character_survives() {
    let daemon = Daemon::start();
    let service = everything();
    let layer = Layer::new()
        .service("off", service.clone())
        .service("1", service)
        .check("null", Check::tcp(1).threshold(3));
    daemon.client.add_layer("\u{1f600} \"label\"", &layer).unwrap();
    let plan = daemon.client.plan().unwrap();
    for (name, service) in &layer.services {
        for (key, value) in &service.environment {
            assert_eq!(plan.services[name].environment.get(key), Some(value), "{key:?}");
        }
    }
    assert!(plan == layer);
}

#[test]
fn what_a_service_gets_is_what_the_layer_says() {
    let daemon = Daemon::start();
    let value = "\n \u{7f}\u{85}\u{2028}\u{feff}\u{1f600} 'q' \"d\" \\ \t\r\n\n";
    let file = daemon.path_text("value");
    let service = Service::new(format!("/bin/sh -c 'printf %s \"$VALUE\" > {file}; exec sleep 300'"))
        .env("VALUE", value);
    daemon.client.add_layer("app", &Layer::new().service("web", service)).unwrap();
    daemon.wait(daemon.client.start(&["web"])).into_result().unwrap();
    assert_eq!(fs::read_to_string(file).unwrap(), value);

    // Pebble's YAML writer forgets a line break that a text of several lines begins with.
    let layer = |text: &str| Layer::new().service("web", Service::new("x").env("VALUE", text));
    daemon.client.add_layer("app", &layer("\nb")).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), layer("b"));
}

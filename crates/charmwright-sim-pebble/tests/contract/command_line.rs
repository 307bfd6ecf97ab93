//! The program as a client: what charms and workloads run of it, and people who look at a play.

use charmwright_pebble::{Check, Layer, Level, NoticesOptions, Service, Startup};

use crate::daemon::{Daemon, Told};
use crate::target::Target;

cases! {
    all: Daemon = "they run its program";
    services_are_told_in_columns;
    checks_are_told_in_columns;
    the_plan_is_told_as_yaml;
    a_notice_is_recorded;
    what_is_no_notice_is_refused;
    health_is_told_by_the_exit_code;
    the_versions_are_told;
    without_a_daemon_nothing_is_told;
    what_it_does_not_know_it_refuses;
}

fn good(told: &Told) -> &str {
    assert_eq!((told.code, told.errors.as_str()), (Some(0), ""));
    &told.output
}

fn refused(told: &Told, words: &str) {
    assert_eq!((told.code, told.output.as_str()), (Some(1), ""));
    assert!(told.errors.starts_with("error: ") && told.errors.contains(words), "{}", told.errors);
}

fn with_services(target: &Target) -> Daemon {
    let daemon = target.start();
    let web = Service::new("web").startup(Startup::Enabled).env("A", "1").env("B", "x: y");
    let layer = Layer::new().service("web", web).service("a-rather-long-name", Service::new("long"));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon
}

fn services_are_told_in_columns(target: &Target) {
    let daemon = with_services(target);
    let all = "Service             Startup   Current   Since\n\
               a-rather-long-name  disabled  inactive  -\n\
               web                 enabled   inactive  -\n";
    assert_eq!(good(&daemon.ask(&["services"])), all);
    assert_eq!(good(&daemon.ask(&["services", "--abs-time"])), all);
    let one = "Service  Startup  Current   Since\nweb      enabled  inactive  -\n";
    assert_eq!(good(&daemon.ask(&["services", "web", "unknown"])), one);
    let none = daemon.ask(&["services", "unknown"]);
    assert_eq!(
        (none.code, none.output.as_str(), none.errors.as_str()),
        (Some(0), "", "No matching services.\n")
    );
}

fn checks_are_told_in_columns(target: &Target) {
    let daemon = target.start();
    let waiting = |level: Option<Level>| {
        let mut check = Check::exec("true").startup(Startup::Disabled);
        check.level = level;
        check
    };
    let layer = Layer::new().check("up", waiting(Some(Level::Ready))).check("other", waiting(None));
    daemon.client.add_layer("app", &layer).unwrap();
    let all = if target.since(1, 23) {
        "Check  Level  Startup   Status    Successes  Failures  Change\n\
         other  -      disabled  inactive  -          -         -\n\
         up     ready  disabled  inactive  -          -         -\n"
    } else {
        "Check  Level  Startup   Status    Failures  Change\n\
         other  -      disabled  inactive  -         -\n\
         up     ready  disabled  inactive  -         -\n"
    };
    assert_eq!(good(&daemon.ask(&["checks"])), all);
    let named = daemon.ask(&["checks", "up"]);
    assert_eq!(named.output, good(&daemon.ask(&["checks", "--level=ready"])));
    assert!(named.output.contains("\nup ") && !named.output.contains("other"));
    let none = daemon.ask(&["checks", "unknown"]);
    assert_eq!(
        (none.code, none.output.as_str(), none.errors.as_str()),
        (Some(0), "", "No matching health checks.\n")
    );
}

fn the_plan_is_told_as_yaml(target: &Target) {
    let daemon = with_services(target);
    let plan = "services:\n    a-rather-long-name:\n        override: replace\n        command: long\n    web:\n        \
                startup: enabled\n        override: replace\n        command: web\n        environment:\n            \
                A: \"1\"\n            B: 'x: y'\n";
    assert_eq!(good(&daemon.ask(&["plan"])), plan);
}

fn a_notice_is_recorded(target: &Target) {
    let daemon = target.start();
    let told = daemon.ask(&["notify", "example.com/one", "a=b", "c=d=e"]);
    let notices = daemon.client.notices(&NoticesOptions::default()).unwrap();
    let notice = notices.iter().find(|notice| notice.key == "example.com/one").unwrap();
    assert_eq!(good(&told), format!("Recorded notice {}\n", notice.id));
    assert_eq!((&*notice.last_data["a"], &*notice.last_data["c"]), ("b", "d=e"));
    good(&daemon.ask(&["notify", "--repeat-after=90m", "example.com/one"]));
    let notice = daemon.client.notice(&notice.id).unwrap();
    assert_eq!(notice.repeat_after.unwrap().as_str(), "1h30m0s");
}

fn what_is_no_notice_is_refused(target: &Target) {
    let daemon = target.start();
    refused(&daemon.ask(&["notify", "no-key"]), "no-key");
    refused(&daemon.ask(&["notify", "--repeat-after=soon", "example.com/one"]), "invalid duration \"soon\"");
    refused(&daemon.ask(&["notify", "example.com/one", "data"]), "format, not \"data\"");
    refused(&daemon.ask(&["notify"]), "required argument");
    assert_eq!(daemon.client.notices(&NoticesOptions::default()).unwrap(), []);
}

fn health_is_told_by_the_exit_code(target: &Target) {
    let daemon = target.start();
    assert_eq!(good(&daemon.ask(&["health"])), "healthy\n");
    let check = daemon.check("switch").level(Level::Ready).threshold(1);
    let layer = Layer::new().check("up", check.period(std::time::Duration::from_millis(50)));
    daemon.client.add_layer("app", &layer).unwrap();
    daemon.poll("the check to fail", || !daemon.client.is_healthy(None).unwrap());
    for arguments in [&["health"][..], &["health", "up"], &["health", "--level=ready", "up"]] {
        let told = daemon.ask(arguments);
        assert_eq!((told.code, told.output.as_str()), (Some(1), "unhealthy\n"), "{arguments:?}");
    }
    for arguments in
        [&["health", "--level=alive"][..], &["health", "--level=alive", "up"], &["health", "other"]]
    {
        assert_eq!(good(&daemon.ask(arguments)), "healthy\n", "{arguments:?}");
    }
}

fn the_versions_are_told(target: &Target) {
    let daemon = target.start();
    let version = &target.version;
    assert_eq!(good(&daemon.ask(&["version"])), format!("client  v{version}\nserver  v{version}\n"));
    assert_eq!(good(&daemon.ask(&["version", "--client"])), format!("v{version}\n"));
}

fn without_a_daemon_nothing_is_told(target: &Target) {
    let daemon = target.start();
    assert_eq!(good(&daemon.ask_nobody(&["version"])), format!("client  v{}\nserver  -\n", target.version));
    refused(&daemon.ask_nobody(&["services"]), "nowhere/s");
}

fn what_it_does_not_know_it_refuses(target: &Target) {
    let daemon = target.start();
    refused(&daemon.ask(&["frob"]), "frob");
    refused(&daemon.ask(&["services", "--frob"]), "frob");
}

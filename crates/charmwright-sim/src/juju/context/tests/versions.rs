use super::*;
use crate::juju::context::{PortRange, Side};

const ALL: [JujuVersion; 3] = [JujuVersion::V2_9, JujuVersion::V3_6, JujuVersion::V4_0];

#[test]
fn each_juju_has_the_hooks_of_its_time() {
    for (kind, exists) in [
        ("secret-changed", [false, true, true]),
        ("pebble-ready", [true, true, true]),
        ("pebble-custom-notice", [false, true, true]),
        ("pebble-check-failed", [false, true, true]),
        ("pre-series-upgrade", [true, true, false]),
        ("install", [true, true, true]),
    ] {
        assert_eq!(ALL.map(|version| HookInfo::of_kind(kind).exists_in(version)), exists, "{kind}");
    }
    let asked = HookInfo { secret_uri: OWN.to_owned(), ..HookInfo::of_kind("secret-changed") };
    let told = hook(&mut agent_of(&world(), JujuVersion::V2_9), &asked, |_| ()).unwrap_err();
    assert_eq!(told.to_string(), "unknown hook kind \"secret-changed\"");
}

#[test]
fn a_relation_that_is_gone_is_refused_or_not_found() {
    let mut model = world();
    model["relations"][0]["gone"] = json!(true);
    for (version, told) in
        ALL.into_iter().zip(["permission denied", "permission denied", "relation not found"])
    {
        update(&mut agent_of(&model, version), |run| {
            assert_eq!(run.read_settings(1, "pg/0").unwrap_err().to_string(), told);
            assert_eq!(run.own_settings(1, Side::Unit).unwrap_err().to_string(), "permission denied");
            let own = run.own_settings(1, Side::Application).unwrap_err().to_string();
            assert_eq!(own, "permission denied (unauthorized access)");
        });
    }
}

#[test]
fn juju_4_takes_all_that_a_hook_has_changed_or_nothing() {
    for (version, latest) in [(JujuVersion::V3_6, 2), (JujuVersion::V4_0, 1)] {
        let mut agent = agent_of(&world(), version);
        refused(&mut agent, |run| {
            run.update_secret(&uri(MINE), content("two")).unwrap();
            run.update_secret(&uri(THEIRS), content("three")).unwrap();
        });
        assert_eq!(part(&agent, "/secrets/1/latest_revision"), latest, "{version}");
    }
}

#[test]
fn juju_2_9_does_not_show_the_ports_that_are_yet_to_be_opened() {
    for (version, shown) in ALL.into_iter().zip([0, 1, 1]) {
        update(&mut agent_of(&world(), version), |run| {
            let port = PortRange { protocol: "tcp".to_owned(), from: 80, to: 80 };
            run.open_port_range("", &port).unwrap();
            assert_eq!(run.opened_port_ranges().len(), shown, "{version}");
        });
    }
}

#[test]
fn juju_4_knows_no_payloads() {
    for (version, asks) in ALL.into_iter().zip([true, true, false]) {
        let mut agent = agent_of(&world(), version);
        update(&mut agent, |_| ());
        let asked = agent.controller.calls().iter().any(|call| call.method.starts_with("Payloads"));
        assert_eq!(asked, asks, "{version}");
    }
}

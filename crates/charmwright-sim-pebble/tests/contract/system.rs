//! The daemon itself: who it says it is.

use charmwright_pebble::{Feature, Layer, Service};
use serde_json::json;

use crate::daemon::PATIENCE;
use crate::target::Target;

cases! {
    it_tells_its_version;
    it_tells_the_same_boot_each_time;
    what_it_is_too_old_for_is_told_by_its_version;
    many_may_ask_at_once;
    a_second_daemon_does_not_take_the_socket: Daemon = "it starts another one";
    the_addresses_of_listeners_that_are_off_are_left_out: Socket = "it looks at the answer itself";
}

fn it_tells_its_version(target: &Target) {
    let daemon = target.start();
    let told = daemon.client.system_info().unwrap().version;
    assert!(told.starts_with('v'), "{told}");
    assert_eq!(daemon.client.version().unwrap().to_string(), told);
    assert_eq!(daemon.client.version().unwrap().number(), target.version.number());
}

fn it_tells_the_same_boot_each_time(target: &Target) {
    let daemon = target.start();
    let boot = || daemon.client.system_info().unwrap().boot_id;
    assert_eq!(boot(), boot());
    // As a UUID.
    let boot = boot();
    let lengths: Vec<usize> = boot.split('-').map(str::len).collect();
    assert_eq!(lengths, [8, 4, 4, 4, 12], "{boot}");
}

fn what_it_is_too_old_for_is_told_by_its_version(target: &Target) {
    let daemon = target.start();
    let version = daemon.client.version().unwrap();
    let result = daemon.client.refresh_check("unknown");
    assert_eq!(result.unwrap_err().is_too_old(), !version.has(Feature::RefreshCheck));
    for feature in [Feature::Identities, Feature::StartChecks, Feature::Metrics, Feature::Notices] {
        assert!(version.has(feature));
    }
}

fn many_may_ask_at_once(target: &Target) {
    let daemon = target.start();
    std::thread::scope(|scope| {
        for number in 0..16 {
            let client = daemon.client.clone();
            scope.spawn(move || {
                let name = format!("service-{number}");
                for round in 0..5 {
                    let service = Service::new("x").summary(round.to_string());
                    client.add_layer("app", &Layer::new().service(&name, service)).unwrap();
                    let change = client.replan().unwrap();
                    client.wait_change(&change, PATIENCE).unwrap().into_result().unwrap();
                    assert_eq!(client.services(&[&name]).unwrap()[0].name, name);
                }
            });
        }
    });
    let plan = daemon.client.plan().unwrap();
    assert!(plan.services.len() == 16 && plan.services.values().all(|service| service.summary == "4"));
}

fn a_second_daemon_does_not_take_the_socket(target: &Target) {
    let daemon = target.start();
    assert_eq!(daemon.start_beside().code(), Some(1));
    assert!(daemon.log().contains("already in use"), "{}", daemon.log());
    daemon.client.system_info().unwrap();
}

fn the_addresses_of_listeners_that_are_off_are_left_out(target: &Target) {
    let daemon = target.start();
    let info = daemon.raw().get("/v1/system-info").result();
    assert_eq!((info.get("http-address"), info.get("https-address")), (None, None));
    assert_eq!(info["version"], json!(daemon.client.version().unwrap().to_string()));
}

//! The folder of layers, and how the daemon starts with it.

use charmwright_pebble::{Layer, ServiceStatus};

use crate::daemon::{Daemon, Setup};
use crate::layers::{command, one};
use crate::target::Target;

cases! {
    all: Files = "they put layers into its folder";
    the_layers_of_the_folder_are_there_from_the_start;
    a_layer_of_the_folder_is_combined_into_by_its_label;
    a_folder_in_the_folder_is_part_of_the_labels;
    a_layer_that_does_not_fit_lets_no_daemon_start;
    a_layer_without_a_proper_name_lets_no_daemon_start;
}

fn from_the_folder(target: &Target) -> Daemon {
    let file = |command: &str| {
        format!("services: {{web: {{override: replace, command: {command}, startup: enabled}}}}")
    };
    let layers = vec![
        ("010-high.yaml", file("high")),
        ("002-low.yaml", file("low") + "\nsummary: x\n"),
        ("020-no-layer.txt", "no layer".to_owned()),
    ];
    target.start_with(Setup { layers, ..Setup::default() })
}

fn the_layers_of_the_folder_are_there_from_the_start(target: &Target) {
    let daemon = from_the_folder(target);
    assert_eq!(command(&daemon), "high");
    assert_eq!(daemon.info("web").current, ServiceStatus::Inactive);
}

fn a_layer_of_the_folder_is_combined_into_by_its_label(target: &Target) {
    let daemon = from_the_folder(target);
    daemon.client.add_layer("low", &one("lower")).unwrap();
    assert_eq!(command(&daemon), "high");
    daemon.client.add_layer("high", &one("higher")).unwrap();
    assert_eq!(command(&daemon), "higher");
}

fn a_folder_in_the_folder_is_part_of_the_labels(target: &Target) {
    let file = |command: &str| format!("services: {{web: {{override: replace, command: {command}}}}}");
    let layers = vec![("001-base.yaml", file("base")), ("002-more.d/001-low.yaml", file("low"))];
    let daemon = target.start_with(Setup { layers, ..Setup::default() });
    assert_eq!(command(&daemon), "low");
    daemon.client.add_layer("more/low", &one("lower")).unwrap();
    assert_eq!(command(&daemon), "lower");
    assert_ne!(daemon.client.plan().unwrap(), Layer::new());
}

fn in_vain(target: &Target, name: &'static str, text: &str) -> String {
    let (status, said) =
        target.start_in_vain(Setup { layers: vec![(name, text.to_owned())], ..Setup::default() });
    assert_eq!(status.code(), Some(1), "{name}: {said}");
    said
}

fn a_layer_that_does_not_fit_lets_no_daemon_start(target: &Target) {
    assert!(in_vain(target, "001-base.yaml", "services: {web: {override: replace}}").contains("web"));
    assert!(in_vain(target, "001-base.yaml", "servces: {}").contains("servces"));
}

fn a_layer_without_a_proper_name_lets_no_daemon_start(target: &Target) {
    for name in ["base.yaml", "1-base.yaml", "001-Base.yaml", "001-ab.yaml", "001_base.yaml"] {
        assert!(in_vain(target, name, "{}").contains(name));
    }
}

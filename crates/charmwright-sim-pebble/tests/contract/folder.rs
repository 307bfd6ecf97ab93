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

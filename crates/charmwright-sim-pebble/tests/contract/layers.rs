//! Layers and the plan that they make.

use charmwright_pebble::Layer;

use crate::target::Target;

cases! {
    an_empty_layer_changes_nothing;
}

fn an_empty_layer_changes_nothing(target: &Target) {
    let daemon = target.start();
    daemon.client.add_layer("app", &Layer::new()).unwrap();
    assert_eq!(daemon.client.plan().unwrap(), Layer::new());
}

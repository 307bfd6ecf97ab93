//! The Pebble client of `ops`, which most charms are written with.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::daemon::Told;
use crate::target::Target;

cases! {
    every_call_of_ops_is_answered_as_the_real_pebble_does: Files = "ops speaks to a socket, of files that it can see";
}

/// All that ops is told by a daemon, a line a call.
fn told(target: &Target) -> Vec<String> {
    let daemon = target.start();
    let folder = daemon.path("files");
    std::fs::create_dir(&folder).unwrap();
    let mut calls = Command::new(charmwright_peers::python());
    calls.arg(root().join("peers/ops/pebble/calls.py")).arg(daemon.client.socket()).arg(&folder);
    let told = Told::of(&calls.output().unwrap());
    assert_eq!((told.code, told.errors.as_str()), (Some(0), ""), "{}", told.output);
    told.output.lines().map(str::to_owned).collect()
}

fn every_call_of_ops_is_answered_as_the_real_pebble_does(target: &Target) {
    let ours = told(target);
    // More than it has calls, and all that it can ask: the program itself sees to that.
    assert!(ours.len() > 100, "{ours:#?}");
    if !target.is_simulated() {
        return;
    }
    let wanted = told(&target.real());
    let differ: Vec<_> = wanted.iter().zip(&ours).filter(|(wanted, ours)| wanted != ours).collect();
    assert!(differ.is_empty(), "Pebble's, and ours: {differ:#?}");
    assert_eq!(wanted.len(), ours.len());
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

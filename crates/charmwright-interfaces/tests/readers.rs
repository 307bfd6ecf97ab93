//! What we publish is given to the very libraries that the charms at the other end read it with.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use std::process::Command;

use charmwright_interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright_snapshot::{Local, Offered, Port};

fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../peers/ops")
}

/// The labels that the reading side makes, or why it fails.
fn labels(metadata: &str) -> Result<serde_json::Value, String> {
    let script = peers().join("readers/prometheus_scrape.py");
    let output =
        Command::new(charmwright_peers::python_of_readers()).arg(script).arg(metadata).output().unwrap();
    if output.status.success() {
        Ok(serde_json::from_slice(&output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[test]
fn a_prometheus_charm_labels_what_it_scrapes_with_our_model_application_and_charm() {
    let offer = ScrapeJob::on(Port::new(9100).unwrap());
    let bag = PrometheusScrape::write(&offer, &Local::test("guestbook/0"));
    let expected = serde_json::json!({
        "juju_model": "test",
        "juju_model_uuid": "00000000-0000-4000-8000-000000000000",
        "juju_application": "guestbook",
        "juju_charm": "test",
    });
    assert_eq!(labels(&bag["scrape_metadata"]), Ok(expected));
}

#[test]
fn what_we_do_not_offer_would_fail_the_hook_of_a_prometheus_charm() {
    for id in ["00000000-0000-1000-8000-000000000000", "00000000-0000-4000-c000-000000000000"] {
        let metadata = format!(r#"{{"model":"test","model_uuid":"{id}","application":"guestbook"}}"#);
        assert!(labels(&metadata).unwrap_err().contains("InvalidUUIDError"), "{id}");
    }
    let without = labels(r#"{"model":"test","application":"guestbook"}"#);
    assert!(without.unwrap_err().contains("KeyError"));
}

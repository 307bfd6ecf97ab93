//! What kills a real Pebble, and not the simulated one.

use std::time::Duration;

use charmwright_sim_pebble::Request;
use charmwright_sim_pebble::in_process::InProcess;

#[test]
fn a_check_that_kills_a_real_daemon_does_not_kill_the_simulated_one() {
    for (check, status) in [
        (r#""http": {"url": ":80"}"#, 200),
        (r#""exec": {"command": " "}"#, 200),
        (r#""tcp": {"port": 1}, "period": "-1s""#, 400),
    ] {
        let pebble = InProcess::new();
        let layer = format!(r#"{{"checks": {{"up": {{"override": "replace", {check}}}}}}}"#);
        let body = serde_json::json!(
            {"action": "add", "combine": true, "label": "a", "format": "yaml", "layer": layer}
        );
        let request = Request::post("/v1/layers", body.to_string());
        assert_eq!(pebble.request(&request).unwrap().status, status, "{check}");
        pebble.advance(Duration::from_mins(1));
        assert!(pebble.ended().is_none(), "{check}");
        pebble.client().system_info().unwrap();
    }
}

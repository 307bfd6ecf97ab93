//! The wire: HTTP, and the envelope around every answer.

use charmwright_pebble::{Access, Identity, Layer};
use serde_json::json;

use crate::programs::runs;
use crate::target::Target;

cases! {
    all: Socket = "they speak HTTP themselves";
    an_unknown_endpoint_is_a_404_of_json;
    a_request_without_host_is_a_400_of_plain_text;
    any_host_will_do;
    other_methods_than_get_and_post_are_405;
    a_trailing_slash_is_another_endpoint;
    a_path_that_is_not_plain_is_redirected;
    a_handler_that_returns_nothing_leaves_out_the_result;
    an_async_answer_has_a_change_and_a_null_result;
    an_empty_list_is_one;
    a_small_answer_has_its_length_and_a_large_one_is_chunked;
    null_is_as_good_as_absent;
    unknown_fields_are_passed_over;
    what_follows_the_first_value_is_passed_over;
    a_body_that_is_no_json_is_refused;
    a_body_may_come_in_chunks;
    the_type_of_the_content_does_not_matter;
    markup_is_escaped;
    a_connection_takes_one_request_after_another;
}

fn an_unknown_endpoint_is_a_404_of_json(target: &Target) {
    let daemon = target.start();
    for path in ["/v1/nothing", "/v2/services", "/", "/v1", "/v1/services/web/more", "/v1/warnings"] {
        let answer = daemon.raw().get(path);
        assert_eq!(
            (answer.status, answer.message().as_str()),
            (404, "invalid API endpoint requested"),
            "{path}"
        );
        let json = answer.json();
        assert_eq!((&json["status-code"], &json["status"]), (&json!(404), &json!("Not Found")));
        assert_eq!(json["result"].get("kind"), None);
    }
}

fn a_request_without_host_is_a_400_of_plain_text(target: &Target) {
    let daemon = target.start();
    let mut connection = daemon.raw();
    connection.send("GET /v1/system-info HTTP/1.1\r\n\r\n");
    let answer = connection.answer();
    assert_eq!(answer.status, 400);
    assert!(answer.header("content-type").starts_with("text/plain"), "{answer:?}");
    assert!(answer.text().contains("Host"), "{answer:?}");
    assert!(connection.is_closed());
}

fn any_host_will_do(target: &Target) {
    let daemon = target.start();
    for host in ["", "pebble", "example.com:80"] {
        let mut connection = daemon.raw();
        connection.send(format!("GET /v1/system-info HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert_eq!(connection.answer().status, 200, "{host:?}");
    }
}

fn other_methods_than_get_and_post_are_405(target: &Target) {
    let daemon = target.start();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = daemon.raw().request(method, "/v1/services");
        assert_eq!(answer.status, 405, "{method}");
        assert!(answer.message().contains(method), "{answer:?}");
    }
    assert_eq!(daemon.raw().request("HEAD", "/v1/services").status, 405);
    // A method that only this endpoint has not.
    assert_eq!(daemon.raw().post("/v1/system-info", "{}").status, 405);
    assert_eq!(daemon.raw().get("/v1/layers").status, 405);
}

fn a_trailing_slash_is_another_endpoint(target: &Target) {
    let daemon = target.start();
    for path in ["/v1/services/", "/v1/system-info/", "/v1/changes/"] {
        assert_eq!(daemon.raw().get(path).status, 404, "{path}");
    }
}

fn a_path_that_is_not_plain_is_redirected(target: &Target) {
    let daemon = target.start();
    for path in ["//v1/services", "/v1/./services", "/v1/x/../services"] {
        let answer = daemon.raw().get(path);
        assert_eq!((answer.status, answer.header("location")), (301, "/v1/services"), "{path}");
    }
}

fn a_handler_that_returns_nothing_leaves_out_the_result(target: &Target) {
    let daemon = target.start();
    let body = json!({"action": "add", "identities": {"bob": {"access": "read", "local": {"user-id": 1}}}});
    let answer = daemon.raw().post("/v1/identities", body.to_string()).json();
    assert_eq!(answer, json!({"type": "sync", "status-code": 200, "status": "OK"}));
    // The client takes it for success.
    let identity = Identity::with_user_id(Access::Read, 2);
    daemon.client.set_identities(&[("eve".to_owned(), identity)].into()).unwrap();
}

fn an_async_answer_has_a_change_and_a_null_result(target: &Target) {
    let daemon = target.start();
    let answer = daemon.raw().post("/v1/services", r#"{"action":"replan"}"#);
    assert_eq!((answer.status, answer.header("location")), (202, ""));
    let json = answer.json();
    assert_eq!((&json["type"], &json["status"]), (&json!("async"), &json!("Accepted")));
    assert_eq!(json.get("result"), Some(&json!(null)));
    assert!(json["change"].is_string(), "{json}");
}

fn an_empty_list_is_one(target: &Target) {
    let daemon = target.start();
    for path in ["/v1/services", "/v1/checks", "/v1/changes", "/v1/notices?types=custom"] {
        assert_eq!(daemon.raw().get(path).result(), json!([]), "{path}");
    }
    assert_eq!(daemon.raw().get("/v1/identities").result(), json!({}));
    let logs = daemon.raw().get("/v1/logs");
    assert_eq!((logs.status, logs.body.len()), (200, 0));
}

fn a_small_answer_has_its_length_and_a_large_one_is_chunked(target: &Target) {
    let daemon = target.start();
    let small = daemon.raw().get("/v1/services");
    assert_eq!(
        (small.is_chunked(), small.header("content-length")),
        (false, small.body.len().to_string().as_str())
    );
    let services = (0..100).map(|number| (format!("service-{number}"), runs()));
    let layer =
        services.fold(Layer::new(), |layer, (name, program)| layer.service(name, daemon.service(&program)));
    daemon.client.add_layer("app", &layer).unwrap();
    let large = daemon.raw().get("/v1/services");
    assert!(large.body.len() > 2048 && large.is_chunked(), "{:?}", large.headers);
    assert_eq!(large.result().as_array().unwrap().len(), 100);
    assert_eq!(daemon.client.all_services().unwrap().len(), 100);
}

fn null_is_as_good_as_absent(target: &Target) {
    let daemon = target.start();
    let answer = daemon.raw().post("/v1/services", r#"{"action":"replan","services":null}"#);
    assert_eq!(answer.status, 202);
    let layer = json!({"action": "add", "label": "app", "format": "yaml", "combine": null, "inner": null,
        "layer": r#"{"services":{"web":{"override":"replace","command":"x","after":null,"user-id":null,"environment":null}}}"#});
    assert_eq!(daemon.raw().post("/v1/layers", layer.to_string()).result(), json!(true));
}

fn unknown_fields_are_passed_over(target: &Target) {
    let daemon = target.start();
    let body = r#"{"action":"replan","since":{"a":[1,2]},"Services":[]}"#;
    assert_eq!(daemon.raw().post("/v1/services", body).status, 202);
    assert_eq!(daemon.raw().get("/v1/services?unknown=1").status, 200);
}

fn what_follows_the_first_value_is_passed_over(target: &Target) {
    let daemon = target.start();
    assert_eq!(daemon.raw().post("/v1/services", r#"{"action":"replan"} and so on"#).status, 202);
}

fn a_body_that_is_no_json_is_refused(target: &Target) {
    let daemon = target.start();
    for body in ["", "{", "replan", "[]", r#"{"action":7}"#, r#"{"action":"replan","services":"web"}"#] {
        let answer = daemon.raw().post("/v1/services", body);
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(!answer.message().is_empty());
    }
}

fn a_body_may_come_in_chunks(target: &Target) {
    let daemon = target.start();
    let mut connection = daemon.raw();
    connection.send("POST /v1/services HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for part in [r#"{"act"#, r#"ion":"#, r#""replan"}"#] {
        connection.send(format!("{:x}\r\n{part}\r\n", part.len()));
    }
    connection.send("0\r\n\r\n");
    assert_eq!(connection.answer().status, 202);
}

fn the_type_of_the_content_does_not_matter(target: &Target) {
    let daemon = target.start();
    for kind in ["text/plain", "application/json; charset=utf-8", "nonsense"] {
        assert_eq!(
            daemon.raw().post_as("/v1/services", kind, r#"{"action":"replan"}"#).status,
            202,
            "{kind}"
        );
    }
}

fn markup_is_escaped(target: &Target) {
    let daemon = target.start();
    let answer = daemon.raw().post("/v1/services", r#"{"action":"start","services":["<b>&\u2028"]}"#);
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains(r"\u003cb\u003e\u0026\"), "{}", answer.text());
    assert!(answer.message().contains("<b>&"), "{}", answer.message());
    let error = daemon.client.start(&["<b>&"]).unwrap_err();
    assert!(error.to_string().contains("<b>&"), "{error}");
}

fn a_connection_takes_one_request_after_another(target: &Target) {
    let daemon = target.start();
    let mut connection = daemon.raw();
    for _ in 0..3 {
        assert_eq!(connection.get("/v1/nothing").status, 404);
        assert_eq!(connection.post("/v1/services", "no json").status, 400);
        assert_eq!(connection.get("/v1/services").result(), json!([]));
    }
    // Also two at once, answered in their order.
    let one = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    connection.send(one("/v1/services") + &one("/v1/nothing"));
    assert_eq!((connection.answer().status, connection.answer().status), (200, 404));
    // Until one of the two sides is done with it.
    connection.send("GET /v1/services HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(connection.answer().header("connection"), "close");
    assert!(connection.is_closed());
}

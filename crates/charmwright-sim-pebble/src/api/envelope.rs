//! The envelope of JSON answers.

use serde_json::{Map, Value, json};

use crate::request::Response;

const JSON: &str = "application/json";

/// An answer with a result.
pub(crate) fn sync(result: Value) -> Response {
    sync_with(200, Some(result))
}

/// An answer, with a status of its own or without a result.
pub(crate) fn sync_with(status: u16, result: Option<Value>) -> Response {
    let mut body = head("sync", status);
    if let Some(result) = result {
        body.insert("result".to_owned(), result);
    }
    response(status, body)
}

/// The answer that a change goes on.
pub(crate) fn asynchronous(change: &str, result: Value) -> Response {
    let mut body = head("async", 202);
    body.insert("change".to_owned(), change.into());
    body.insert("result".to_owned(), result);
    response(202, body)
}

/// An error.
pub(crate) fn error(status: u16, message: impl Into<String>) -> Response {
    let mut body = head("error", status);
    body.insert("result".to_owned(), json!({ "message": message.into() }));
    response(status, body)
}

/// An error of a kind that has a name.
pub(crate) fn error_of_kind(status: u16, message: impl Into<String>, kind: &str) -> Response {
    let mut body = head("error", status);
    body.insert("result".to_owned(), json!({ "message": message.into(), "kind": kind }));
    response(status, body)
}

/// Puts a field into an answer that is there.
pub(crate) fn add(response: &mut Response, name: &str, value: Value) {
    if let Ok(Value::Object(mut body)) = serde_json::from_slice(&response.body) {
        body.insert(name.to_owned(), value);
        response.body = text(&Value::Object(body));
    }
}

/// The same, if it is no error.
pub(crate) fn add_unless_error(response: &mut Response, name: &str, value: Value) {
    let is_error = serde_json::from_slice(&response.body).is_ok_and(|body: Value| body["type"] == "error");
    if !is_error {
        add(response, name, value);
    }
}

fn head(kind: &str, status: u16) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("type".to_owned(), kind.into());
    body.insert("status-code".to_owned(), status.into());
    body.insert("status".to_owned(), reason(status).into());
    body
}

fn response(status: u16, body: Map<String, Value>) -> Response {
    Response { status, content_type: JSON, location: String::new(), body: text(&Value::Object(body)) }
}

/// JSON as Go writes it by default: on one line, and safe within HTML.
pub(crate) fn text(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    for letter in value.to_string().chars() {
        match letter {
            '<' => text.push_str("\\u003c"),
            '>' => text.push_str("\\u003e"),
            '&' => text.push_str("\\u0026"),
            '\u{2028}' => text.push_str("\\u2028"),
            '\u{2029}' => text.push_str("\\u2029"),
            letter => text.push(letter),
        }
    }
    text.into_bytes()
}

/// The phrase that HTTP has for a status.
pub fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        202 => "Accepted",
        301 => "Moved Permanently",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        504 => "Gateway Timeout",
        _ => "",
    }
}

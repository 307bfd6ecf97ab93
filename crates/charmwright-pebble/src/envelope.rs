//! The JSON around every answer.

use std::fmt;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::bounded::{Content, content};
use crate::change::ChangeId;
use crate::error::{Error, FileError, FileErrorKind};
use crate::limits::{ANSWER_OBJECTS_MAX, ANSWER_VALUES_MAX};
use crate::told::kept;

/// How much of an answer that is not JSON goes into the message.
const EXCERPT: usize = 200;

/// The result is left as it came: what it should be is known later, and it is read once.
#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    result: Option<Box<RawValue>>,
    #[serde(default)]
    change: Option<String>,
}

#[derive(Default, Deserialize)]
struct WireError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    kind: Option<String>,
}

/// What a good answer carries.
pub(crate) struct Answer {
    result: Option<Box<RawValue>>,
    change: Option<String>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("change", &self.change).finish_non_exhaustive()
    }
}

/// A missing result reads as null.
fn read<T: DeserializeOwned>(result: Option<&RawValue>) -> Result<T, serde_json::Error> {
    serde_json::from_str(result.map_or("null", RawValue::get))
}

impl Answer {
    /// Reads an answer. The HTTP status decides nothing: an unhealthy daemon answers 502 with a good answer in it.
    pub(crate) fn parse(action: &str, status: u16, body: &[u8]) -> Result<Self, Error> {
        let Content { objects, values } = content(body);
        for (count, most, unit) in
            [(objects, ANSWER_OBJECTS_MAX, "objects"), (values, ANSWER_VALUES_MAX, "values")]
        {
            if count > most {
                return Err(Error::TooLarge { action: action.to_owned(), what: "the answer", most, unit });
            }
        }
        let wire: Wire = match serde_json::from_slice(body) {
            Ok(wire) => wire,
            Err(error) => return Err(not_json(action, status, body, &error)),
        };
        match wire.kind.as_str() {
            "sync" | "async" => Ok(Self { result: wire.result, change: wire.change }),
            "error" => {
                let WireError { message, kind } = read(wire.result.as_deref()).unwrap_or_default();
                let (action, message, kind) = (action.to_owned(), kept(message), kind.map(kept));
                if status == 401 {
                    Err(Error::Denied { action, message })
                } else {
                    Err(Error::Api { status, kind, message, action })
                }
            }
            other => Err(protocol(action, format!("an answer of type {other:?}"))),
        }
    }

    /// The result, where there must be one. A missing one reads as null, and so does a list without items.
    pub(crate) fn result<T: DeserializeOwned>(self, action: &str) -> Result<T, Error> {
        read(self.result.as_deref()).map_err(|error| protocol(action, category(&error)))
    }

    /// The result as a list; null is the empty one.
    pub(crate) fn list<T: DeserializeOwned>(self, action: &str) -> Result<Vec<T>, Error> {
        self.result::<Option<Vec<T>>>(action).map(Option::unwrap_or_default)
    }

    /// The result, and the change that was started.
    pub(crate) fn result_and_change<T: DeserializeOwned>(self, action: &str) -> Result<(T, ChangeId), Error> {
        let result = read(self.result.as_deref()).map_err(|error| protocol(action, category(&error)))?;
        let change = self.change(action)?;
        Ok((result, change))
    }

    /// The change that was started.
    pub(crate) fn change(self, action: &str) -> Result<ChangeId, Error> {
        match self.change.map(ChangeId::new) {
            Some(Some(id)) => Ok(id),
            Some(None) => Err(protocol(action, "a change id that is not one".to_owned())),
            None => Err(protocol(action, "no change id".to_owned())),
        }
    }
}

pub(crate) fn protocol(action: &str, message: String) -> Error {
    Error::Protocol { action: action.to_owned(), message: kept(message) }
}

/// Where Pebble refused a path, say so.
pub(crate) fn file_error(error: Error, action: &'static str, path: &str) -> Error {
    match error {
        Error::Api { kind: Some(kind), message, .. }
            if !matches!(FileErrorKind::from(kind.as_str()), FileErrorKind::Other(_)) =>
        {
            Error::File { action, path: path.to_owned(), error: FileError { kind: kind.into(), message } }
        }
        error => error,
    }
}

fn not_json(action: &str, status: u16, body: &[u8], error: &serde_json::Error) -> Error {
    // Half a JSON text may hold anything, also secrets. A plain text is an HTTP server's complaint.
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let message = match first {
        Some(b'{' | b'[' | b'"') => format!("status {status}, {}", category(error)),
        Some(_) => {
            let text: String = String::from_utf8_lossy(body).trim().chars().take(EXCERPT).collect();
            format!("status {status}, {text:?}")
        }
        None => format!("status {status}, an empty body"),
    };
    protocol(action, message)
}

/// What is wrong with a JSON text, and where: without the values in it, which may be secret.
fn category(error: &serde_json::Error) -> String {
    let what = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Data => "it is not of the expected shape",
        serde_json::error::Category::Io | serde_json::error::Category::Syntax => "it is not valid JSON",
    };
    match error.line() {
        0 => what.to_owned(),
        line => format!("{what} (line {line}, column {})", error.column()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn parse(status: u16, body: &str) -> Result<Answer, Error> {
        Answer::parse("do it", status, body.as_bytes())
    }

    #[test]
    fn missing_and_null_results_are_the_same() {
        for body in [
            r#"{"type":"sync","status-code":200,"status":"OK"}"#,
            r#"{"type":"sync","status-code":200,"status":"OK","result":null}"#,
        ] {
            assert_eq!(parse(200, body).unwrap().list::<String>("x").unwrap(), Vec::<String>::new());
            assert_eq!(parse(200, body).unwrap().result::<Option<bool>>("x").unwrap(), None);
        }
    }

    #[test]
    fn an_unhealthy_answer_is_no_error() {
        let answer = parse(502, r#"{"type":"sync","status-code":502,"result":{"healthy":false}}"#).unwrap();
        assert_eq!(answer.result::<Value>("x").unwrap(), serde_json::json!({"healthy": false}));
    }

    #[test]
    fn errors_keep_status_kind_and_message() {
        let error =
            parse(400, r#"{"type":"error","result":{"message":"none","kind":"no-default-services"}}"#);
        let error = error.unwrap_err();
        assert_eq!(error.to_string(), "cannot do it: pebble answered 400: none");
        assert_eq!(error.kind(), Some("no-default-services"));
        assert!(matches!(parse(400, r#"{"type":"error"}"#), Err(Error::Api { status: 400, kind: None, .. })));
    }

    #[test]
    fn denied_is_its_own_error() {
        let body = r#"{"type":"error","result":{"message":"access denied","kind":"login-required"}}"#;
        assert!(matches!(parse(401, body), Err(Error::Denied { .. })));
    }

    #[test]
    fn what_is_not_json_is_told_without_its_content() {
        let told = |body| parse(400, body).unwrap_err().to_string();
        assert!(told("400 Bad Request: missing required Host header").contains("missing required Host"));
        assert!(told("").contains("empty body"));
        assert!(told(r#"{"type":"sync","result":{"password":"hunter2"#).contains("ends too early"));
        assert!(!told(r#"{"type":"sync","result":{"password":"hunter2"#).contains("hunter2"));
        let error =
            parse(200, r#"{"type":"sync","result":"hunter2"}"#).unwrap().result::<u8>("x").unwrap_err();
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn an_async_answer_has_a_change() {
        let answer = parse(202, r#"{"type":"async","change":"7","result":null}"#).unwrap();
        assert_eq!(answer.change("x").unwrap().as_str(), "7");
        for body in [r#"{"type":"async","result":null}"#, r#"{"type":"async","change":"../7"}"#] {
            assert!(matches!(parse(202, body).unwrap().change("x"), Err(Error::Protocol { .. })));
        }
    }
}

//! Answers to those who ask for something.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::query::duration;
use super::route::Asked;
use super::{envelope, first_json};
use crate::exec::ExecRequest;
use crate::files::{FilesRequest, MakeDir, Remove, WriteRequest};
use crate::host::Host;
use crate::identities::IdentitiesRequest;
use crate::layers::{Adding, add};
use crate::notices::is_custom_key;
use crate::pebble::Pebble;
use crate::request::{Reply, Response, Wait, Waiting};
use crate::service::requests::Action;
use crate::text::quoted;

/// The longest key and the most data of a notice, in bytes.
const KEY: usize = 256;
const DATA: usize = 4096;
/// The shortest boundary of multipart.
const BOUNDARY: usize = 32;

type Answer = Result<Response, Response>;

fn bad(message: impl Into<String>) -> Response {
    envelope::error(400, message)
}

/// What most bodies have.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Body {
    #[serde(deserialize_with = "super::null_as_default")]
    action: String,
    #[serde(deserialize_with = "super::null_as_default")]
    services: Vec<String>,
    #[serde(deserialize_with = "super::null_as_default")]
    checks: Vec<String>,
    #[serde(deserialize_with = "super::null_as_default")]
    signal: String,
    #[serde(deserialize_with = "super::null_as_default")]
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct LayerBody {
    #[serde(deserialize_with = "super::null_as_default")]
    action: String,
    #[serde(deserialize_with = "super::null_as_default")]
    combine: bool,
    #[serde(deserialize_with = "super::null_as_default")]
    inner: bool,
    #[serde(deserialize_with = "super::null_as_default")]
    label: String,
    #[serde(deserialize_with = "super::null_as_default")]
    format: String,
    #[serde(deserialize_with = "super::null_as_default")]
    layer: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct NoticeBody {
    #[serde(deserialize_with = "super::null_as_default")]
    action: String,
    #[serde(rename = "type", deserialize_with = "super::null_as_default")]
    kind: String,
    #[serde(deserialize_with = "super::null_as_default")]
    key: String,
    #[serde(deserialize_with = "super::null_as_default")]
    repeat_after: String,
    data: Option<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FilesBody {
    #[serde(deserialize_with = "super::null_as_default")]
    action: String,
    #[serde(deserialize_with = "super::null_as_default")]
    dirs: Vec<MakeDir>,
    #[serde(deserialize_with = "super::null_as_default")]
    paths: Vec<Remove>,
}

impl Asked<'_> {
    fn body<T: DeserializeOwned>(&self, what: &str) -> Result<T, Response> {
        first_json(&self.request.body).map_err(|error| bad(format!("cannot decode {what}: {error}")))
    }
}

const REQUEST_BODY: &str = "request body";
const DATA_BODY: &str = "data from request body";

impl Pebble {
    pub(super) fn post(&mut self, path: &[&str], asked: &Asked<'_>, host: &mut dyn Host) -> Reply {
        let answer = match path {
            ["services"] => self.post_services(asked, host),
            ["services", _] => Err(bad("not implemented")),
            ["changes", id] => self.post_change(id, asked, host),
            ["layers"] => self.post_layers(asked, host),
            ["exec"] => self.post_exec(asked, host),
            ["signals"] => self.post_signals(asked, host),
            ["notices"] => self.post_notices(asked),
            ["checks"] => self.post_checks(asked, host),
            ["checks", _] => match self.post_refresh(asked, host) {
                Ok(reply) => return reply,
                Err(error) => Err(error),
            },
            ["identities"] => self.post_identities(asked),
            _ => match post_files(asked) {
                Ok(reply) => return reply,
                Err(error) => Err(error),
            },
        };
        let (Ok(response) | Err(response)) = answer;
        Reply::Done(response)
    }

    fn post_services(&mut self, asked: &Asked<'_>, host: &mut dyn Host) -> Answer {
        let body: Body = asked.body(DATA_BODY)?;
        let name = body.action.as_str();
        let action = Action::named(name);
        let mut names = body.services;
        match action {
            Some(Action::Replan | Action::Autostart) if !names.is_empty() => {
                return Err(bad(format!("{name} accepts no service names")));
            }
            Some(Action::Replan) => {}
            Some(Action::Autostart) => {
                names = self.default_services().map_err(|error| envelope::error(500, error))?;
                if names.is_empty() {
                    return Err(envelope::error_of_kind(400, "no default services", "no-default-services"));
                }
            }
            _ if names.is_empty() => return Err(bad(format!("must specify services for {name} action"))),
            _ => {}
        }
        let action = action.ok_or_else(|| bad(format!("invalid action {}", quoted(name))))?;
        let change = self.ask_services(action, names, host);
        let change = change.map_err(|error| bad(format!("cannot {name} services: {error}")))?;
        Ok(envelope::asynchronous(&change.to_string(), Value::Null))
    }

    fn post_change(&mut self, id: &str, asked: &Asked<'_>, host: &mut dyn Host) -> Answer {
        let Some(change) = self.ledger.change(id).map(|change| change.id) else {
            return Err(self.change_response(id));
        };
        let body: Body = asked.body(DATA_BODY)?;
        if body.action != "abort" {
            return Err(bad(format!("invalid action {}", quoted(&body.action))));
        }
        if self.is_ready(id) {
            return Err(bad(format!("cannot abort change {id} with nothing pending")));
        }
        self.abort_change(change, host);
        Ok(self.change_response(id))
    }

    fn post_layers(&mut self, asked: &Asked<'_>, host: &mut dyn Host) -> Answer {
        let body: LayerBody = asked.body(REQUEST_BODY)?;
        if body.action != "add" {
            return Err(bad(format!("invalid action {}", quoted(&body.action))));
        }
        if body.label.is_empty() {
            return Err(bad("label must be set"));
        }
        if body.format != "yaml" {
            return Err(bad(format!("invalid format {}", quoted(&body.format))));
        }
        let mut layers = self.layers.clone();
        let adding = Adding { is_combined: body.combine, is_inner: body.inner, is_static: false };
        add(&mut layers, &self.settings, host, &body.label, &body.layer, adding)
            .map_err(|refused| envelope::error(refused.status, refused.message))?;
        if self.settings.since(29) && layers.plan().workloads != self.plan.workloads {
            return Err(bad("cannot change immutable section \"workloads\""));
        }
        self.set_layers(layers, host);
        Ok(envelope::sync(true.into()))
    }

    fn post_exec(&mut self, asked: &Asked<'_>, host: &mut dyn Host) -> Answer {
        let body: ExecRequest = asked.body(REQUEST_BODY)?;
        if body.command.is_empty() {
            return Err(bad("must specify command"));
        }
        let timeout = duration(&body.timeout).map_err(|error| bad(format!("invalid timeout: {error}")))?;
        let (change, result) = self
            .ask_exec(body, timeout.wait(), host)
            .map_err(|(status, message)| envelope::error(status, message))?;
        Ok(envelope::asynchronous(&change.to_string(), result))
    }

    fn post_signals(&mut self, asked: &Asked<'_>, host: &mut dyn Host) -> Answer {
        let body: Body = asked.body(REQUEST_BODY)?;
        if body.services.is_empty() {
            return Err(bad("must specify one or more services"));
        }
        self.signal_services(&body.services, &body.signal, host)
            .map_err(|error| envelope::error(500, error))?;
        Ok(envelope::sync(true.into()))
    }

    fn post_notices(&mut self, asked: &Asked<'_>) -> Answer {
        let Some(user) = asked.caller.user else {
            return Err(envelope::error(403, "cannot determine UID of request, so cannot create notice"));
        };
        let body: NoticeBody = asked.body(REQUEST_BODY)?;
        if body.action != "add" {
            return Err(bad(format!("invalid action {}", quoted(&body.action))));
        }
        if body.kind != "custom" {
            let kind = quoted(&body.kind);
            return Err(bad(format!("invalid type {kind} (can only add \"custom\" notices)")));
        }
        if !is_custom_key(&body.key) {
            let key = quoted(&body.key);
            return Err(bad(format!("invalid key {key} (must be in \"example.com/path\" format)")));
        }
        if body.key.len() > KEY {
            return Err(bad(format!("key must be {KEY} bytes or less")));
        }
        let repeat_after =
            duration(&body.repeat_after).map_err(|error| bad(format!("invalid repeat-after: {error}")))?;
        let data = body.data.as_ref().map_or("null", |data| data.get());
        if data.len() > DATA {
            return Err(bad(format!("total size of data must be {DATA} bytes or less")));
        }
        let data: Option<BTreeMap<String, Option<String>>> =
            serde_json::from_str(data).map_err(|error| bad(format!("cannot decode notice data: {error}")))?;
        let data = data.unwrap_or_default().into_iter();
        let data = data.map(|(name, value)| (name, value.unwrap_or_default())).collect();
        let id = self.notices.add(self.now, Some(user), "custom", &body.key, data, repeat_after.wait());
        Ok(envelope::sync(json!({"id": id.to_string()})))
    }

    fn post_checks(&mut self, asked: &Asked<'_>, host: &mut dyn Host) -> Answer {
        let body: Body = asked.body(DATA_BODY)?;
        let action = body.action.as_str();
        if body.checks.is_empty() {
            return Err(bad(format!("must specify checks for {action} action")));
        }
        let changed = match action {
            "start" => self.start_checks(&body.checks),
            "stop" => self.stop_checks(&body.checks, host),
            _ => return Err(bad(format!("invalid action {}", quoted(action)))),
        };
        let changed = changed.map_err(|error| bad(format!("cannot {action} checks: {error}")))?;
        let changed =
            if changed.is_empty() && !self.settings.since(28) { Value::Null } else { json!(changed) };
        Ok(envelope::sync(json!({"changed": changed})))
    }

    fn post_refresh(&mut self, asked: &Asked<'_>, host: &mut dyn Host) -> Result<Reply, Response> {
        let check = asked.body::<Body>(DATA_BODY)?.name;
        if check.is_empty() {
            return Err(bad("must specify check name"));
        }
        let Some(run) = self.refresh_check(&check, host) else {
            return Err(envelope::error(404, format!("cannot find check with name {}", quoted(&check))));
        };
        Ok(Reply::Wait(Wait { what: Waiting::Refresh { check, run }, deadline: None }))
    }

    fn post_identities(&mut self, asked: &Asked<'_>) -> Answer {
        let body: IdentitiesRequest = asked.body(REQUEST_BODY)?;
        self.identities.change(body, &self.settings).map_err(bad)?;
        Ok(envelope::sync_with(200, None))
    }
}

fn post_files(asked: &Asked<'_>) -> Result<Reply, Response> {
    let content_type = &asked.request.content_type;
    let (kind, boundary) = media_type(content_type)
        .ok_or_else(|| bad(format!("invalid Content-Type {}", quoted(content_type))))?;
    match kind.as_str() {
        "multipart/form-data" if boundary.len() < BOUNDARY => {
            Err(bad(format!("invalid boundary {}", quoted(&boundary))))
        }
        "multipart/form-data" => Ok(Reply::WriteFiles(WriteRequest::new(boundary))),
        "application/json" => {
            let body: FilesBody = asked.body(REQUEST_BODY)?;
            match body.action.as_str() {
                "make-dirs" => Ok(Reply::Files(FilesRequest::MakeDirs(body.dirs))),
                "remove" => Ok(Reply::Files(FilesRequest::Remove(body.paths))),
                "write" => Err(bad("must use multipart with \"write\" action")),
                action => Err(bad(format!("invalid action {}", quoted(action)))),
            }
        }
        kind => Err(bad(format!("invalid media type {}", quoted(kind)))),
    }
}

/// The type of a content, in lower case, and its boundary, if it has one.
fn media_type(text: &str) -> Option<(String, String)> {
    let mut parts = text.split(';');
    let kind = parts.next()?.trim().to_lowercase();
    if kind.is_empty() || kind.contains(|c: char| c.is_whitespace() || c == ',') {
        return None;
    }
    let mut boundary = String::new();
    for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        if name.trim().eq_ignore_ascii_case("boundary") {
            let value = value.trim();
            let inner = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
            boundary = inner.map_or_else(|| value.to_owned(), |inner| inner.replace('\\', ""));
        }
    }
    Some((kind, boundary))
}

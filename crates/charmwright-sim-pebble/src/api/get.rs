//! Answers to those who look.

use serde_json::{Value, json};

use super::envelope;
use super::query::duration;
use super::route::Asked;
use crate::exec::Connecting;
use crate::files::FilesRequest;
use crate::host::TaskId;
use crate::identities::Access;
use crate::layers::plan_text;
use crate::notices::{Filter, KINDS};
use crate::pebble::Pebble;
use crate::request::{LogQuery, Reply, Response, Wait, Waiting};
use crate::text::quoted;
use crate::time::Time;

fn bad(message: impl Into<String>) -> Reply {
    Reply::Done(envelope::error(400, message))
}

fn sync(result: Value) -> Reply {
    Reply::Done(envelope::sync(result))
}

impl Pebble {
    pub(super) fn get(&mut self, path: &[&str], asked: &Asked<'_>) -> Reply {
        let query = &asked.query;
        match path {
            ["system-info"] => self.system_info(),
            ["health"] => self.health(asked),
            ["plan"] if query.get("format") == "yaml" => sync(plan_text(&self.plan).into()),
            ["plan"] => bad(format!("invalid format {}", quoted(query.get("format")))),
            ["services"] => sync(self.services_json(&query.list("names"))),
            ["services", _] => bad("not implemented"),
            ["changes"] => self.changes(asked),
            ["changes", id] => Reply::Done(self.change_response(id)),
            ["changes", id, _] => self.wait_change(id, asked),
            ["tasks", id, _, name] => self.websocket(id, name),
            ["files"] => files(asked),
            ["logs"] => self.ask_logs(asked),
            ["notices"] => self.list_notices(asked),
            ["notices", id] => self.notice(id, asked),
            ["checks"] => match query.get("level") {
                level @ ("" | "alive" | "ready") => sync(self.checks_json(level, &query.list("names"))),
                _ => bad("level must be \"alive\" or \"ready\""),
            },
            ["identities"] => sync(self.identities.json()),
            _ => self.metrics(),
        }
    }

    fn system_info(&self) -> Reply {
        let mut info = json!({
            "boot-id": self.settings.boot_id,
            "version": format!("v{}", self.settings.version.trim_start_matches('v')),
        });
        if !self.settings.http_address.is_empty() && self.settings.since(21) {
            info["http-address"] = self.settings.http_address.as_str().into();
        }
        sync(info)
    }

    fn health(&self, asked: &Asked<'_>) -> Reply {
        let level = asked.query.get("level");
        if !matches!(level, "" | "alive" | "ready") {
            return bad("level must be \"alive\" or \"ready\"");
        }
        let is_healthy = self.is_healthy(level, &asked.query.list("names"));
        let status = if is_healthy { 200 } else { 502 };
        Reply::Done(envelope::sync_with(status, Some(json!({"healthy": is_healthy}))))
    }

    fn changes(&self, asked: &Asked<'_>) -> Reply {
        let is_wanted: fn(bool) -> bool = match asked.query.get("select") {
            "all" => |_| true,
            "" | "in-progress" => |is_ready| !is_ready,
            "ready" => |is_ready| is_ready,
            _ => return bad("select should be one of: all,in-progress,ready"),
        };
        let service = asked.query.get("for");
        let all = self.ledger.changes.values().filter(|change| {
            is_wanted(self.ledger.status(change).is_ready())
                && (service.is_empty() || change.services.iter().any(|name| name == service))
        });
        sync(all.map(|change| self.ledger.json(change)).collect())
    }

    pub(super) fn change_response(&self, id: &str) -> Response {
        match self.ledger.change(id) {
            Some(change) => envelope::sync(self.ledger.json(change)),
            None => envelope::error(404, format!("cannot find change with id {}", quoted(id))),
        }
    }

    fn wait_change(&self, id: &str, asked: &Asked<'_>) -> Reply {
        if self.ledger.change(id).is_none() {
            return Reply::Done(self.change_response(id));
        }
        let timeout = match duration(asked.query.get("timeout")) {
            Ok(timeout) => timeout,
            Err(error) => return bad(format!("invalid timeout: {error}")),
        };
        if self.is_ready(id) {
            return Reply::Done(self.change_response(id));
        }
        let what = Waiting::Change { change: id.to_owned(), timeout: timeout.text() };
        let deadline = (!timeout.is_zero()).then(|| self.now.after(timeout.wait()));
        Reply::Wait(Wait { what, deadline })
    }

    fn websocket(&self, task: &str, name: &str) -> Reply {
        match self.connecting(task, name) {
            Connecting::Opens(websocket) => Reply::Websocket { task: TaskId(task.to_owned()), websocket },
            Connecting::Fails(status, message) => Reply::Done(envelope::error(status, message)),
            Connecting::Empty => {
                let (location, body) = (String::new(), Vec::new());
                Reply::Done(Response { status: 200, content_type: "", location, body })
            }
            Connecting::Hangs => Reply::Wait(Wait { what: Waiting::Nothing, deadline: None }),
        }
    }

    fn ask_logs(&self, asked: &Asked<'_>) -> Reply {
        let follow = match asked.query.get("follow") {
            "true" => true,
            "" | "false" => false,
            _ => return bad("follow parameter must be \"true\" or \"false\""),
        };
        let count = match asked.query.get("n") {
            "" => Some(if follow { 0 } else { 30 }),
            text => match text.parse::<i64>() {
                Ok(-1) => None,
                Ok(count @ 0..) => Some(usize::try_from(count).unwrap_or(usize::MAX)),
                _ => return bad("n must be -1, 0, or a positive integer"),
            },
        };
        let names = asked.query.list("services");
        let names: Vec<&String> =
            if names.is_empty() { self.plan.services.keys().collect() } else { names.iter().collect() };
        let mut services: Vec<String> =
            names.into_iter().filter(|name| self.services.contains_key(*name)).cloned().collect();
        services.sort();
        services.dedup();
        Reply::Logs(LogQuery { services, count, follow })
    }

    fn list_notices(&self, asked: &Asked<'_>) -> Reply {
        let forbidden = |message: &str| Reply::Done(envelope::error(403, message));
        let Some(caller) = asked.caller.user else {
            return forbidden("cannot determine UID of request, so cannot retrieve notices");
        };
        let (query, is_admin) = (&asked.query, asked.caller.access == Some(Access::Admin));
        let mut user = Some(caller);
        let (by_user, all_users) = (query.all("user-id"), query.all("users"));
        if !by_user.is_empty() {
            if !is_admin {
                return forbidden("only admins may use the \"user-id\" filter");
            }
            user = match user_filter(&query.list("user-id")) {
                Ok(user) => Some(user),
                Err(error) => return bad(format!("invalid \"user-id\" filter: {error}")),
            };
        }
        if let Some(first) = all_users.first() {
            if !is_admin {
                return forbidden("only admins may use the \"users\" filter");
            }
            if !by_user.is_empty() {
                return bad("cannot use both \"users\" and \"user-id\" parameters");
            }
            if first != "all" {
                return bad("invalid \"users\" filter: must be \"all\"");
            }
            user = None;
        }
        let asked_kinds = query.list("types");
        let kinds: Vec<String> =
            asked_kinds.iter().filter(|kind| KINDS.contains(&kind.as_str())).cloned().collect();
        if kinds.is_empty() && !asked_kinds.is_empty() {
            return sync(json!([]));
        }
        let after = match query.get("after") {
            "" => None,
            text => match Time::parse(text) {
                Some(time) => Some(time),
                None => return bad(format!("invalid \"after\" timestamp: {}", no_time(text))),
            },
        };
        let timeout = match duration(query.get("timeout")) {
            Ok(timeout) => timeout,
            Err(error) => return bad(format!("invalid timeout: {error}")),
        };
        let filter = Filter { user, kinds, keys: query.list("keys"), after };
        let list = self.notices_json(&filter);
        if timeout.is_zero() || list.as_array().is_some_and(|list| !list.is_empty()) {
            return sync(list);
        }
        let deadline = Some(self.now.after(timeout.wait()));
        Reply::Wait(Wait { what: Waiting::Notices(filter), deadline })
    }

    pub(super) fn notices_json(&self, filter: &Filter) -> Value {
        self.notices.list(self.now, filter).into_iter().map(crate::notices::Notice::json).collect()
    }

    fn notice(&self, id: &str, asked: &Asked<'_>) -> Reply {
        let Some(caller) = asked.caller.user else {
            let message = "cannot determine UID of request, so cannot retrieve notice";
            return Reply::Done(envelope::error(403, message));
        };
        let Some(notice) = self.notices.get(id) else {
            return Reply::Done(envelope::error(404, format!("cannot find notice with ID {}", quoted(id))));
        };
        let is_theirs = notice.user.is_none_or(|user| user == caller);
        if !is_theirs && asked.caller.access != Some(Access::Admin) {
            let message = format!("not allowed to access notice with id {}", quoted(id));
            return Reply::Done(envelope::error(403, message));
        }
        sync(notice.json())
    }

    fn metrics(&self) -> Reply {
        let mut text = String::new();
        self.service_metrics(&mut text);
        self.check_metrics(&mut text);
        let content_type = "text/plain; charset=utf-8";
        Reply::Done(Response { status: 200, content_type, location: String::new(), body: text.into_bytes() })
    }
}

fn files(asked: &Asked<'_>) -> Reply {
    let query = &asked.query;
    match query.get("action") {
        "read" => {
            let paths = query.all("path");
            if paths.is_empty() {
                return bad("must specify one or more paths");
            }
            if asked.request.accept != "multipart/form-data" {
                return bad("must accept multipart/form-data");
            }
            Reply::ReadFiles(paths)
        }
        "list" => {
            let path = query.get("path").to_owned();
            if path.is_empty() {
                return bad("must specify path");
            }
            let itself = match query.get("itself") {
                "true" => true,
                "" | "false" => false,
                _ => return bad("itself parameter must be \"true\" or \"false\""),
            };
            Reply::Files(FilesRequest::List { path, pattern: query.get("pattern").to_owned(), itself })
        }
        action => bad(format!("invalid action {}", quoted(action))),
    }
}

fn user_filter(users: &[String]) -> Result<u32, String> {
    let [user] = users else {
        return Err("must only include one \"user-id\"".to_owned());
    };
    let invalid = || format!("strconv.ParseInt: parsing {}: invalid syntax", quoted(user));
    let number: i64 = user.parse().map_err(|_| invalid())?;
    u32::try_from(number).map_err(|_| format!("user ID is not a valid uint32: {number}"))
}

fn no_time(text: &str) -> String {
    let text = quoted(text);
    format!("parsing time {text} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text} as \"2006\"")
}

//! The hook commands, as Juju 3.6.11 answers them.

mod relations;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::context::{Context, Shared};
use super::options::Options;
use super::server::{Reply, Request};
use crate::events::Hook;
use crate::model::{Bag, Model};

type Answer = Result<Reply, Reply>;

/// Whether a command reads standard input.
pub(crate) fn reads_stdin(args: &[String]) -> bool {
    let file = |pair: &[String]| pair[0] == "--file" && pair[1] == "-";
    args.windows(2).any(file) || args.iter().any(|arg| arg == "--file=-")
}

/// Runs a command.
pub(crate) fn run(request: &Request, stdin: Option<&str>, shared: &Shared) -> Reply {
    let mut live = shared.lock();
    let Some((context, model)) = live.parts().filter(|(context, _)| context.id == request.context) else {
        return Reply::error(1, &format!("bad request: wrong context ID; got {:?}", request.context));
    };
    let Some((command, args)) = request.args.split_first() else {
        return Reply::error(1, "bad request: command not specified");
    };
    let answer = Options::parse(args).and_then(|options| {
        let mut call = Call { context, model, options, stdin, dir: &request.dir };
        match command.as_str() {
            "config-get" => call.config_get(),
            "is-leader" => call.print(&json!(call.model.leader)),
            "relation-ids" => call.relation_ids(),
            "relation-list" => call.relation_list(),
            "relation-get" => call.relation_get(),
            "relation-set" => call.relation_set(),
            "status-get" => call.status_get(),
            "status-set" => call.status_set(),
            "open-port" => call.port(true),
            "close-port" => call.port(false),
            "opened-ports" => call.opened_ports(),
            "application-version-set" => call.version_set(),
            "state-get" => call.state_get(),
            "state-set" => call.state_set(),
            "state-delete" => call.state_delete(),
            "network-get" => call.network_get(),
            "storage-list" => call.print(&json!([])),
            "secret-get" => call.secret_get(),
            "secret-ids" => call.print(&Value::Null),
            "juju-log" => call.juju_log(),
            "action-get" => call.action_get(),
            "action-set" => call.action_set(),
            "action-fail" => call.action_fail(),
            "action-log" => call.action_log(),
            unknown => Err(Reply::error(1, &format!("bad request: unknown command: {unknown}"))),
        }
    });
    answer.unwrap_or_else(|refusal| refusal)
}

/// One command that is being run.
struct Call<'a> {
    context: &'a mut Context,
    model: &'a mut Model,
    options: Options,
    stdin: Option<&'a str>,
    dir: &'a std::path::Path,
}

impl Call<'_> {
    /// Prints as `--format` says; the smart format prints texts bare and nothing for nothing.
    #[expect(clippy::unnecessary_wraps, reason = "every command answers or refuses")]
    fn print(&self, value: &Value) -> Answer {
        let text = match (self.options.format.as_deref(), value) {
            (Some("json"), value) => value.to_string(),
            (_, Value::Null) => return Ok(Reply::ok("")),
            (_, Value::String(text)) if text.is_empty() => return Ok(Reply::ok("")),
            (_, Value::Array(items)) if items.is_empty() => return Ok(Reply::ok("")),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Bool(true)) => "True".to_owned(),
            (_, Value::Bool(false)) => "False".to_owned(),
            (_, value) => serde_yaml::to_string(value).unwrap_or_default().trim_end().to_owned(),
        };
        Ok(Reply::ok(text + "\n"))
    }

    fn config_get(&self) -> Answer {
        let options = self.model.options();
        match self.options.rest.first() {
            Some(name) => self.print(options.get(name).unwrap_or(&Value::Null)),
            None if self.options.has("all") => {
                let all = self.model.declared.config.options.keys();
                let all: BTreeMap<_, _> =
                    all.map(|name| (name, options.get(name).cloned().unwrap_or_default())).collect();
                self.print(&json!(all))
            }
            None => self.print(&json!(options)),
        }
    }

    /// `--file`: a YAML map of texts.
    fn file(&self) -> Result<Bag, Reply> {
        let text = match (&self.options.file, self.stdin) {
            (None, _) => return Ok(Bag::new()),
            (Some(_), Some(text)) => text.to_owned(),
            (Some(file), None) => {
                let missing = |_| Reply::error(1, &format!("open {file}: no such file or directory"));
                std::fs::read_to_string(self.dir.join(file)).map_err(missing)?
            }
        };
        if text.trim().is_empty() {
            return Ok(Bag::new());
        }
        serde_yaml::from_str(&text).map_err(|error| Reply::error(1, &format!("yaml: {error}")))
    }

    fn status_get(&mut self) -> Answer {
        if self.options.has("application") {
            if !self.model.leader {
                return Err(Reply::error(1, "finding application status: this unit is not the leader"));
            }
            let status = self.model.app_status.clone().unwrap_or_else(|| self.model.status.clone());
            let unit = json!({"status": self.model.status.status, "message": self.model.status.message, "status-data": {}});
            return self.print(&json!({"application-status": {
                "status": status.status, "message": status.message, "status-data": {},
                "units": {&self.model.unit: unit},
            }}));
        }
        // Juju reads it once a hook; a later status-set does not show.
        let status = self.context.status_read.get_or_insert_with(|| self.model.status.clone()).clone();
        if self.options.has("include-data") {
            self.print(&json!({"status": status.status, "message": status.message, "status-data": {}}))
        } else if self.options.format.as_deref() == Some("json") {
            self.print(&json!({"status": status.status}))
        } else {
            self.print(&json!(status.status))
        }
    }

    fn status_set(&mut self) -> Answer {
        let Some(status) = self.options.rest.first() else {
            return Err(Reply::error(2, "invalid args, require <status> [message]"));
        };
        if !matches!(status.as_str(), "maintenance" | "blocked" | "waiting" | "active") {
            let message =
                format!("invalid status {status:?}, expected one of [maintenance blocked waiting active]");
            return Err(Reply::error(2, &message));
        }
        let message = self.options.rest.get(1).map(String::as_str).unwrap_or_default();
        if self.options.has("application") {
            if !self.model.leader {
                return Err(Reply::error(1, "this unit is not the leader"));
            }
            let status =
                crate::model::Status { status: status.clone(), message: message.to_owned(), by_charm: true };
            self.model.app_status = Some(status);
        } else {
            self.model.set_status(status, message, true);
        }
        Ok(Reply::default())
    }

    fn port(&mut self, open: bool) -> Answer {
        let Some(port) = self.options.rest.first() else {
            return Err(Reply::error(2, "no port or range specified"));
        };
        let port = port.to_lowercase();
        let port = if port.contains('/') || port == "icmp" { port } else { port + "/tcp" };
        let (add, drop) = if open {
            (&mut self.context.opened, &mut self.context.closed)
        } else {
            (&mut self.context.closed, &mut self.context.opened)
        };
        drop.remove(&port);
        add.insert(port);
        Ok(Reply::default())
    }

    fn opened_ports(&self) -> Answer {
        let mut ports = self.model.ports.clone();
        ports.extend(self.context.opened.iter().cloned());
        ports.retain(|port| !self.context.closed.contains(port));
        self.print(&json!(ports))
    }

    fn version_set(&mut self) -> Answer {
        let [version] = &self.options.rest[..] else {
            return Err(Reply::error(2, "no version specified"));
        };
        self.model.version.clone_from(version);
        Ok(Reply::default())
    }

    fn state(&self) -> Bag {
        self.context.state.clone().unwrap_or_else(|| self.model.state.clone())
    }

    fn state_get(&self) -> Answer {
        let state = self.state();
        match self.options.rest.first().map(String::as_str) {
            None | Some("-") if state.is_empty() => self.print(&Value::Null),
            None | Some("-") => self.print(&json!(state)),
            Some(key) if self.options.has("strict") && !state.contains_key(key) => {
                Err(Reply::error(1, &format!("{key:?} not found")))
            }
            Some(key) => self.print(&json!(state.get(key).map(String::as_str).unwrap_or_default())),
        }
    }

    fn state_set(&mut self) -> Answer {
        let mut state = self.state();
        state.extend(self.file()?);
        state.extend(pairs(&self.options.rest)?);
        self.context.state = Some(state);
        Ok(Reply::default())
    }

    #[expect(clippy::unnecessary_wraps, reason = "every command answers or refuses")]
    fn state_delete(&mut self) -> Answer {
        let mut state = self.state();
        if let Some(key) = self.options.rest.first() {
            state.remove(key);
        }
        self.context.state = Some(state);
        Ok(Reply::default())
    }

    fn network_get(&self) -> Answer {
        let Some(binding) = self.options.rest.first() else {
            return Err(Reply::error(2, "no arguments specified"));
        };
        if self.model.declared.endpoint(binding).is_none() {
            return Err(Reply::error(1, &format!("no network config found for binding {binding:?}")));
        }
        if self.options.has("bind-address") || self.options.has("ingress-address") {
            return self.print(&json!("127.0.0.1"));
        }
        self.print(&json!({
            "bind-addresses": [{"mac-address": "", "interface-name": "",
                "addresses": [{"hostname": "", "value": "127.0.0.1", "cidr": "127.0.0.0/8"}]}],
            "egress-subnets": ["127.0.0.1/32"],
            "ingress-addresses": ["127.0.0.1"],
        }))
    }

    fn secret_get(&mut self) -> Answer {
        let id = match (self.options.rest.first(), &self.options.label) {
            (Some(uri), _) => {
                let id = uri.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
                let legal = |c: char| c.is_ascii_digit() || ('a'..='v').contains(&c);
                if id.len() != 20 || !id.chars().all(legal) {
                    return Err(Reply::error(2, &format!("secret URI {uri:?} not valid")));
                }
                id
            }
            (None, Some(label)) => {
                let found = self.model.secrets.iter().find(|(_, one)| one.label == *label);
                found
                    .map(|(id, _)| id.clone())
                    .ok_or_else(|| Reply::error(1, &format!("consumer label {label:?} not found")))?
            }
            (None, None) => return Err(Reply::error(2, "require either a secret URI or label")),
        };
        let Some(secret) = self.model.secrets.get_mut(&id) else {
            return Err(Reply::error(1, &format!("secret \"secret:{id}\" not found")));
        };
        if !secret.granted {
            return Err(Reply::error(1, "permission denied"));
        }
        if let Some(label) = &self.options.label {
            secret.label.clone_from(label);
        }
        if secret.tracked == 0 {
            secret.tracked = secret.latest();
            secret.announced = secret.latest();
        }
        if self.options.has("refresh") {
            secret.tracked = secret.latest();
        }
        let revision = if self.options.has("peek") { secret.latest() } else { secret.tracked };
        let content = secret.content(revision).cloned().unwrap_or_default();
        match self.options.rest.get(1) {
            None => self.print(&json!(content)),
            Some(key) => match content.get(key) {
                Some(value) => self.print(&json!(value)),
                None => Err(Reply::error(1, &format!("secret key value {key:?} not found"))),
            },
        }
    }

    fn juju_log(&mut self) -> Answer {
        if self.options.rest.is_empty() {
            return Err(Reply::error(2, "no message specified"));
        }
        let level = if self.options.has("debug") { Some("DEBUG") } else { self.options.log_level.as_deref() };
        let level = level.unwrap_or("INFO").to_uppercase();
        let message = self.options.rest.join(" ");
        let of = match &self.context.hook {
            Hook::Relation { relation, .. } => {
                let endpoint = self.model.relations.get(relation).map_or("?", |one| &one.endpoint);
                format!("{endpoint}:{relation}: ")
            }
            _ => String::new(),
        };
        self.context.log(&level, &of, &message);
        Ok(Reply::default())
    }

    fn in_action(&self) -> Result<&BTreeMap<String, Value>, Reply> {
        match &self.context.hook {
            Hook::Action { params, .. } => Ok(params),
            _ => Err(Reply::error(1, "not running an action")),
        }
    }

    fn action_get(&self) -> Answer {
        let params = self.in_action()?;
        match self.options.rest.first() {
            None => self.print(&json!(params)),
            Some(key) => self.print(params.get(key).unwrap_or(&Value::Null)),
        }
    }

    fn action_set(&mut self) -> Answer {
        self.in_action()?;
        let results = pairs(&self.options.rest)?;
        self.context.action.results.extend(results);
        Ok(Reply::default())
    }

    fn action_fail(&mut self) -> Answer {
        self.in_action()?;
        self.context.action.failed = true;
        let default = "action failed without reason given, check action for errors".to_owned();
        self.context.action.message = self.options.rest.first().cloned().unwrap_or(default);
        Ok(Reply::default())
    }

    fn action_log(&mut self) -> Answer {
        self.in_action()?;
        let message = self.options.rest.join(" ");
        self.context.log("INFO", "", &message);
        Ok(Reply::default())
    }
}

fn pairs(args: &[String]) -> Result<Bag, Reply> {
    let mut bag = Bag::new();
    for arg in args.iter().filter(|arg| !arg.is_empty()) {
        let Some((key, value)) = arg.split_once('=') else {
            return Err(Reply::error(2, &format!("expected \"key=value\", got {arg:?}")));
        };
        if bag.insert(key.trim().to_owned(), value.trim().to_owned()).is_some() {
            return Err(Reply::error(2, &format!("key {key:?} specified more than once")));
        }
    }
    Ok(bag)
}

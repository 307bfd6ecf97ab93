//! Which request is answered by what, and who may ask.

use serde_json::json;

use super::envelope;
use super::query::{Query, unescape};
use crate::host::Host;
use crate::identities::Access;
use crate::pebble::Pebble;
use crate::request::{Reply, Request, Response};
use crate::text::quoted;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller {
    pub(super) access: Option<Access>,
    pub(super) user: Option<u32>,
}

/// A request as its handler sees it.
pub(super) struct Asked<'a> {
    pub(super) query: Query,
    pub(super) caller: Caller,
    pub(super) request: &'a Request,
}

/// What somebody must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    Nothing,
    Metrics,
    Read,
    Admin,
    /// What nobody has on a socket.
    Pairing,
}

/// What answers at a path: who may get, and who may post.
fn endpoint(pebble: &Pebble, path: &[&str]) -> Option<(Option<Needs>, Option<Needs>)> {
    let since = |minor| pebble.settings.since(minor);
    let (read, admin) = (Some(Needs::Read), Some(Needs::Admin));
    Some(match path {
        ["system-info" | "health"] => (Some(Needs::Nothing), None),
        ["changes" | "logs"] | ["changes", _, "wait"] | ["notices", _] => (read, None),
        ["changes" | "services", _] | ["services" | "checks" | "identities"] => (read, admin),
        ["plan"] => (if since(28) { admin } else { read }, None),
        ["layers" | "exec" | "signals"] => (None, admin),
        ["files"] => (admin, admin),
        ["tasks", _, "websocket", _] => (admin, None),
        ["notices"] => (read, read),
        ["checks", "refresh"] if since(20) => (None, admin),
        ["metrics"] => (Some(Needs::Metrics), None),
        ["pairing"] if since(26) => (None, Some(Needs::Pairing)),
        _ => return None,
    })
}

impl Pebble {
    pub(crate) fn route(&mut self, request: &Request, host: &mut dyn Host) -> Reply {
        let path = unescape(&request.path, false).unwrap_or_else(|| request.path.clone());
        let clean = clean(&path);
        if clean != path {
            return Reply::Done(moved(&clean, request));
        }
        let segments: Vec<&str> = path.strip_prefix("/v1/").unwrap_or_default().split('/').collect();
        let found = endpoint(self, &segments).filter(|_| segments.iter().all(|segment| !segment.is_empty()));
        let Some((get, post)) = found else {
            return Reply::Done(envelope::error(404, "invalid API endpoint requested"));
        };
        let needs = match request.method.as_str() {
            "GET" => get,
            "POST" => post,
            _ => None,
        };
        let Some(needs) = needs else {
            let method = quoted(&request.method);
            return Reply::Done(envelope::error(405, format!("method {method} not allowed")));
        };
        let caller = self.caller(request.peer);
        if !is_allowed(needs, caller.access) {
            return Reply::Done(envelope::error_of_kind(401, "access denied", "login-required"));
        }
        let asked = Asked { query: Query::parse(&request.query), caller, request };
        let reply = match (request.method.as_str(), segments.as_slice()) {
            ("GET", path) => self.get(path, &asked),
            (_, path) => self.post(path, &asked, host),
        };
        match reply {
            Reply::Done(mut response) => {
                self.complete(&mut response);
                Reply::Done(response)
            }
            reply => reply,
        }
    }

    fn caller(&self, user: Option<u32>) -> Caller {
        let access = user.map(|user| {
            let default = if user == 0 || user == self.settings.user { Access::Admin } else { Access::Read };
            self.identities.access(user).unwrap_or(default)
        });
        Caller { access, user }
    }

    /// Puts into the envelope of an answer what goes into all: that it is about to restart, and that there are warnings.
    /// Those that the model makes by itself have it already.
    pub fn complete(&self, response: &mut Response) {
        if response.content_type != "application/json" {
            return;
        }
        if self.is_restarting() {
            let maintenance = json!({"message": "daemon is restarting", "kind": "daemon-restart"});
            envelope::add(response, "maintenance", maintenance);
        }
        if let Some(latest) = self.notices.latest_warning() {
            envelope::add_unless_error(response, "latest-warning", json!(latest));
        }
    }
}

fn is_allowed(needs: Needs, access: Option<Access>) -> bool {
    match needs {
        Needs::Nothing => true,
        Needs::Metrics => matches!(access, Some(Access::Admin | Access::Read | Access::Metrics)),
        Needs::Read => matches!(access, Some(Access::Admin | Access::Read)),
        Needs::Admin => access == Some(Access::Admin),
        Needs::Pairing => false,
    }
}

/// A path without dots and double slashes. A slash at its end stays.
fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let mut clean = format!("/{}", parts.join("/"));
    if path.ends_with('/') && clean != "/" {
        clean.push('/');
    }
    clean
}

fn moved(path: &str, request: &Request) -> Response {
    let mut location = path.to_owned();
    if !request.query.is_empty() {
        location = format!("{location}?{}", request.query);
    }
    Response { status: 301, content_type: "", location, body: Vec::new() }
}

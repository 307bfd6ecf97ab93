//! From Juju's words to a kind of failure.
//!
//! Juju has no codes for these, and its texts differ by version. So parts of them are looked for, together with the
//! command: the same words mean different things for different commands.

use crate::error::ErrorKind;

/// Where a part of a text must stand.
enum At {
    Start,
    Anywhere,
    /// It is all of the text.
    Whole,
}

struct Rule {
    /// How the command's name begins.
    command: &'static str,
    at: At,
    /// In lower case.
    text: &'static str,
    kind: ErrorKind,
}

const fn rule(command: &'static str, text: &'static str, kind: ErrorKind) -> Rule {
    Rule { command, at: At::Anywhere, text, kind }
}

const fn start(text: &'static str, kind: ErrorKind) -> Rule {
    Rule { command: "", at: At::Start, text, kind }
}

const fn whole(text: &'static str, kind: ErrorKind) -> Rule {
    Rule { command: "", at: At::Whole, text, kind }
}

/// The first that fits decides.
const RULES: &[Rule] = &[
    // What the client and the server say of the connection. 3.6 has its own words for a foreign context.
    start("bad request: wrong context id", ErrorKind::AgentGone),
    start("bad request: expected context id", ErrorKind::AgentGone),
    start("bad request: token does not match", ErrorKind::AgentGone),
    whole("juju_context_id not set", ErrorKind::AgentGone),
    whole("juju_agent_socket_address not set", ErrorKind::AgentGone),
    whole("juju_agent_socket_network not set", ErrorKind::AgentGone),
    start("dial unix ", ErrorKind::AgentGone),
    start("dial tcp ", ErrorKind::AgentGone),
    start("dialing ", ErrorKind::AgentGone),
    whole("connection is shut down", ErrorKind::AgentGone),
    whole("unexpected eof", ErrorKind::AgentGone),
    whole("eof", ErrorKind::AgentGone),
    // 4.0 does not even know the commands of actions outside of one.
    rule("action-", "not running an action", ErrorKind::NotInAction),
    rule("action-", "unknown hook command", ErrorKind::NotInAction),
    rule("action-", "unknown action command", ErrorKind::NotInAction),
    rule("action-", "unknown command", ErrorKind::NotInAction),
    start("bad request: unknown hook command", ErrorKind::Unsupported),
    start("bad request: unknown action command", ErrorKind::Unsupported),
    start("bad request: unknown command", ErrorKind::Unsupported),
    start("option provided but not defined", ErrorKind::Unsupported),
    start("flag provided but not defined", ErrorKind::Unsupported),
    rule("", "not implemented for restricted context", ErrorKind::Unsupported),
    rule("storage-", "is not available", ErrorKind::Unsupported),
    rule("juju-reboot", "not supported when running an action", ErrorKind::Unsupported),
    rule("relation-set", "cannot write relation settings", ErrorKind::NotLeader),
    rule("", "not the leader", ErrorKind::NotLeader),
    rule("", "is not leader of", ErrorKind::NotLeader),
    rule("", "cannot determine leadership", ErrorKind::LeadershipUnknown),
    rule("secret-", "too large: ", ErrorKind::TooLarge),
    rule("", "max allowed ", ErrorKind::TooLarge),
    rule("secret-get", "permission denied", ErrorKind::NotGranted),
    rule("", "permission denied", ErrorKind::Denied),
    rule("credential-get", "cannot access cloud credentials", ErrorKind::Denied),
    rule("storage-", "not provisioned", ErrorKind::NotReady),
    rule("open-port", "conflict", ErrorKind::Conflict),
    rule("secret-", "already exists", ErrorKind::Conflict),
    rule("network-get", "no network config found", ErrorKind::NotFound),
    rule("network-get", "no addresses attached to space", ErrorKind::NotFound),
    rule("", "not found", ErrorKind::NotFound),
    rule("secret-", "not valid", ErrorKind::InvalidInput),
    rule("secret-", "need to be revoked before", ErrorKind::InvalidInput),
    rule("storage-get", "invalid storage attribute", ErrorKind::InvalidInput),
    rule("open-port", "port ranges are not supported", ErrorKind::InvalidInput),
    rule("close-port", "port ranges are not supported", ErrorKind::InvalidInput),
];

/// The kind of a failure of `command` with this exit code and Juju's words.
pub(crate) fn of(command: &str, code: i32, message: &str) -> ErrorKind {
    let message = message.to_ascii_lowercase();
    let fits = |rule: &&Rule| {
        command.starts_with(rule.command)
            && match rule.at {
                At::Start => message.starts_with(rule.text),
                At::Anywhere => message.contains(rule.text),
                At::Whole => message == rule.text,
            }
    };
    // What Juju does not understand ends with 2, after the ids in it were looked up.
    let otherwise = if code == 2 { ErrorKind::InvalidInput } else { ErrorKind::Other };
    RULES.iter().find(fits).map_or(otherwise, |rule| rule.kind)
}

//! One function for each hook command.

use std::collections::BTreeMap;

use charmwright_event::{AppName, RelationId, SecretUri};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::port::OpenedPort;
use crate::sensitive::Sensitive;
use crate::status::{Status, StatusKind};
use crate::transport::{Call, Reply, Transport};

/// A databag: text to text, in order, so that what is written depends on content alone.
pub type Bag = BTreeMap<String, String>;

/// Which of the two bags that we own in a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BagOwner {
    /// The application's bag: the leader's to write.
    Application,
    /// The unit's own bag.
    Unit,
}

/// A level of Juju's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// For developers.
    Debug,
    /// For operators.
    Info,
    /// Something is off.
    Warning,
    /// Something failed.
    Error,
}

/// The longest argument that Linux takes, its final zero byte counted.
const ARGUMENT_BYTES_MAX: usize = 131_071;
/// The longest key that every Juju's parser takes.
const KEY_CHARACTERS_MAX: usize = 1_020;

/// Juju's hook commands.
#[derive(Debug)]
pub struct HookCommands {
    transport: Box<dyn Transport>,
}

impl HookCommands {
    /// Hook commands that go through `transport`.
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self { transport: Box::new(transport) }
    }

    /// `config-get`: the options that are set or have a default.
    ///
    /// # Errors
    ///
    /// If the command fails or answers no object.
    pub fn config_get(&self) -> Result<BTreeMap<String, Value>, Error> {
        self.read_or_default("config-get", &[], "an object of options")
    }

    /// `is-leader`. A yes is good for about 30 seconds.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn is_leader(&self) -> Result<bool, Error> {
        self.read("is-leader", &[], "true or false")
    }

    /// `relation-ids`: the relations of an endpoint that are not broken.
    ///
    /// # Errors
    ///
    /// If the command fails or answers what are no ids.
    pub fn relation_ids(&self, endpoint: &str) -> Result<Vec<RelationId>, Error> {
        let ids: Vec<String> =
            self.read_or_default("relation-ids", &["--", endpoint], "a list of relation ids")?;
        let wrong = || Error::Answer { command: "relation-ids", expected: "a list of relation ids" };
        ids.iter().map(|id| RelationId::parse(id).map_err(|_| wrong())).collect()
    }

    /// `relation-list --app`: the application at the other end.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the relation is gone.
    pub fn relation_app(&self, relation: RelationId) -> Result<AppName, Error> {
        let name: String =
            self.read("relation-list", &["-r", &relation.to_string(), "--app"], "an application's name")?;
        AppName::parse(&name)
            .map_err(|_| Error::Answer { command: "relation-list", expected: "an application's name" })
    }

    /// `relation-get --app`: an application's bag in a relation, the other's or our own.
    ///
    /// # Errors
    ///
    /// If the command fails. [`ErrorKind::Denied`](crate::ErrorKind::Denied) means that the relation is gone, or
    /// that a unit that is not the leader asked for its own application's bag.
    pub fn relation_get_app(&self, relation: RelationId, application: &AppName) -> Result<Bag, Error> {
        let args = ["-r", &relation.to_string(), "--app", "-", application.as_str()];
        self.read_or_default("relation-get", &args, "an object of strings")
    }

    /// `relation-set`: merges into one of our bags; an empty value deletes its key. Takes effect when the hook
    /// succeeds. The bag goes through standard input.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) if the application's bag is
    /// not ours to write.
    pub fn relation_set(&self, relation: RelationId, owner: BagOwner, bag: &Bag) -> Result<(), Error> {
        let command = "relation-set";
        if let Some(key) = bag.keys().find(|key| key.is_empty() || key.chars().count() > KEY_CHARACTERS_MAX) {
            let shown: String = key.chars().take(40).collect();
            let message = format!(
                "the key `{shown}` of relation {relation} must have 1 to {KEY_CHARACTERS_MAX} characters"
            );
            return Err(Error::Input { command, message });
        }
        let text = charmwright_yaml::to_text(bag)
            .map_err(|error| Error::Input { command, message: error.to_string() })?;
        let relation = relation.to_string();
        let mut args = vec!["-r", relation.as_str()];
        if owner == BagOwner::Application {
            args.push("--app");
        }
        args.extend(["--file", "-"]);
        self.run(command, &args, Some(text)).map(drop)
    }

    /// `secret-get --refresh`: the latest content, which is also tracked from now on. Juju 3.0.3.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::Denied`](crate::ErrorKind::Denied) or
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if it is not granted to us, or not yet.
    pub fn secret_get(&self, secret: &SecretUri) -> Result<BTreeMap<String, Sensitive>, Error> {
        let content: BTreeMap<String, String> =
            self.read("secret-get", &["--refresh", "--", secret.as_str()], "an object of strings")?;
        Ok(content.into_iter().map(|(key, value)| (key, Sensitive::new(value))).collect())
    }

    /// `opened-ports`, without what has no port.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn opened_ports(&self) -> Result<Vec<OpenedPort>, Error> {
        let ports: Vec<String> = self.read_or_default("opened-ports", &[], "a list of ports")?;
        Ok(ports.iter().filter_map(|text| OpenedPort::parse(text)).collect())
    }

    /// `open-port`. Takes effect when the hook succeeds.
    ///
    /// # Errors
    ///
    /// If the command fails: the port conflicts with another, or is a range on Kubernetes.
    pub fn open_port(&self, port: OpenedPort) -> Result<(), Error> {
        self.run("open-port", &[&port.to_string()], None).map(drop)
    }

    /// `close-port`. Takes effect when the hook succeeds.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn close_port(&self, port: OpenedPort) -> Result<(), Error> {
        self.run("close-port", &[&port.to_string()], None).map(drop)
    }

    /// `status-get --include-data`: the unit's status, `None` if it is one that a charm cannot set.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn status_get(&self) -> Result<Option<Status>, Error> {
        #[derive(Deserialize)]
        struct Answer {
            status: String,
            #[serde(default)]
            message: String,
        }
        let answer: Answer = self.read("status-get", &["--include-data"], "a status")?;
        let kind = StatusKind::deserialize(
            serde::de::value::StrDeserializer::<serde::de::value::Error>::new(&answer.status),
        );
        Ok(kind.ok().map(|kind| Status { kind, message: answer.message }))
    }

    /// `status-set`. Takes effect at once, also if the hook fails later.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn status_set(&self, status: &Status) -> Result<(), Error> {
        self.run("status-set", &["--", status.kind.as_str(), cut(&status.message)], None).map(drop)
    }

    /// `juju-log`: one record; a message longer than an argument may be is cut.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn juju_log(&self, level: LogLevel, message: &str) -> Result<(), Error> {
        let level = match level {
            LogLevel::Debug => "DEBUG",
            LogLevel::Info => "INFO",
            LogLevel::Warning => "WARNING",
            LogLevel::Error => "ERROR",
        };
        self.run("juju-log", &["--log-level", level, "--", cut(message)], None).map(drop)
    }

    /// `action-get`: the action's parameters, defaults filled in by Juju.
    ///
    /// # Errors
    ///
    /// If the command fails, as it does outside an action.
    pub fn action_get(&self) -> Result<BTreeMap<String, Value>, Error> {
        self.read_or_default("action-get", &[], "an object of parameters")
    }

    /// `action-set`: adds results. They pass through the command line, the only input that the command has.
    ///
    /// # Errors
    ///
    /// If the command fails, as it does for a key that is not lower case letters, digits and hyphens.
    pub fn action_set(&self, results: &BTreeMap<String, String>) -> Result<(), Error> {
        let args: Vec<String> = results.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let args: Vec<&str> = std::iter::once("--").chain(args.iter().map(String::as_str)).collect();
        self.run("action-set", &args, None).map(drop)
    }

    /// `action-fail`: the action ends as failed, with this message.
    ///
    /// # Errors
    ///
    /// If the command fails.
    pub fn action_fail(&self, message: &str) -> Result<(), Error> {
        self.run("action-fail", &["--", cut(message)], None).map(drop)
    }

    fn run(&self, command: &'static str, args: &[&str], stdin: Option<String>) -> Result<Reply, Error> {
        if let Some(arg) = args.iter().find(|arg| arg.len() >= ARGUMENT_BYTES_MAX || arg.contains('\0')) {
            let message = format!(
                "an argument of {} bytes is longer than {ARGUMENT_BYTES_MAX} or has a zero byte",
                arg.len()
            );
            return Err(Error::Input { command, message });
        }
        let args = args.iter().map(|&arg| arg.to_owned()).collect();
        let reply = self.transport.call(&Call { command, args, stdin })?;
        if reply.code == 0 { Ok(reply) } else { Err(Error::failed(command, &reply)) }
    }

    fn read<T: DeserializeOwned>(
        &self,
        command: &'static str,
        args: &[&str],
        expected: &'static str,
    ) -> Result<T, Error> {
        let args: Vec<&str> = std::iter::once("--format=json").chain(args.iter().copied()).collect();
        let reply = self.run(command, &args, None)?;
        serde_json::from_slice(&reply.stdout).map_err(|_| Error::Answer { command, expected })
    }

    /// Juju answers `null` where there is nothing, in some versions and for some commands.
    fn read_or_default<T: DeserializeOwned + Default>(
        &self,
        command: &'static str,
        args: &[&str],
        expected: &'static str,
    ) -> Result<T, Error> {
        self.read::<Option<T>>(command, args, expected).map(Option::unwrap_or_default)
    }
}

/// The longest beginning that fits into an argument.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(ARGUMENT_BYTES_MAX - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::transport::TransportError;

    #[derive(Debug)]
    struct Script {
        reply: Reply,
        calls: Arc<Mutex<Vec<Call>>>,
    }

    impl Transport for Script {
        fn call(&self, call: &Call) -> Result<Reply, TransportError> {
            self.calls.lock().unwrap().push(call.clone());
            Ok(self.reply.clone())
        }
    }

    fn answering(reply: Reply) -> (HookCommands, Arc<Mutex<Vec<Call>>>) {
        let calls = Arc::default();
        (HookCommands::new(Script { reply, calls: Arc::clone(&calls) }), calls)
    }

    #[test]
    fn a_bag_goes_through_standard_input_and_never_on_the_command_line() {
        let (juju, calls) = answering(Reply::success(""));
        let bag = Bag::from([("key".to_owned(), "value".to_owned())]);
        juju.relation_set(RelationId::new(3), BagOwner::Application, &bag).unwrap();
        let call = &calls.lock().unwrap()[0];
        assert_eq!(call.args, ["-r", "3", "--app", "--file", "-"]);
        assert_eq!(call.stdin.as_deref(), Some("{\"key\":\"value\"}"));
    }

    #[test]
    fn null_is_nothing() {
        let (juju, _) = answering(Reply::success("null\n"));
        assert!(juju.config_get().unwrap().is_empty());
        assert!(juju.opened_ports().unwrap().is_empty());
        assert!(juju.relation_ids("database").unwrap().is_empty());
    }

    #[test]
    fn an_answer_that_is_not_jujus_is_an_error_that_does_not_show_it() {
        let (juju, _) = answering(Reply::success("hunter2"));
        let error = juju.secret_get(&SecretUri::parse("9m4e2mr0ui3e8a215n4g").unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "secret-get answered what is not an object of strings");
    }

    #[test]
    fn a_status_that_charms_cannot_set_is_no_status_of_ours() {
        let (juju, _) = answering(Reply::success(r#"{"status":"unknown","message":"","status-data":{}}"#));
        assert_eq!(juju.status_get().unwrap(), None);
        let (juju, _) = answering(Reply::success(r#"{"status":"active","message":"hi","status-data":{}}"#));
        assert_eq!(
            juju.status_get().unwrap(),
            Some(Status { kind: StatusKind::Active, message: "hi".into() })
        );
    }

    #[test]
    fn keys_that_juju_cannot_read_back_are_refused_before_the_call() {
        let (juju, calls) = answering(Reply::success(""));
        for key in [String::new(), "k".repeat(1_021)] {
            let bag = Bag::from([(key, "v".to_owned())]);
            let error = juju.relation_set(RelationId::new(3), BagOwner::Unit, &bag).unwrap_err();
            assert!(error.to_string().contains("must have 1 to 1020 characters"), "{error}");
        }
        assert!(calls.lock().unwrap().is_empty());
    }

    #[test]
    fn a_value_of_ten_megabytes_passes() {
        let (juju, calls) = answering(Reply::success(""));
        let bag = Bag::from([("k".to_owned(), "v".repeat(10_000_000))]);
        juju.relation_set(RelationId::new(3), BagOwner::Unit, &bag).unwrap();
        assert!(calls.lock().unwrap()[0].stdin.as_ref().unwrap().len() > 10_000_000);
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let (juju, calls) = answering(Reply::success(""));
        juju.juju_log(LogLevel::Info, &"é".repeat(100_000)).unwrap();
        let message = &calls.lock().unwrap()[0].args[3];
        assert_eq!(message.len(), ARGUMENT_BYTES_MAX - 1);
    }
}

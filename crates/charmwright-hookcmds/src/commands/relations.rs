//! Relations and their databags.

use charmwright_event::{AppName, ModelUuid, RelationId, UnitName};
use serde::Deserialize;

use super::{Bag, HookCommands, answer, as_json, call, checked, document, shown};
use crate::error::Error;

/// Which of the two bags that we own in a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BagOwner {
    /// The application's bag: the leader's to write.
    Application,
    /// The unit's own bag.
    Unit,
}

/// Whose bag is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BagOf<'a> {
    /// An application's, the other's or our own.
    Application(&'a AppName),
    /// A unit's, the other side's or our own.
    Unit(&'a UnitName),
}

/// The longest key that every Juju's parser takes, in characters. It counts what stands between the quotes, escaped.
const KEY_CHARACTERS_MAX: usize = 1_020;
/// The most that all keys and values of a bag may have together.
const BAG_BYTES_MAX: usize = 16 * 1024 * 1024;

const BAG: &str = "an object of strings";

impl HookCommands {
    /// `relation-ids`: the relations of an endpoint that are not broken.
    ///
    /// # Errors
    ///
    /// If the command fails or answers what are no ids. An endpoint that is not declared has no relations.
    pub fn relation_ids(&self, endpoint: &str) -> Result<Vec<RelationId>, Error> {
        self.read_names("relation-ids", &["--", endpoint], "a list of relation ids", RelationId::parse)
    }

    /// `relation-list --app`: the application at the other end; of a peer relation, our own.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the relation is gone.
    pub fn relation_app(&self, relation: RelationId) -> Result<AppName, Error> {
        let (command, expected) = ("relation-list", "an application's name");
        let name: String = self.read(command, &["-r", &relation.to_string(), "--app"], expected)?;
        AppName::parse(&name).map_err(|_| Error::Answer { command, expected })
    }

    /// `relation-list`: the other side's units that have joined; of a peer relation, the other units.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the relation is gone.
    pub fn relation_units(&self, relation: RelationId) -> Result<Vec<UnitName>, Error> {
        self.read_names("relation-list", &["-r", &relation.to_string()], "a list of units", UnitName::parse)
    }

    /// `relation-get`: a whole bag.
    ///
    /// Reading the unit's own bag puts all of it into what the hook commits at its end, as Juju 3.6 has it: what
    /// the controller changed in it meanwhile (`ingress-address`) is written over, and a relation that goes away
    /// until then fails the hook.
    ///
    /// # Errors
    ///
    /// If the command fails. [`ErrorKind::Denied`](crate::ErrorKind::Denied) means that the relation is gone, or
    /// that a unit that is not the leader asked for its own application's bag;
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) that the unit never joined.
    pub fn relation_get(&self, relation: RelationId, of: BagOf<'_>) -> Result<Bag, Error> {
        let relation = relation.to_string();
        match of {
            BagOf::Application(app) => {
                let args = ["-r", &relation, "--app", "-", app.as_str()];
                self.read_or_default("relation-get", &args, BAG)
            }
            BagOf::Unit(unit) => {
                self.read_or_default("relation-get", &["-r", &relation, "-", &unit.to_string()], BAG)
            }
        }
    }

    /// `relation-get`: one value of a bag, `None` if the bag has no such key.
    ///
    /// # Errors
    ///
    /// As for [`relation_get`](Self::relation_get).
    pub fn relation_get_key(
        &self,
        relation: RelationId,
        of: BagOf<'_>,
        key: &str,
    ) -> Result<Option<String>, Error> {
        let command = "relation-get";
        if matches!(key, "" | "-") {
            return Err(Error::input(command, format!("`{key}` asks for a whole bag and is no key")));
        }
        let (relation, unit) = (relation.to_string(), of.to_string());
        let mut args = vec!["-r", relation.as_str()];
        if matches!(of, BagOf::Application(_)) {
            args.push("--app");
        }
        args.extend(["--", key, unit.as_str()]);
        self.read(command, &args, "a string")
    }

    /// `relation-get`: the bags of several units in a relation, in the order of `units`. The reads may overlap.
    ///
    /// Each answer is its own: a unit that went meanwhile fails alone. Together they may be as large as one answer:
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) is what comes beyond
    /// [`STDOUT_BYTES_MAX`](crate::STDOUT_BYTES_MAX).
    pub fn relation_get_units(&self, relation: RelationId, units: &[UnitName]) -> Vec<Result<Bag, Error>> {
        let command = "relation-get";
        let relation = relation.to_string();
        let calls: Result<Vec<_>, Error> = units
            .iter()
            .map(|unit| call(command, &as_json(&["-r", &relation, "-", &unit.to_string()]), None))
            .collect();
        let calls = match calls {
            Ok(calls) => calls,
            // A unit's name is never too long for an argument; if it were, none is asked.
            Err(error) => return vec![Err(error)],
        };
        let mut budget = answer::Budget::default();
        let mut read = |(call, reply)| {
            let bag: Option<Bag> = budget.parse(call, &checked(call, reply)?, BAG)?;
            Ok(bag.unwrap_or_default())
        };
        let replies = self.transport.calls(&calls);
        calls.iter().zip(replies).map(&mut read).collect()
    }

    /// `relation-get --app`: an application's bag in a relation, the other's or our own.
    ///
    /// # Errors
    ///
    /// As for [`relation_get`](Self::relation_get).
    pub fn relation_get_app(&self, relation: RelationId, application: &AppName) -> Result<Bag, Error> {
        self.relation_get(relation, BagOf::Application(application))
    }

    /// `relation-set`: merges into one of our bags; an empty value deletes its key. Takes effect when the hook
    /// succeeds. The bag goes through standard input.
    ///
    /// What fails at the end of the hook, and with it the hook: this unit led when the command ran and does not
    /// any more; the relation is gone by then; the bag, together with what is in it already, has more than 16 MiB.
    ///
    /// # Errors
    ///
    /// If the command fails: [`ErrorKind::NotLeader`](crate::ErrorKind::NotLeader) if the application's bag is
    /// not ours to write; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) or
    /// [`ErrorKind::Denied`](crate::ErrorKind::Denied) if the relation is gone. If a key is not 1 to 1,020
    /// characters, or all is more than 16 MiB, Juju is not asked.
    pub fn relation_set(&self, relation: RelationId, owner: BagOwner, bag: &Bag) -> Result<(), Error> {
        let command = "relation-set";
        if let Some(key) = bag.keys().find(|key| key.is_empty() || written_length(key) > KEY_CHARACTERS_MAX) {
            let message = format!(
                "the key `{}` of relation {relation} must have 1 to {KEY_CHARACTERS_MAX} characters",
                shown(key)
            );
            return Err(Error::Input { command, message });
        }
        let bytes = bag.iter().map(|(key, value)| key.len().saturating_add(value.len()));
        let bytes = bytes.fold(0_usize, usize::saturating_add);
        if bytes > BAG_BYTES_MAX {
            let what = format!("the bag of relation {relation}");
            return Err(Error::TooLarge { command, what, bytes, max: BAG_BYTES_MAX });
        }
        let text = document(command, bag)?;
        let relation = relation.to_string();
        let mut args = vec!["-r", relation.as_str()];
        if owner == BagOwner::Application {
            args.push("--app");
        }
        args.extend(["--file", "-"]);
        self.run(command, &args, Some(text)).map(drop)
    }

    /// `relation-model-get`: the model that the other side is in. Juju 3.6.2.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) if this Juju does not
    /// have it, [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if the relation is gone.
    pub fn relation_model_get(&self, relation: RelationId) -> Result<ModelUuid, Error> {
        #[derive(Deserialize)]
        struct Answer {
            uuid: String,
        }
        let (command, expected) = ("relation-model-get", "an object with a model's UUID");
        let answer: Answer = self.read(command, &["-r", &relation.to_string()], expected)?;
        ModelUuid::parse(&answer.uuid).map_err(|_| Error::Answer { command, expected })
    }
}

impl std::fmt::Display for BagOf<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Application(app) => app.fmt(f),
            Self::Unit(unit) => unit.fmt(f),
        }
    }
}

/// How long a key is in the document: the parser counts an escape by its characters.
fn written_length(key: &str) -> usize {
    charmwright_yaml::to_text(&key).map_or(usize::MAX, |text| text.chars().count().saturating_sub(2))
}

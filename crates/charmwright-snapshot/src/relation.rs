//! What interfaces are: handshakes and offers.
//!
//! Most interfaces are handshakes: the other side answers what it was asked. So the answer of an interface is
//! reachable only through the request, [`Requires::ask`](crate::Requires::ask), and only an answer to *this* request
//! counts.

use std::fmt::Debug;

use charmwright_event::{RelationId, UnitName};
use charmwright_hookcmds::{Bag, Sensitive};
use serde::de::DeserializeOwned;

use crate::local::Local;
use crate::readiness::NotYet;
use crate::snapshot::{RelationSnapshot, SecretSnapshot};

/// An interface with a handshake, seen from the side that asks.
///
/// The request lives in our application's bag, the answer in theirs.
pub trait Interface: 'static {
    /// The name that charmcraft.yaml gives it.
    const NAME: &'static str;
    /// The fields of the remote bag that refer to secrets which belong to the answer.
    const SECRETS: &'static [&'static str] = &[];
    /// Whether the answer is, in part, in the bags of the other side's units. If not, none of them is read,
    /// however many there are.
    const UNITS: bool = false;
    /// The fields of the request that the other side takes once.
    ///
    /// After it has answered, a request in which one of them differs gets no answer, or breaks the other charm. So it is
    /// not written, and the unit is blocked until the request is as it was or the relation is a new one. The other
    /// fields of the request may change without making an answer another request's.
    ///
    /// Empty, the default: any request is answered anew, and all its fields count.
    const FIXED: &'static [&'static str] = &[];
    /// What is asked for.
    type Request;
    /// What comes back.
    type Answer: Clone + Debug;

    /// The request as it stands in our application's bag; it may be empty. An empty value is no value.
    fn write(request: &Self::Request) -> Bag;

    /// The request that the other side has read, where its bag says so: then a stale answer is told from a
    /// fresh one.
    fn echo(_remote: &Bag) -> Option<Bag> {
        None
    }

    /// What the answer itself says of the request that it answers: fields of the request, where the other side's bag
    /// repeats them. It counts more than the echo, which may be newer than the answer.
    fn answered(_remote: &Bag) -> Bag {
        Bag::new()
    }

    /// The answer.
    ///
    /// # Errors
    ///
    /// What is missing of it.
    fn read(remote: &Remote<'_>) -> Result<Self::Answer, Missing>;
}

/// An interface of which the charm offers something to every relation.
pub trait Offered: 'static {
    /// The name that charmcraft.yaml gives it.
    const NAME: &'static str;
    /// What is offered.
    type Offer;

    /// The offer as it stands in our application's bag. An empty value is no value.
    fn write(offer: &Self::Offer, local: &Local) -> Bag;
}

/// Why an answer is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// A field is not set.
    Field(String),
    /// A field holds what it should not.
    Invalid {
        /// The field.
        field: String,
        /// What it should be.
        expected: String,
    },
    /// A field refers to a secret that is not granted to us.
    NotGranted(String),
    /// A secret lacks a key.
    SecretKey {
        /// The field that refers to the secret.
        field: String,
        /// The key.
        key: String,
    },
    /// A field refers to a secret whose content Juju could not give.
    Unreadable {
        /// The field.
        field: String,
        /// Juju's words, on one line.
        cause: String,
    },
}

impl Missing {
    /// What is missing, in the words of a cause: of `who`, an application or a unit.
    pub(crate) fn of(&self, who: &str) -> String {
        match self {
            Self::Field(field) => format!("{who} has not set `{field}`"),
            Self::Invalid { field, expected } => {
                format!("{who} has set `{field}` to what is not {expected}")
            }
            Self::NotGranted(field) => {
                format!("{who} has not granted us the secret that it refers to in `{field}`")
            }
            Self::SecretKey { field, key } => {
                format!("the secret that {who} refers to in `{field}` has no `{key}`")
            }
            Self::Unreadable { field, cause } => {
                format!("the secret that {who} refers to in `{field}` cannot be read: {cause}")
            }
        }
    }
}

/// The other side's bag, with the secrets that it refers to.
#[derive(Debug)]
pub struct Remote<'a> {
    relation: &'a RelationSnapshot,
    bag: &'a Bag,
}

impl<'a> Remote<'a> {
    pub(crate) fn new(relation: &'a RelationSnapshot, bag: &'a Bag) -> Self {
        Self { relation, bag }
    }
}

impl Remote<'_> {
    /// A field that may be absent. An empty one is.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.bag.get(field).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// A field that must be there.
    ///
    /// # Errors
    ///
    /// If it is not.
    pub fn field(&self, field: &str) -> Result<&str, Missing> {
        self.get(field).ok_or_else(|| Missing::Field(field.to_owned()))
    }

    /// A field that must be there and hold JSON.
    ///
    /// # Errors
    ///
    /// If it is not there, or something else.
    pub fn json<T: DeserializeOwned>(&self, field: &str) -> Result<T, Missing> {
        let wrong = |_| Missing::Invalid {
            field: field.to_owned(),
            expected: "the JSON that the interface has there".to_owned(),
        };
        serde_json::from_str(self.field(field)?).map_err(wrong)
    }

    /// The other side's units, each with its bag, if the interface says that it has [`Interface::UNITS`].
    pub fn units(&self) -> impl Iterator<Item = (&UnitName, &Bag)> {
        self.relation.units.iter()
    }

    /// A value of a secret that a field refers to. The field is one of [`Interface::SECRETS`].
    ///
    /// # Errors
    ///
    /// If the field is not set, the secret not granted, or the key not in it.
    pub fn secret(&self, field: &str, key: &str) -> Result<&Sensitive, Missing> {
        self.field(field)?;
        match self.relation.secrets.get(field) {
            Some(SecretSnapshot::Content(content)) => content
                .get(key)
                .ok_or_else(|| Missing::SecretKey { field: field.to_owned(), key: key.to_owned() }),
            Some(SecretSnapshot::Malformed) => {
                Err(Missing::Invalid { field: field.to_owned(), expected: "a secret's reference".to_owned() })
            }
            Some(SecretSnapshot::Unreadable(cause)) => {
                Err(Missing::Unreadable { field: field.to_owned(), cause: cause.clone() })
            }
            Some(SecretSnapshot::NotGranted) | None => Err(Missing::NotGranted(field.to_owned())),
        }
    }
}

/// What wishes are recorded in. `Desired` is one; inputs know nothing more of it.
pub trait Recorder {
    /// This is asked of the endpoint, whether or not anything is related.
    fn asked(&self, endpoint: &str, request: &Bag);

    /// These keys shall be in our application's bag of the relation.
    fn publish(&self, relation: RelationId, bag: Bag);

    /// This is missing.
    fn missing(&self, cause: &NotYet);
}

/// Juju keeps no empty values: to set one is to delete its key.
pub(crate) fn without_empty(mut bag: Bag) -> Bag {
    bag.retain(|_, value| !value.is_empty());
    bag
}

//! Options into Rust types.

use std::collections::BTreeMap;
use std::fmt;

use charmwright_event::{AppName, Datum, SecretUri};
use serde_json::Value;

use crate::readiness::{NotYet, Waker};

/// The options of a charm. Derived: `#[derive(Config)]` checks names and types against charmcraft.yaml.
pub trait Config: Sized {
    /// Reads the options, each into its type.
    ///
    /// # Errors
    ///
    /// All options that are not set or not valid, not only the first.
    fn from_options(options: &Options<'_>) -> Result<Self, Vec<NotYet>>;
}

/// Reads a value that charmcraft.yaml gives a type, an option's or an action's parameter's.
///
/// One function for each type of charmcraft.yaml; the derives choose.
pub mod read {
    use super::{FromBoolean, FromFloat, FromInt, FromSecret, FromString, SecretUri, Value, is_empty};

    /// Reads what is there, by `read`; an empty text is as if nothing were there.
    pub fn unless_empty<T>(
        read: impl Fn(&Value) -> Result<T, String>,
    ) -> impl Fn(&Value) -> Result<Option<T>, String> {
        move |value| if is_empty(value) { Ok(None) } else { read(value).map(Some) }
    }

    /// `type: string`
    ///
    /// # Errors
    ///
    /// If it is none, or not one that `T` takes.
    pub fn string<T: FromString>(value: &Value) -> Result<T, String> {
        T::from_string(value.as_str().ok_or("must be a text")?)
    }

    /// `type: int`, `type: integer`
    ///
    /// # Errors
    ///
    /// If it is none, or not one that `T` takes.
    pub fn int<T: FromInt>(value: &Value) -> Result<T, String> {
        // Juju passes integers through floating point: `1e+07` is ten million.
        let whole = |number: f64| {
            (number.fract() == 0.0 && number.abs() < 9e15).then(|| number.to_string().parse().ok())
        };
        let number = value.as_i64().or_else(|| value.as_f64().and_then(whole).flatten());
        T::from_int(number.ok_or("must be a whole number")?)
    }

    /// `type: float`, `type: number`
    ///
    /// # Errors
    ///
    /// If it is none, or not one that `T` takes.
    pub fn float<T: FromFloat>(value: &Value) -> Result<T, String> {
        T::from_float(value.as_f64().ok_or("must be a number")?)
    }

    /// `type: boolean`
    ///
    /// # Errors
    ///
    /// If it is none, or not one that `T` takes.
    pub fn boolean<T: FromBoolean>(value: &Value) -> Result<T, String> {
        T::from_boolean(value.as_bool().ok_or("must be true or false")?)
    }

    /// `type: secret`
    ///
    /// # Errors
    ///
    /// If it is none, or not one that `T` takes.
    pub fn secret<T: FromSecret>(value: &Value) -> Result<T, String> {
        let text = value.as_str().ok_or("must be a secret's reference")?;
        T::from_secret(SecretUri::parse(text).map_err(|error| error.to_string())?)
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_str().is_some_and(str::is_empty)
}

/// A type that holds a `string` of charmcraft.yaml.
#[diagnostic::on_unimplemented(
    message = "charmcraft.yaml says that this is of type `string`, which `{Self}` cannot hold",
    label = "use `String` here, or a type that implements `FromString`"
)]
pub trait FromString: Sized {
    /// Takes the value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, worded to follow the option's name: `must not be …`.
    fn from_string(value: &str) -> Result<Self, String>;
}

/// A type that holds an `int` of charmcraft.yaml.
#[diagnostic::on_unimplemented(
    message = "charmcraft.yaml says that this is of type `int`, which `{Self}` cannot hold",
    label = "use `i64`, `u32`, `u16` or `Port` here, or a type that implements `FromInt`"
)]
pub trait FromInt: Sized {
    /// Takes the value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, worded to follow the option's name: `must not be …`.
    fn from_int(value: i64) -> Result<Self, String>;
}

/// A type that holds a `float` of charmcraft.yaml.
#[diagnostic::on_unimplemented(
    message = "charmcraft.yaml says that this is of type `float`, which `{Self}` cannot hold",
    label = "use `f64` here, or a type that implements `FromFloat`"
)]
pub trait FromFloat: Sized {
    /// Takes the value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, worded to follow the option's name: `must not be …`.
    fn from_float(value: f64) -> Result<Self, String>;
}

/// A type that holds a `boolean` of charmcraft.yaml.
#[diagnostic::on_unimplemented(
    message = "charmcraft.yaml says that this is of type `boolean`, which `{Self}` cannot hold",
    label = "use `bool` here, or a type that implements `FromBoolean`"
)]
pub trait FromBoolean: Sized {
    /// Takes the value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, worded to follow the option's name: `must not be …`.
    fn from_boolean(value: bool) -> Result<Self, String>;
}

/// A type that holds a `secret` of charmcraft.yaml: its reference.
#[diagnostic::on_unimplemented(
    message = "charmcraft.yaml says that this is of type `secret`, which `{Self}` cannot hold",
    label = "use `SecretUri` here, or a type that implements `FromSecret`"
)]
pub trait FromSecret: Sized {
    /// Takes the value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, worded to follow the option's name: `must not be …`.
    fn from_secret(value: SecretUri) -> Result<Self, String>;
}

/// A port that can be listened on: 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(std::num::NonZeroU16);

impl Port {
    /// The port with this number; `None` for 0.
    pub fn new(number: u16) -> Option<Self> {
        std::num::NonZeroU16::new(number).map(Self)
    }

    /// A port that is known when the charm is written. 0 does not compile.
    ///
    /// ```
    /// use charmwright_snapshot::Port;
    ///
    /// const HTTP: Port = Port::fixed::<80>();
    /// assert_eq!(HTTP.number(), 80);
    /// ```
    pub const fn fixed<const NUMBER: u16>() -> Self {
        const { assert!(NUMBER > 0, "a port is from 1 to 65535") };
        Self(std::num::NonZeroU16::MIN.saturating_add(NUMBER - 1))
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromString for String {
    fn from_string(value: &str) -> Result<Self, String> {
        Ok(value.to_owned())
    }
}

impl FromBoolean for bool {
    fn from_boolean(value: bool) -> Result<Self, String> {
        Ok(value)
    }
}

impl FromFloat for f64 {
    fn from_float(value: f64) -> Result<Self, String> {
        Ok(value)
    }
}

impl FromSecret for SecretUri {
    fn from_secret(value: Self) -> Result<Self, String> {
        Ok(value)
    }
}

impl FromInt for i64 {
    fn from_int(value: i64) -> Result<Self, String> {
        Ok(value)
    }
}

impl FromInt for u32 {
    fn from_int(value: i64) -> Result<Self, String> {
        value.try_into().map_err(|_| format!("must be from 0 to {}, not {value}", Self::MAX))
    }
}

impl FromInt for u16 {
    fn from_int(value: i64) -> Result<Self, String> {
        value.try_into().map_err(|_| format!("must be from 0 to {}, not {value}", Self::MAX))
    }
}

impl FromInt for Port {
    fn from_int(value: i64) -> Result<Self, String> {
        let port = u16::try_from(value).ok().and_then(Self::new);
        port.ok_or_else(|| format!("must be a port from 1 to 65535, not {value}"))
    }
}

/// The options as Juju gave them, with what the derive needs to turn them into a struct.
#[derive(Debug)]
pub struct Options<'a> {
    application: &'a AppName,
    values: &'a BTreeMap<String, Value>,
}

impl<'a> Options<'a> {
    /// The options `values` of `application`.
    pub fn new(application: &'a AppName, values: &'a BTreeMap<String, Value>) -> Self {
        Self { application, values }
    }

    /// An option that has to be set. An empty text of which no `T` can be made is not set.
    ///
    /// # Errors
    ///
    /// If it is not set, or its value does not fit, or `check` does not like it.
    pub fn required<T>(
        &self,
        name: &str,
        read: impl Fn(&Value) -> Result<T, String>,
        check: impl Fn(T) -> Result<T, String>,
    ) -> Result<T, NotYet> {
        let read = |value: &Value| match read(value) {
            Err(_) if is_empty(value) => Ok(None),
            read => read.map(Some),
        };
        let check = |read: Option<T>| read.map(&check).transpose();
        self.optional(name, read, check)?.flatten().ok_or_else(|| self.wrong(name, "is not set"))
    }

    /// An option that may be unset; an empty text is.
    ///
    /// # Errors
    ///
    /// If its value does not fit, or `check` does not like it.
    pub fn unless_empty<T>(
        &self,
        name: &str,
        read: impl Fn(&Value) -> Result<T, String>,
        check: impl Fn(T) -> Result<T, String>,
    ) -> Result<Option<T>, NotYet> {
        let check = |read: Option<T>| read.map(&check).transpose();
        Ok(self.optional(name, read::unless_empty(read), check)?.flatten())
    }

    /// An option that may be unset.
    ///
    /// # Errors
    ///
    /// If its value does not fit, or `check` does not like it.
    pub fn optional<T>(
        &self,
        name: &str,
        read: impl Fn(&Value) -> Result<T, String>,
        check: impl Fn(T) -> Result<T, String>,
    ) -> Result<Option<T>, NotYet> {
        let Some(value) = self.values.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let value = read(value).and_then(check);
        value.map(Some).map_err(|cause| self.wrong(name, &cause))
    }

    fn wrong(&self, name: &str, cause: &str) -> NotYet {
        let remedy = format!("juju config {} {name}=…", self.application);
        NotYet::blocked(format!("option {name}"), cause, remedy, Waker::of(Datum::Config, name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn port(value: &Value) -> Result<Port, String> {
        read::int(value)
    }

    #[test]
    fn a_port_is_from_1_to_65535() {
        assert_eq!(port(&json!(65535)).unwrap().number(), 65535);
        assert_eq!(port(&json!(1.0)).unwrap().number(), 1);
        for wrong in [json!(0), json!(-1), json!(65536), json!(1e300)] {
            assert!(port(&wrong).unwrap_err().starts_with("must be"));
        }
        assert_eq!(port(&json!("80")).unwrap_err(), "must be a whole number");
    }

    #[test]
    fn large_integers_that_juju_prints_as_floats_are_integers() {
        assert_eq!(read::int::<i64>(&json!(1e7)), Ok(10_000_000));
        assert!(read::int::<i64>(&json!(1.5)).is_err());
    }

    #[test]
    fn a_wrong_option_names_itself_the_remedy_and_the_waker() {
        let application = AppName::parse("guestbook").unwrap();
        let values = BTreeMap::from([("server-port".to_owned(), json!(22))]);
        let options = Options::new(&application, &values);
        let not_ssh =
            |port: Port| if port.number() == 22 { Err("must not be 22".to_owned()) } else { Ok(port) };
        let cause = options.required("server-port", read::int::<Port>, not_ssh).unwrap_err();
        assert_eq!(
            cause.to_string(),
            "option server-port: must not be 22; juju config guestbook server-port=… (woken by config-changed)"
        );
        let cause = options.required("greeting", read::string::<String>, Ok).unwrap_err();
        assert!(cause.to_string().starts_with("option greeting: is not set"));
        assert_eq!(options.optional("greeting", read::string::<String>, Ok).unwrap(), None);
    }

    /// A type that is made from a text, but not from any.
    #[derive(Debug, PartialEq)]
    struct Address(String);

    impl FromString for Address {
        fn from_string(value: &str) -> Result<Self, String> {
            let there = value.contains("://").then(|| Self(value.to_owned()));
            there.ok_or_else(|| "must be an address".to_owned())
        }
    }

    fn told<T: fmt::Debug>(read: Result<T, NotYet>) -> String {
        read.unwrap_err().to_string()
    }

    #[test]
    fn an_empty_text_is_unset_where_the_option_may_be() {
        let application = AppName::parse("web").unwrap();
        let values = BTreeMap::from([("x".to_owned(), json!("")), ("space".to_owned(), json!(" "))]);
        let options = Options::new(&application, &values);
        assert_eq!(options.unless_empty("x", read::string::<String>, Ok), Ok(None));
        assert_eq!(options.unless_empty("x", read::string::<Address>, Ok), Ok(None));
        assert_eq!(options.unless_empty("x", read::secret::<SecretUri>, Ok), Ok(None));
        assert_eq!(options.unless_empty("unset", read::string::<String>, Ok), Ok(None));
        let never = |_| Err("must not be asked".to_owned());
        assert_eq!(options.unless_empty("x", read::string::<String>, never), Ok(None));
        assert_eq!(options.unless_empty("space", read::string::<String>, Ok), Ok(Some(" ".to_owned())));
        assert!(
            told(options.unless_empty("space", read::string::<Address>, Ok)).contains("must be an address")
        );
        // Asked for.
        assert_eq!(options.optional("x", read::string::<String>, Ok), Ok(Some(String::new())));
    }

    #[test]
    fn an_empty_text_is_a_text_where_the_option_must_be_set() {
        let application = AppName::parse("web").unwrap();
        let values = BTreeMap::from([("x".to_owned(), json!(""))]);
        let options = Options::new(&application, &values);
        assert_eq!(options.required("x", read::string::<String>, Ok), Ok(String::new()));
        let filled =
            |text: String| if text.is_empty() { Err("must not be empty".to_owned()) } else { Ok(text) };
        assert!(told(options.required("x", read::string::<String>, filled)).contains("must not be empty"));
        // Of what can be made from no empty text, it says the same as of what is not set.
        assert!(told(options.required("x", read::string::<Address>, Ok)).contains("option x: is not set"));
        assert!(told(options.required("x", read::secret::<SecretUri>, Ok)).contains("option x: is not set"));
    }
}

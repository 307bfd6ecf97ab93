//! Options into Rust types.

use std::collections::BTreeMap;
use std::fmt;

use charmwright_event::{AppName, SecretUri};
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

/// The types that an option can have in charmcraft.yaml.
pub mod option_type {
    /// `type: string`
    #[derive(Debug)]
    pub struct String;
    /// `type: int`
    #[derive(Debug)]
    pub struct Int;
    /// `type: float`
    #[derive(Debug)]
    pub struct Float;
    /// `type: boolean`
    #[derive(Debug)]
    pub struct Boolean;
    /// `type: secret`
    #[derive(Debug)]
    pub struct Secret;
}

/// A type that holds a value of an option (or of an action's parameter) of the type `K`.
///
/// Implement it for a type of your own to have it checked when it is read.
#[diagnostic::on_unimplemented(
    message = "charmcraft.yaml gives it the type `{K}`, which `{Self}` cannot hold",
    label = "this type does not fit",
    note = "string: `String`; int: `i64`, `u32`, `u16`, `Port`; float: `f64`; boolean: `bool`; secret: `SecretUri`; \
            for one without a default: `Option<…>`"
)]
pub trait FromOption<K>: Sized {
    /// Reads the value.
    ///
    /// # Errors
    ///
    /// What is wrong with it, worded to follow the option's name: `must be …`.
    fn from_option(value: &Value) -> Result<Self, String>;
}

/// A port that can be listened on: 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(std::num::NonZeroU16);

impl Port {
    /// The port with this number; `None` for 0.
    pub fn new(number: u16) -> Option<Self> {
        std::num::NonZeroU16::new(number).map(Self)
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

impl FromOption<option_type::String> for String {
    fn from_option(value: &Value) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "must be a text".to_owned())
    }
}

impl FromOption<option_type::Boolean> for bool {
    fn from_option(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "must be true or false".to_owned())
    }
}

impl FromOption<option_type::Float> for f64 {
    fn from_option(value: &Value) -> Result<Self, String> {
        value.as_f64().ok_or_else(|| "must be a number".to_owned())
    }
}

impl FromOption<option_type::Secret> for SecretUri {
    fn from_option(value: &Value) -> Result<Self, String> {
        let text = value.as_str().ok_or_else(|| "must be a secret's reference".to_owned())?;
        Self::parse(text).map_err(|error| error.to_string())
    }
}

impl FromOption<option_type::Int> for i64 {
    fn from_option(value: &Value) -> Result<Self, String> {
        // Juju passes integers through floating point: `1e+07` is ten million.
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then(|| number.to_string().parse().ok());
        let number = value.as_i64().or_else(|| value.as_f64().and_then(whole).flatten());
        number.ok_or_else(|| "must be a whole number".to_owned())
    }
}

impl FromOption<option_type::Int> for u32 {
    fn from_option(value: &Value) -> Result<Self, String> {
        let number = i64::from_option(value)?;
        number.try_into().map_err(|_| format!("must be from 0 to {}, not {number}", Self::MAX))
    }
}

impl FromOption<option_type::Int> for u16 {
    fn from_option(value: &Value) -> Result<Self, String> {
        let number = i64::from_option(value)?;
        number.try_into().map_err(|_| format!("must be from 0 to {}, not {number}", Self::MAX))
    }
}

impl FromOption<option_type::Int> for Port {
    fn from_option(value: &Value) -> Result<Self, String> {
        let number = i64::from_option(value)?;
        let port = u16::try_from(number).ok().and_then(Self::new);
        port.ok_or_else(|| format!("must be a port from 1 to 65535, not {number}"))
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

    /// An option that has to be set.
    ///
    /// # Errors
    ///
    /// If it is not set, or its value does not fit, or `check` does not like it.
    pub fn required<K, T: FromOption<K>>(
        &self,
        name: &str,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Result<T, NotYet> {
        self.optional(name, check)?.ok_or_else(|| self.wrong(name, "is not set"))
    }

    /// An option that may be unset.
    ///
    /// # Errors
    ///
    /// If its value does not fit, or `check` does not like it.
    pub fn optional<K, T: FromOption<K>>(
        &self,
        name: &str,
        check: impl Fn(&T) -> Result<(), String>,
    ) -> Result<Option<T>, NotYet> {
        let Some(value) = self.values.get(name).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let value = T::from_option(value).and_then(|value| check(&value).map(|()| value));
        value.map(Some).map_err(|cause| self.wrong(name, &cause))
    }

    fn wrong(&self, name: &str, cause: &str) -> NotYet {
        let remedy = format!("juju config {} {name}=…", self.application);
        NotYet::blocked(format!("option {name}"), cause, remedy, Waker::event("config-changed"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn port(value: Value) -> Result<Port, String> {
        <Port as FromOption<option_type::Int>>::from_option(&value)
    }

    #[test]
    fn a_port_is_from_1_to_65535() {
        assert_eq!(port(json!(65535)).unwrap().number(), 65535);
        assert_eq!(port(json!(1.0)).unwrap().number(), 1);
        for wrong in [json!(0), json!(-1), json!(65536), json!(1e300)] {
            assert!(port(wrong).unwrap_err().starts_with("must be"));
        }
        assert_eq!(port(json!("80")).unwrap_err(), "must be a whole number");
    }

    #[test]
    fn large_integers_that_juju_prints_as_floats_are_integers() {
        assert_eq!(<i64 as FromOption<option_type::Int>>::from_option(&json!(1e7)), Ok(10_000_000));
        assert!(<i64 as FromOption<option_type::Int>>::from_option(&json!(1.5)).is_err());
    }

    #[test]
    fn a_wrong_option_names_itself_the_remedy_and_the_waker() {
        let application = AppName::parse("guestbook").unwrap();
        let values = BTreeMap::from([("server-port".to_owned(), json!(22))]);
        let options = Options::new(&application, &values);
        let not_ssh = |port: &Port| if port.number() == 22 { Err("must not be 22".to_owned()) } else { Ok(()) };
        let cause = options.required::<option_type::Int, Port>("server-port", not_ssh).unwrap_err();
        assert_eq!(
            cause.to_string(),
            "option server-port: must not be 22; juju config guestbook server-port=… (woken by config-changed)"
        );
        let cause = options.required::<option_type::String, String>("greeting", |_| Ok(())).unwrap_err();
        assert!(cause.to_string().starts_with("option greeting: is not set"));
        assert_eq!(options.optional::<option_type::String, String>("greeting", |_| Ok(())).unwrap(), None);
    }
}

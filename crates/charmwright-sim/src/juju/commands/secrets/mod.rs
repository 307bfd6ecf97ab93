//! The commands about secrets.

mod access;
mod base64;
mod content;
mod expiry;
mod info;
mod uri;

pub(super) use access::{grant, revoke};
pub(super) use info::{ids, info_get};

use super::invocation::{Invocation, Stop, failed, wrong};
use crate::juju::context::{Owner, SecretUpdate, SecretValue};
use crate::juju::controller::{SecretUri, application_of};
use crate::juju::text::flags::{self, Given, Takes, none};
use crate::juju::text::quote::quoted;
use crate::juju::text::{Output, Value};

/// How often a secret can be rotated.
const ROTATIONS: [&str; 7] = ["never", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly"];

/// The options of `secret-add` and `secret-set`.
struct Said<'a> {
    expire: &'a str,
    rotate: &'a str,
    description: &'a str,
    label: &'a str,
    file: &'a str,
    owner: &'a str,
}

impl<'a> Said<'a> {
    fn read(arguments: &'a [String]) -> Result<(Self, Vec<String>), Stop> {
        let mut said =
            Self { expire: "", rotate: "", description: "", label: "", file: "", owner: "application" };
        let options =
            ["expire", "rotate", "description", "label", "file", "owner"].map(|name| (name, Takes::Text));
        let others = flags::parse(arguments, &options, |name, given| {
            let Given::Text(text) = given else { return Ok(()) };
            let field = match name {
                "expire" => &mut said.expire,
                "rotate" => &mut said.rotate,
                "description" => &mut said.description,
                "label" => &mut said.label,
                "file" => &mut said.file,
                _ => &mut said.owner,
            };
            *field = text;
            Ok(())
        })?;
        Ok((said, others))
    }

    fn update(&self, invocation: &Invocation<'_, '_>, arguments: &[String]) -> Result<SecretUpdate, Stop> {
        let expire = match self.expire {
            "" => None,
            text => expiry::parse(text, invocation.run.now()).map_err(wrong)?,
        };
        if !self.rotate.is_empty() && !ROTATIONS.contains(&self.rotate) {
            return Err(wrong(format!("rotate policy {} not valid", quoted(self.rotate))));
        }
        if !matches!(self.owner, "application" | "unit") {
            return Err(wrong(format!("secret owner {} not valid", quoted(self.owner))));
        }
        let mut content = content::of_arguments(arguments).map_err(wrong)?;
        if !self.file.is_empty() {
            content.extend(content::of_file(self.file).map_err(wrong)?);
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(SecretUpdate {
            value: Some(SecretValue(content)).filter(|value| !value.is_empty()),
            rotate: some(self.rotate),
            expire,
            description: some(self.description),
            label: some(self.label),
        })
    }
}

/// The secret that the first argument names.
fn first_uri(arguments: &[String]) -> Result<(SecretUri, &[String]), Stop> {
    let Some((uri, rest)) = arguments.split_first() else { return Err(wrong("missing secret URI")) };
    let uri = uri::parse(uri).map_err(wrong)?;
    Ok((uri, rest))
}

/// The secret that the first argument names, if there is one: any mistake in it is told alike.
fn optional_uri(arguments: &[String]) -> Result<(Option<SecretUri>, &[String]), Stop> {
    let Some((uri, rest)) = arguments.split_first() else { return Ok((None, arguments)) };
    let uri = uri::parse(uri).map_err(|_| wrong(format!("secret URI {} not valid", quoted(uri))))?;
    Ok((Some(uri), rest))
}

pub(super) fn add(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let (said, arguments) = Said::read(invocation.args)?;
    if arguments.is_empty() && said.file.is_empty() {
        return Err(wrong("missing secret value or filename"));
    }
    let update = said.update(invocation, &arguments)?;
    if update.value.is_none() {
        return Err(failed("empty secret value not valid"));
    }
    let unit = invocation.run.unit_name();
    let owner = match said.owner {
        "unit" => Owner::Unit(unit.to_owned()),
        _ => Owner::Application(application_of(unit).to_owned()),
    };
    let uri = invocation.run.create_secret(&owner, update)?;
    invocation.print_raw(&format!("{uri}\n"));
    Ok(())
}

pub(super) fn set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let (said, arguments) = Said::read(invocation.args)?;
    let (uri, arguments) = first_uri(&arguments)?;
    let update = said.update(invocation, arguments)?;
    invocation.run.update_secret(&uri, update)?;
    Ok(())
}

pub(super) fn remove(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut revision = 0;
    let arguments = flags::parse(invocation.args, &[("revision", Takes::Int)], |_, given| {
        if let Given::Int(given) = given {
            revision = given;
        }
        Ok(())
    })?;
    let (uri, rest) = first_uri(&arguments)?;
    none(rest).map_err(wrong)?;
    invocation.run.remove_secret(&uri, Some(revision).filter(|revision| *revision > 0))?;
    Ok(())
}

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut output = Output::yaml();
    let (mut label, mut peek, mut refresh) = ("", false, false);
    let options = [("label", Takes::Text), ("peek", Takes::Truth), ("refresh", Takes::Truth)];
    let arguments = invocation.options(&mut output, &options, |name, given| {
        match (name, given) {
            (_, Given::Text(given)) => label = given,
            ("peek", given) => peek = given == Given::Truth(true),
            (_, given) => refresh = given == Given::Truth(true),
        }
        Ok(())
    })?;
    let (uri, rest) = optional_uri(&arguments)?;
    if uri.is_none() && label.is_empty() {
        return Err(wrong("require either a secret URI or label"));
    }
    if peek && refresh {
        return Err(wrong("specify one of --peek or --refresh but not both"));
    }
    let key = match rest.split_first() {
        None => "",
        Some((key, rest)) => {
            none(rest).map_err(wrong)?;
            key
        }
    };
    let held = invocation.run.get_secret(uri.as_ref(), label, refresh, peek)?;
    let value = shown(&held, key)?;
    invocation.print(&output, &value)
}

/// The whole content, or what a key holds: in base64 if the key says so.
fn shown(held: &SecretValue, key: &str) -> Result<Value, Stop> {
    let mut values = Vec::new();
    for (key, encoded) in held.encoded() {
        let decoded = base64::decode(encoded)
            .map_err(|at| failed(format!("illegal base64 data at input byte {at}")))?;
        values.push((key.as_str(), Value::Bytes(decoded)));
    }
    if key.is_empty() {
        return Ok(Value::map(values));
    }
    let (name, encoded) = match key.strip_suffix("#base64") {
        Some(name) => (name, true),
        None => (key, false),
    };
    let missing = || failed(format!("secret key value {} not found", quoted(name)));
    if encoded {
        return Ok(Value::from(held.encoded().get(name).ok_or_else(missing)?.as_str()));
    }
    let found = values.into_iter().find(|(key, _)| *key == name);
    Ok(found.ok_or_else(missing)?.1)
}

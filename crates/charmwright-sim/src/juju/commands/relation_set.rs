//! `relation-set`

use super::arguments::{RELATION, RelationId};
use super::invocation::{Invocation, Stop, failed, wrong};
use super::settings_file::with_file;
use crate::juju::context::Side;
use crate::juju::text::flags::{self, Given, Takes};
use crate::juju::text::keyvalues;

pub(super) fn set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut relation = RelationId::of_hook(invocation.run)?;
    let (mut file, mut format, mut application) = ("", "", false);
    let own = [("file", Takes::Text), ("app", Takes::Truth), ("format", Takes::Text)];
    let options = [RELATION.as_slice(), &own].concat();
    let run = &mut *invocation.run;
    let arguments = flags::parse(invocation.args, &options, |name, given| {
        if relation.take(run, name, given)? {
            return Ok(());
        }
        match (name, given) {
            ("file", Given::Text(given)) => file = given,
            ("format", Given::Text(given)) => format = given,
            (_, given) => application = given == Given::Truth(true),
        }
        Ok(())
    })?;
    let id = relation.required()?;
    let given = keyvalues::parse(&arguments).map_err(wrong)?;
    invocation.warn_of_format(format);
    let settings = with_file(invocation, file, given)?;
    let run = &mut *invocation.run;
    run.relation(id)?;
    let (side, doing) = if application {
        if !run.is_leader().map_err(|failure| failure.while_doing("cannot determine leadership status"))? {
            return Err(failed("cannot write relation settings"));
        }
        (Side::Application, "cannot read relation application settings")
    } else {
        (Side::Unit, "cannot read relation settings")
    };
    run.change_own_settings(id, side, &settings).map_err(|failure| failure.while_doing(doing))?;
    Ok(())
}

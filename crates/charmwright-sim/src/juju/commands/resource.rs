//! `resource-get`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::text::flags::none;

pub(super) fn get(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let Some((name, rest)) = arguments.split_first() else {
        return Err(wrong("missing required resource name"));
    };
    none(rest).map_err(wrong)?;
    let path = invocation
        .run
        .download_resource(name)
        .map_err(|failure| failure.while_doing("could not download resource"))?;
    invocation.print_raw(&path);
    Ok(())
}

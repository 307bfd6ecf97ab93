//! `application-version-set`

use super::invocation::{Invocation, Stop, wrong};
use crate::juju::text::flags::none;

pub(super) fn application_version_set(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let arguments = invocation.no_options()?;
    let Some((version, rest)) = arguments.split_first() else { return Err(wrong("no version specified")) };
    none(rest).map_err(wrong)?;
    invocation.run.set_unit_workload_version(version)?;
    Ok(())
}

//! `juju-reboot`

use super::invocation::{Invocation, Stop, failed, wrong};
use crate::juju::context::Reboot;
use crate::juju::text::flags::{self, Given, Takes, none};

pub(super) fn reboot(invocation: &mut Invocation<'_, '_>) -> Result<(), Stop> {
    let mut now = false;
    let arguments = flags::parse(invocation.args, &[("now", Takes::Truth)], |_, given| {
        now = given == Given::Truth(true);
        Ok(())
    })?;
    none(&arguments).map_err(wrong)?;
    if invocation.run.action_params().is_ok() {
        return Err(failed("juju-reboot is not supported when running an action."));
    }
    invocation.run.request_reboot(if now { Reboot::Now } else { Reboot::AfterHook })?;
    Ok(())
}

//! Networks.

use charmwright_event::RelationId;

use super::HookCommands;
use crate::error::Error;
use crate::network::NetworkInfo;

impl HookCommands {
    /// `network-get`: the addresses of a binding, an endpoint or an extra binding; with a relation, as seen from
    /// its other side.
    ///
    /// The whole is read, and never one address alone: `--bind-address` makes the agent of Juju 3.6 panic where
    /// there is none.
    ///
    /// # Errors
    ///
    /// If the command fails; [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) if there is no such binding or
    /// relation, or the binding has no address.
    pub fn network_get(&self, binding: &str, relation: Option<RelationId>) -> Result<NetworkInfo, Error> {
        let relation = relation.map(|relation| relation.to_string());
        let mut args = Vec::new();
        if let Some(relation) = &relation {
            args.extend(["-r", relation.as_str()]);
        }
        args.extend(["--", binding]);
        self.read("network-get", &args, "a network's addresses")
    }
}

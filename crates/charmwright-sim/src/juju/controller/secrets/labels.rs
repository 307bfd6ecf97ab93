//! The labels of secrets, which must tell them apart.

use crate::juju::controller::{Controller, application_of, quoted, tag_of};

/// A label that is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct LabelTaken(String);

impl Controller {
    /// Whether an owner may have a label.
    pub(super) fn check_owner_label(&self, owner: &str, label: &str) -> Result<(), LabelTaken> {
        let (unit, app) = (self.model.unit.as_str(), self.model.app());
        let shown = quoted(label);
        let taken =
            |whose: String| Err(LabelTaken(format!("secret label {shown} for {whose} already exists")));
        let of_a_unit = || format!("a unit of application {}", quoted(owner));
        for secret in self.model.secrets() {
            if secret.label == label {
                if secret.owner == owner {
                    return taken(format!("owner {}", quoted(&tag_of(owner))));
                }
                if owner == app && secret.owner == unit {
                    return taken(of_a_unit());
                }
                if owner == unit && secret.owner == app {
                    return taken(format!("application {}", quoted(app)));
                }
            }
            for consumer in
                secret.consumers.iter().filter(|(_, info)| info.label == label).map(|(name, _)| name)
            {
                if consumer == owner {
                    return taken(format!("consumer {}", quoted(&tag_of(owner))));
                }
                if application_of(consumer) == owner {
                    return taken(of_a_unit());
                }
            }
        }
        Ok(())
    }

    /// Whether the unit may have a label for a secret that it consumes.
    pub(super) fn check_consumer_label(&self, label: &str) -> Result<(), String> {
        let (unit, app) = (self.model.unit.as_str(), self.model.app());
        let taken = |whose: &str, name: &str| {
            Err(format!("secret label {} for {whose} {} already exists", quoted(label), quoted(name)))
        };
        for secret in self.model.secrets() {
            if secret.label == label && secret.owner == app {
                return taken("application", app);
            }
            if secret.label == label && secret.owner == unit {
                return taken("owner", &tag_of(unit));
            }
            if secret.consumers.get(unit).is_some_and(|info| info.label == label) {
                return taken("consumer", &tag_of(unit));
            }
        }
        Ok(())
    }
}

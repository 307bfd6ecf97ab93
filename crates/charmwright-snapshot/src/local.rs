//! Who and where this unit is.

use charmwright_event::{AppName, Context, ModelUuid, UnitName};

/// Who and where this unit is: what an interface may say of us in a databag.
///
/// ```
/// use charmwright_snapshot::Local;
///
/// let local = Local::test("guestbook/0");
/// assert_eq!(local.application().as_str(), "guestbook");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Local {
    /// This unit.
    pub unit: UnitName,
    /// The model's name.
    pub model: String,
    /// The model's UUID. Juju says it in every hook but those of metering, in which no charm of ours writes anything.
    pub model_uuid: Option<ModelUuid>,
    /// The charm's name, as charmcraft.yaml has it; absent if that has none.
    pub charm_name: Option<String>,
}

impl Local {
    pub(crate) fn new(context: &Context, charm_name: Option<&str>) -> Self {
        Self {
            unit: context.unit.clone(),
            model: context.model.clone(),
            model_uuid: context.model_uuid.clone(),
            charm_name: charm_name.map(str::to_owned),
        }
    }

    /// For tests: this unit, of the charm `test`, in the model `test`.
    ///
    /// # Panics
    ///
    /// If `unit` is no unit's name.
    #[expect(clippy::expect_used, reason = "for tests only, and the names are constants or the test's own")]
    pub fn test(unit: &str) -> Self {
        let uuid = "00000000-0000-4000-8000-000000000000";
        Self {
            unit: UnitName::parse(unit).expect("a unit's name, such as guestbook/0"),
            model: "test".to_owned(),
            model_uuid: Some(ModelUuid::parse(uuid).expect("a UUID")),
            charm_name: Some("test".to_owned()),
        }
    }

    /// This unit's application.
    pub fn application(&self) -> &AppName {
        self.unit.application()
    }
}

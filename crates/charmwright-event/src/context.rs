//! From environment variables to a [`Context`].

use std::fmt;
use std::path::PathBuf;

use crate::event::Event;
use crate::names::{MachineId, ModelUuid, NameError, UnitName};
use crate::variables::{Variables, parsed};
use crate::version::JujuVersion;

/// An environment that Juju would not have made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvironmentError {
    /// A variable that Juju always sets for this event is absent or empty.
    #[error("{variable} is not set, though Juju sets it for {event}")]
    Missing {
        /// The variable.
        variable: &'static str,
        /// The event, or what else asks for it.
        event: String,
    },
    /// A variable holds what Juju never writes there.
    #[error("{variable} is malformed")]
    Malformed {
        /// The variable.
        variable: &'static str,
        /// What is wrong with it.
        source: NameError,
    },
    /// `JUJU_DISPATCH_PATH` is neither a hook nor an action.
    #[error("JUJU_DISPATCH_PATH is `{path}`, which is neither hooks/NAME nor actions/NAME")]
    UnknownDispatchPath {
        /// What it holds.
        path: String,
    },
    /// None of Juju's variables is there: nobody but Juju should run this program.
    #[error("not run by Juju: this program is a charm's `dispatch`, and none of Juju's variables is set")]
    NotRunByJuju,
}

/// Everything Juju says to a charm before the first hook command.
///
/// ```
/// use charmwright_event::{Context, Event, JujuVersion, Origin};
///
/// let context = Context::from_variables([
///     ("JUJU_DISPATCH_PATH", "hooks/members_changed"),
///     ("JUJU_HOOK_NAME", ""),
///     ("JUJU_UNIT_NAME", "guestbook/0"),
///     ("JUJU_CHARM_DIR", "/var/lib/juju/agents/unit-guestbook-0/charm"),
///     ("JUJU_VERSION", "3.6.11"),
/// ])?;
/// // An event of the charm's own, sent with juju-exec.
/// assert_eq!(context.event, Event::Other { hook: "members_changed".to_owned() });
/// assert_eq!(context.origin, Origin::OutOfBand);
/// assert_eq!(context.juju_version, Some(JujuVersion::new(3, 6, 11)));
/// # Ok::<(), charmwright_event::EnvironmentError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// Why the charm runs.
    pub event: Event,
    /// Who decided that it runs.
    pub origin: Origin,
    /// The unit it runs for (`JUJU_UNIT_NAME`).
    pub unit: UnitName,
    /// The model's name (`JUJU_MODEL_NAME`); empty where Juju does not say it.
    pub model: String,
    /// The model's id (`JUJU_MODEL_UUID`); absent in the hooks of metering.
    pub model_uuid: Option<ModelUuid>,
    /// The folder of the charm's own files (`JUJU_CHARM_DIR`), which is also the working directory.
    pub charm_dir: PathBuf,
    /// The agent's version (`JUJU_VERSION`); absent in the hooks of metering.
    pub juju_version: Option<JujuVersion>,
    /// The unit that this one is subordinate to (`JUJU_PRINCIPAL_UNIT`).
    pub principal_unit: Option<UnitName>,
    /// The machine (`JUJU_MACHINE_ID`); absent on Kubernetes.
    pub machine: Option<MachineId>,
    /// The availability zone (`JUJU_AVAILABILITY_ZONE`); absent on Kubernetes, and where the cloud has none.
    pub availability_zone: Option<String>,
    /// Where the controller listens, as `host:port` (`JUJU_API_ADDRESSES`).
    pub api_addresses: Vec<String>,
    /// The version of the cloud's interface (`CLOUD_API_VERSION`), where it has one.
    pub cloud_api_version: Option<String>,
    /// How to reach the world outside.
    pub proxies: Proxies,
}

/// Who decided that the charm runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Juju, for a hook: a failure puts the unit in error, and Juju repeats the hook.
    Hook,
    /// An operator, for an action.
    Action,
    /// Somebody on the machine or in the charm's container, with `juju-exec`: a process of the charm's own as a
    /// rule. What it wrote is kept even if it fails. Its event is whatever the caller says, so it is no proof that
    /// anything happened.
    OutOfBand,
}

/// The model's settings `juju-http-proxy` and so on (`JUJU_CHARM_*_PROXY`), for what the charm itself fetches.
///
/// They may hold a password, so they are not printed with the rest.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Proxies {
    /// For `http`.
    pub http: Option<String>,
    /// For `https`.
    pub https: Option<String>,
    /// For `ftp`.
    pub ftp: Option<String>,
    /// Where to go without one, separated by commas.
    pub no_proxy: Option<String>,
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxies")
            .field("http", &self.http.is_some())
            .field("https", &self.https.is_some())
            .field("ftp", &self.ftp.is_some())
            .field("no_proxy", &self.no_proxy)
            .finish()
    }
}

impl Context {
    /// Reads the variables of a charm's process.
    ///
    /// A variable that is set but empty counts as absent, as it does for Juju.
    ///
    /// # Errors
    ///
    /// If a variable that the event needs is absent or malformed; the error names it. An unknown hook is not
    /// an error but [`Event::Other`].
    pub fn from_variables<K, V>(variables: impl IntoIterator<Item = (K, V)>) -> Result<Self, EnvironmentError>
    where
        K: Into<String>,
        V: Into<String>,
    {
        let variables =
            Variables::new(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        if !variables.names().any(|name| name.starts_with("JUJU_")) {
            return Err(EnvironmentError::NotRunByJuju);
        }
        let event = variables.event()?;
        let name = event.name();
        let text = |variable| variables.get(variable).map(str::to_owned);
        Ok(Self {
            unit: parsed("JUJU_UNIT_NAME", variables.need("JUJU_UNIT_NAME", &name)?, UnitName::parse)?,
            model: text("JUJU_MODEL_NAME").unwrap_or_default(),
            model_uuid: variables.maybe("JUJU_MODEL_UUID", ModelUuid::parse)?,
            charm_dir: PathBuf::from(variables.need("JUJU_CHARM_DIR", &name)?),
            juju_version: variables.maybe("JUJU_VERSION", JujuVersion::parse)?,
            principal_unit: variables.maybe("JUJU_PRINCIPAL_UNIT", UnitName::parse)?,
            machine: variables.maybe("JUJU_MACHINE_ID", MachineId::parse)?,
            availability_zone: text("JUJU_AVAILABILITY_ZONE"),
            api_addresses: variables
                .get("JUJU_API_ADDRESSES")
                .unwrap_or_default()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            cloud_api_version: text("CLOUD_API_VERSION"),
            proxies: Proxies {
                http: text("JUJU_CHARM_HTTP_PROXY"),
                https: text("JUJU_CHARM_HTTPS_PROXY"),
                ftp: text("JUJU_CHARM_FTP_PROXY"),
                no_proxy: text("JUJU_CHARM_NO_PROXY"),
            },
            origin: variables.origin(),
            event,
        })
    }
}

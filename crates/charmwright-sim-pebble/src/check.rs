//! Checks.
//!
//! Real Pebbles end with a panic on a command without words or a negative period, and 1.19 on a URL that it cannot take
//! apart. No simulated one does: it takes the check and goes on, and refuses the negative period. Our client sends none of
//! the three.

mod info;
mod plan;
mod run;
mod watch;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use charmwright_pebble::{Check, GoDuration, Startup};

use crate::host::RunId;

/// What is known of a check.
#[derive(Clone, Debug, Default)]
pub(crate) struct CheckData {
    level: String,
    is_disabled: bool,
    status: CheckStatus,
    successes: u64,
    failures: u64,
    threshold: u64,
    change: Option<u64>,
    last_change: Option<u64>,
    /// How often it succeeded and failed since it is known.
    succeeded: u64,
    failed: u64,
    /// Runs that were asked for and have not begun.
    asked: VecDeque<RunId>,
}

/// Whether a check is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CheckStatus {
    #[default]
    Up,
    Down,
    Inactive,
}

impl CheckStatus {
    fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Inactive => "inactive",
        }
    }
}

/// A change that watches a check.
#[derive(Clone, Debug)]
struct Watch {
    name: String,
    config: Check,
    successes: u64,
    failures: u64,
    /// Whether its end is the begin of another one.
    goes_over: bool,
    /// The run that goes on, and whether it was asked for.
    run: Option<(RunId, bool)>,
    /// Whether its time came while another run went on.
    is_due: bool,
}

/// All checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    data: BTreeMap<String, CheckData>,
    /// By their changes.
    watches: BTreeMap<u64, Watch>,
    last_run: u64,
    /// Runs of checks that nothing watches.
    lone: BTreeSet<RunId>,
    /// What came of runs that were asked for: nothing, or why they failed.
    outcomes: BTreeMap<RunId, Result<(), String>>,
}

impl Checks {
    pub(crate) fn new_run(&mut self) -> RunId {
        self.last_run += 1;
        RunId(self.last_run)
    }

    /// Notes how a check stands.
    fn update(
        &mut self,
        name: &str,
        config: &Check,
        change: Option<u64>,
        last_change: Option<u64>,
        (successes, failures): (u64, u64),
    ) {
        let data = self.data.entry(name.to_owned()).or_default();
        data.level = config.level.as_ref().map(|level| level.as_str().to_owned()).unwrap_or_default();
        data.is_disabled = config.startup == Some(Startup::Disabled);
        data.threshold = threshold(config);
        data.status = match change {
            None => CheckStatus::Inactive,
            Some(_) if failures >= data.threshold => CheckStatus::Down,
            Some(_) => CheckStatus::Up,
        };
        (data.successes, data.failures) = (successes, failures);
        (data.change, data.last_change) = (change, last_change);
    }

    /// The same, where the change goes on.
    fn count(&mut self, name: &str, config: &Check, change: u64, counts: (u64, u64)) {
        let last = self.data.get(name).and_then(|data| data.last_change);
        self.update(name, config, Some(change), last, counts);
    }
}

fn is_disabled(check: &Check) -> bool {
    check.startup == Some(Startup::Disabled)
}

fn duration(value: Option<&GoDuration>, default: u64) -> Duration {
    value.and_then(GoDuration::to_duration).unwrap_or(Duration::from_secs(default))
}

fn period(check: &Check) -> Duration {
    duration(check.period.as_ref(), 10)
}

fn timeout(check: &Check) -> Duration {
    duration(check.timeout.as_ref(), 3).min(period(check))
}

fn threshold(check: &Check) -> u64 {
    check.threshold.filter(|threshold| *threshold != 0).unwrap_or(3)
}

//! Services.

mod info;
mod process;
pub(crate) mod requests;
mod state;

use std::time::Duration;

use charmwright_pebble::{GoDuration, OnExit, Service, Workload};

use crate::host::ProcessId;
use crate::log_buffer::LogBuffer;
use crate::time::Time;

/// How long a service must run to count as started.
pub(crate) const OKAY_DELAY: Duration = Duration::from_secs(1);
/// How long a service has to end, unless it says.
pub(crate) const KILL_DELAY: Duration = Duration::from_secs(5);
/// How long a killed process has to go.
pub(crate) const FAIL_DELAY: Duration = Duration::from_secs(5);

/// Where a service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Initial,
    Starting,
    Running,
    Terminating,
    Killing,
    Stopped,
    Backoff,
    Exited,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Terminating => "terminating",
            Self::Killing => "killing",
            Self::Stopped => "stopped",
            Self::Backoff => "backoff",
            Self::Exited => "exited",
        }
    }

    /// What the API tells of it.
    pub(crate) fn current(self) -> &'static str {
        match self {
            Self::Starting | Self::Running => "active",
            Self::Terminating | Self::Killing | Self::Stopped => "inactive",
            Self::Backoff => "backoff",
            Self::Initial | Self::Exited => "error",
        }
    }
}

/// A service that was started at least once.
#[derive(Clone, Debug)]
pub(crate) struct ServiceData {
    pub(crate) state: State,
    /// What it was started with, as far as Pebble knows.
    pub(crate) config: Service,
    pub(crate) workload: Option<Workload>,
    pub(crate) logs: LogBuffer,
    pub(crate) process: Option<ProcessId>,
    /// The task that waits for it to be started.
    pub(crate) starting: Option<u64>,
    /// The task that waits for it to be stopped.
    pub(crate) stopping: Option<u64>,
    pub(crate) backoff: Duration,
    /// Whether it is started again when it has ended, because of a check.
    pub(crate) is_restarting: bool,
    pub(crate) since: Option<Time>,
    pub(crate) starts: u64,
}

impl ServiceData {
    pub(crate) fn new(config: Service, workload: Option<Workload>) -> Self {
        Self {
            state: State::Initial,
            config,
            workload,
            logs: LogBuffer::default(),
            process: None,
            starting: None,
            stopping: None,
            backoff: Duration::ZERO,
            is_restarting: false,
            since: None,
            starts: 0,
        }
    }

    pub(crate) fn enter(&mut self, now: Time, state: State) {
        if self.state.current() != state.current() {
            self.since = Some(now);
        }
        self.state = state;
        self.is_restarting = false;
    }

    pub(crate) fn kill_delay(&self) -> Duration {
        self.config.kill_delay.as_ref().and_then(GoDuration::to_duration).unwrap_or(KILL_DELAY)
    }

    pub(crate) fn backoff_limit(&self) -> Duration {
        self.config
            .backoff_limit
            .as_ref()
            .and_then(GoDuration::to_duration)
            .unwrap_or(Duration::from_secs(30))
    }

    /// How long the next restart waits.
    pub(crate) fn next_backoff(&self) -> Duration {
        let limit = self.backoff_limit();
        if self.backoff.is_zero() {
            let delay = self.config.backoff_delay.as_ref().and_then(GoDuration::to_duration);
            return delay.unwrap_or(Duration::from_millis(500));
        }
        if self.backoff >= limit {
            return limit;
        }
        let factor = self.config.backoff_factor.map_or(2.0, |factor| factor.0);
        Duration::try_from_secs_f64(self.backoff.as_secs_f64() * factor).unwrap_or(limit).min(limit)
    }

    /// What follows when it exits by itself.
    pub(crate) fn on_exit(&self, is_success: bool) -> OnExit {
        let action = if is_success { &self.config.on_success } else { &self.config.on_failure };
        action.clone().filter(|action| !action.as_str().is_empty()).unwrap_or(OnExit::Restart)
    }
}

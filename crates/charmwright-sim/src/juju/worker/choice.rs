//! What may happen next.

use std::fmt;

use super::ears::Source;
use super::{Phase, Runner, UnitWorker};

/// Something that may happen next.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Choice {
    /// The agent, which has ended with an error, is started again.
    Restart,
    /// The agent hears of something.
    Hear(Source),
    /// The agent walks its rules.
    Look,
    /// The agent does one of several things that Juju leaves to chance: the number in [`UnitWorker::open`].
    Take(usize),
    /// The agent goes on with what it does.
    Go,
    /// What was announced by [`UnitWorker::expect`] happens now.
    Arrive,
    /// Time passes until the agent's next timer.
    Wait,
    /// The agent dies.
    Crash,
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart => f.write_str("the agent is started again"),
            Self::Hear(source) => write!(f, "the agent hears of {source:?}"),
            Self::Look => f.write_str("the agent looks what is to be done"),
            Self::Take(number) => write!(f, "the agent takes number {number}"),
            Self::Go => f.write_str("the agent goes on"),
            Self::Arrive => f.write_str("the change arrives"),
            Self::Wait => f.write_str("time passes"),
            Self::Crash => f.write_str("the agent dies"),
        }
    }
}

impl UnitWorker {
    /// What may happen next: first what the agent does by itself, then what the world may do.
    ///
    /// Without what the world may do, there is one choice or none wherever Juju is deterministic.
    pub fn choices(&self) -> Vec<Choice> {
        let mut choices = self.own_choices();
        if !self.upcoming.is_empty() {
            choices.push(Choice::Arrive);
        }
        if self.is_up() {
            if self.next_timer().is_some() {
                choices.push(Choice::Wait);
            }
            choices.push(Choice::Crash);
        }
        choices
    }

    /// What the agent may do by itself; none if it is at rest.
    pub fn own_choices(&self) -> Vec<Choice> {
        let hear = || self.ears.pending(&self.juju.controller, &self.pebbles).into_iter().map(Choice::Hear);
        match &self.phase {
            Phase::Down => Vec::new(),
            Phase::Again => vec![Choice::Restart],
            Phase::Resting if self.ears.woken => hear().chain([Choice::Look]).collect(),
            Phase::Resting => hear().collect(),
            // Juju walks its rules at once after an operation; a Pebble is heard of a moment later.
            Phase::Looking => {
                let of_pebble = |choice: &Choice| matches!(choice, Choice::Hear(Source::Pebble(_)));
                let (late, soon): (Vec<_>, Vec<_>) = hear().partition(of_pebble);
                soon.into_iter().chain([Choice::Look]).chain(late).collect()
            }
            Phase::Picking(ops) => (0..ops.len()).map(Choice::Take).collect(),
            Phase::Busy(_) => vec![Choice::Go],
        }
    }

    /// The things that [`Choice::Take`] chooses from: see [`super::Op::label`].
    pub fn open(&self) -> Vec<String> {
        match &self.phase {
            Phase::Picking(ops) => ops.iter().map(super::Op::label).collect(),
            _ => Vec::new(),
        }
    }

    /// Lets something happen. A choice that is none now changes nothing.
    pub fn step(&mut self, choice: &Choice, runner: &mut dyn Runner) {
        match choice {
            Choice::Restart if self.phase == Phase::Again => self.start_again(runner),
            Choice::Hear(source) if self.is_up() => {
                let Self { juju, ears, pebbles, now, .. } = self;
                ears.hear(source, &mut juju.controller, pebbles, *now);
            }
            Choice::Look if matches!(self.phase, Phase::Resting | Phase::Looking) => self.look(runner),
            Choice::Take(number) => {
                if let Phase::Picking(ops) = &self.phase
                    && let Some(op) = ops.get(*number).cloned()
                {
                    self.do_op(&op, runner);
                }
            }
            Choice::Go => {
                if let Phase::Busy(stage) = std::mem::replace(&mut self.phase, Phase::Looking) {
                    self.phase = match self.advance_stage(*stage, runner) {
                        Ok(Some(stage)) => Phase::Busy(Box::new(stage)),
                        Ok(None) => Phase::Looking,
                        Err(why) => self.interrupted(&why, runner),
                    };
                }
            }
            Choice::Arrive => {
                if let Some(change) = self.upcoming.pop_front() {
                    // What the world cannot do does not happen.
                    let _ = self.change(&[change]);
                }
            }
            Choice::Wait => {
                if let Some(at) = self.next_timer() {
                    self.advance(at.duration_since(self.now));
                }
            }
            Choice::Crash if self.is_up() => self.crash(),
            _ => {}
        }
    }
}

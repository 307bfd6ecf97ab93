//! Which of several choices is taken.

use super::choice::Choice;
use super::resolver::Next;
use super::{Idle, Phase, Runner, UnitWorker};

/// Which of several choices is taken. A seed names a whole run.
#[derive(Debug, Clone)]
pub struct Schedule {
    random: Option<fastrand::Rng>,
    /// What another run did, by Juju's names.
    follows: Option<Vec<String>>,
    looks: bool,
}

impl Schedule {
    /// The first one always; and what there is to hear is heard before anything is done.
    pub fn first() -> Self {
        Self { random: None, follows: None, looks: false }
    }

    /// One by chance.
    pub fn seeded(seed: u64) -> Self {
        Self { random: Some(fastrand::Rng::with_seed(seed)), ..Self::first() }
    }

    /// From now on, what another run did: wherever that is one of the choices, it is taken. So one run shows that the
    /// other is possible.
    pub fn follow(&mut self, operations: Vec<String>) {
        self.follows = Some(operations);
        self.looks = false;
    }

    /// Takes one, when `done` operations have been begun since [`Schedule::follow`].
    pub fn choose(&mut self, worker: &UnitWorker, done: usize) -> Option<Choice> {
        let choices = worker.own_choices();
        let first = self.pick(&choices).cloned();
        let Some(follows) = self.follows.as_ref().filter(|_| choices.len() > 1) else { return first };
        let wanted = follows.get(done);
        if let Some(number) = worker.open().iter().position(|open| Some(open) == wanted) {
            return Some(Choice::Take(number));
        }
        let sounds: Vec<&Choice> =
            choices.iter().filter(|choice| matches!(choice, Choice::Hear(_))).collect();
        let can_look = choices.contains(&Choice::Look);
        if std::mem::take(&mut self.looks) && can_look {
            return Some(Choice::Look);
        }
        let comes = |then: UnitWorker| {
            let found = then.peek();
            wanted.map_or(found.is_empty(), |wanted| found.contains(wanted))
        };
        let after = |choice: &Choice| {
            let mut then = worker.clone();
            then.step(choice, &mut Idle);
            then
        };
        let with_all = |mut then: UnitWorker| {
            then.hear_everything();
            then
        };
        if sounds.is_empty() {
            return first;
        }
        if comes(with_all(worker.clone())) {
            return sounds.first().copied().cloned();
        }
        if can_look && comes(worker.clone()) {
            return Some(Choice::Look);
        }
        if let Some(one) = sounds.iter().find(|one| comes(after(one))) {
            self.looks = true;
            return Some((*one).clone());
        }
        let one = sounds.iter().find(|one| comes(with_all(after(one))));
        one.map_or(first, |one| Some((*one).clone()))
    }

    fn pick<'a>(&mut self, choices: &'a [Choice]) -> Option<&'a Choice> {
        let number = match &mut self.random {
            Some(random) if choices.len() > 1 => random.usize(..choices.len()),
            _ => 0,
        };
        choices.get(number)
    }
}

impl UnitWorker {
    /// Goes on until the agent is at rest, or `steps` are done. Says how many were.
    pub fn settle(&mut self, schedule: &mut Schedule, runner: &mut dyn Runner, steps: usize) -> usize {
        for done in 0..steps {
            self.listen();
            let Some(choice) = schedule.choose(self, done) else { return done };
            self.step(&choice, runner);
        }
        steps
    }

    /// Does what nobody sees: a poll without news, a Pebble that does not answer.
    pub fn listen(&mut self) {
        if self.is_up() {
            self.ears.listener.listen(&self.pebbles, self.now);
        }
    }

    /// Hears of everything, in any order.
    fn hear_everything(&mut self) {
        while let Some(choice) = self.own_choices().into_iter().find(|one| matches!(one, Choice::Hear(_))) {
            self.step(&choice, &mut Idle);
        }
    }

    /// What the rules would say now, as Juju names it.
    fn peek(mut self) -> Vec<String> {
        match self.resolve() {
            Ok(Next::Ops(ops)) => ops.iter().map(super::Op::label).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether it is at rest.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.phase, Phase::Down | Phase::Resting) && self.own_choices().is_empty()
    }
}

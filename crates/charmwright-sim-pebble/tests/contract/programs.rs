//! What services and commands do.

use std::time::Duration;

use charmwright_sim_pebble::in_process;

/// Longer than any case, and not so long that what is left behind stays.
const FOR_EVER: Duration = Duration::from_mins(5);

/// A program, told by what can be seen of it: real processes do it as a shell script, a simulated daemon that has none
/// reads it as a script of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    /// What it writes when it has started, a line each.
    pub(crate) lines: Vec<String>,
    /// With which code it exits by itself, after which time. Else it runs until it is told to end.
    pub(crate) exit: Option<(u8, Duration)>,
    /// What it does when it is told to end.
    pub(crate) on_term: OnTerm,
}

/// A program that no daemon finds.
pub(crate) const NOWHERE: &str = "/nowhere/program";

/// The same, looked for in the daemon's `PATH`.
pub(crate) const NOWHERE_IN_PATH: &str = "nowhere-to-be-found";

/// What a program does when it gets SIGTERM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnTerm {
    /// It ends at once.
    #[default]
    Ends,
    /// Nothing.
    Ignores,
    /// It exits with code 0 after this time.
    ExitsAfter(Duration),
}

/// Runs until it is told to end.
pub(crate) fn runs() -> Program {
    Program::default()
}

/// Exits by itself after some time.
pub(crate) fn exits(code: u8, after: Duration) -> Program {
    Program { exit: Some((code, after)), ..Program::default() }
}

impl Program {
    /// Writes these lines first.
    pub(crate) fn writes<I: IntoIterator<Item: Into<String>>>(mut self, lines: I) -> Self {
        self.lines = lines.into_iter().map(Into::into).collect();
        self
    }

    /// Takes no notice of SIGTERM.
    pub(crate) fn ignores_term(mut self) -> Self {
        self.on_term = OnTerm::Ignores;
        self
    }

    /// Takes its time to end.
    pub(crate) fn exits_on_term(mut self, after: Duration) -> Self {
        self.on_term = OnTerm::ExitsAfter(after);
        self
    }

    /// The same as the command line of a service, which Pebble splits as a shell would.
    pub(crate) fn command(&self) -> String {
        format!("/bin/sh -c {}", quoted(&self.script()))
    }

    /// The same as the script of a simulated daemon.
    pub(crate) fn scripted(&self) -> in_process::Program {
        let program = match self.exit {
            Some((code, after)) => in_process::Program::exits(code, after),
            None => in_process::Program::runs(),
        };
        program.writes(&self.lines).on_term(match self.on_term {
            OnTerm::Ends => in_process::OnTerm::Dies,
            OnTerm::Ignores => in_process::OnTerm::Ignores,
            OnTerm::ExitsAfter(after) => in_process::OnTerm::Exits(0, after),
        })
    }

    /// The same as a shell script.
    pub(crate) fn script(&self) -> String {
        let mut steps = Vec::new();
        match self.on_term {
            OnTerm::Ends => {}
            OnTerm::Ignores => steps.push("trap '' TERM".to_owned()),
            // The shell is in `wait` then, which a signal interrupts; the sleep is of the same group and has gone.
            OnTerm::ExitsAfter(after) => {
                steps.push(format!("trap 'sleep {}; exit 0' TERM", after.as_secs_f64()));
            }
        }
        steps.extend(self.lines.iter().map(|line| format!(r"printf '%s\n' {}", quoted(line))));
        let (code, after) = self.exit.map_or((0, FOR_EVER), |(code, after)| (code, after));
        let seconds = after.as_secs_f64();
        match self.on_term {
            OnTerm::ExitsAfter(_) => steps.push(format!("sleep {seconds} & wait; exit {code}")),
            _ if self.exit.is_none() => steps.push(format!("exec sleep {seconds}")),
            _ => steps.push(format!("sleep {seconds}; exit {code}")),
        }
        steps.join("; ")
    }
}

/// One word for a shell, and for Pebble.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

//! Signals by Linux's names and numbers.

/// The names of the signals from 1 on, as Go's `unix.SignalNum` knows them.
const NAMES: [&str; 31] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGSTKFLT",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGIO",
    "SIGPWR",
    "SIGSYS",
];

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Signal(u8);

impl Signal {
    /// Ends a process that lets itself be ended.
    pub const TERM: Self = Self(15);
    /// Ends any process.
    pub const KILL: Self = Self(9);

    /// By its whole name, as in `SIGHUP`.
    pub fn named(name: &str) -> Option<Self> {
        let index = match name {
            "SIGCLD" => 16,
            "SIGIOT" => 5,
            "SIGPOLL" => 28,
            _ => NAMES.iter().position(|known| *known == name)?,
        };
        u8::try_from(index + 1).ok().map(Self)
    }

    /// By its number. None if Linux has none such.
    pub fn numbered(number: i32) -> Option<Self> {
        u8::try_from(number).ok().filter(|number| (1..=31).contains(number)).map(Self)
    }

    /// Its number on Linux.
    pub fn number(self) -> i32 {
        self.0.into()
    }

    /// Its whole name.
    pub fn name(self) -> &'static str {
        NAMES.get(usize::from(self.0).wrapping_sub(1)).copied().unwrap_or("SIGKILL")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_those_of_linux() {
        assert_eq!(Signal::named("SIGTERM"), Some(Signal::TERM));
        assert_eq!(Signal::named("SIGKILL"), Some(Signal::KILL));
        assert_eq!(Signal::named("SIGSYS").map(Signal::number), Some(31));
        assert_eq!(Signal::named("HUP"), None);
        for number in 1..=31 {
            let signal = Signal::numbered(number).unwrap();
            assert_eq!((Signal::named(signal.name()), signal.number()), (Some(signal), number));
        }
    }
}

//! What a case is.

use crate::target::Target;

/// One sentence of the contract, and how it is tried.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// The sentence.
    pub(crate) name: &'static str,
    /// Tries it, with daemons of its own. It panics if the sentence is not true.
    pub(crate) run: fn(&Target),
    /// What a target must have for it, each with the reason.
    pub(crate) needs: &'static [(Need, &'static str)],
}

/// What not every target has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// A socket to speak HTTP over.
    Socket,
    /// A process of the daemon's own, which can be ended and started.
    Daemon,
    /// Services and commands that are processes.
    Processes,
    /// A clock that goes on by itself. That of a simulated daemon goes on with whoever waits.
    Clock,
    /// Files that the test sees as the daemon does.
    Files,
    /// The test must be run by root; the case shows as ignored otherwise.
    Root,
}

/// The cases of a topic, each a function of the same module that takes a `&Target`. What one needs stands behind it, what
/// all need before them:
///
/// ```text
/// cases! {
///     an_empty_layer_changes_nothing;
///     a_crash_is_unreachable: Daemon = "it kills the daemon";
/// }
///
/// cases! {
///     all: Socket = "they speak HTTP themselves";
///     a_trailing_slash_is_another_endpoint;
/// }
/// ```
macro_rules! cases {
    ( all: $need:ident = $why:literal; $( $name:ident ; )+ ) => {
        cases! { $( $name: $need = $why; )+ }
    };
    ( $( $name:ident $( : $( $need:ident = $why:literal ),+ )? ; )+ ) => {
        pub(crate) const CASES: &[crate::case::Case] = &[
            $( crate::case::Case {
                name: stringify!($name),
                run: $name,
                needs: &[ $( $( (crate::case::Need::$need, $why) ),+ )? ],
            }, )+
        ];
    };
}

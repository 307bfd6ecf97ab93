//! The charms.

use std::process::ExitCode;

use charmwright_reconcile::{Action, ActionFailed, Desired, Parameters, Results, charm};

struct Show;

impl Action for Show {
    const NAME: &'static str = "show";

    fn from_parameters(_: &Parameters) -> Result<Self, ActionFailed> {
        Ok(Self)
    }
}

/// What the handler of the action does.
type Handler = fn(&(), &Desired, &Show) -> Result<Results, ActionFailed>;

pub(crate) fn main(name: &str) -> ExitCode {
    let handler: Handler = match name {
        "panics" => |(), _, _| panic!("the answer is {}", 42),
        "long" => |(), _, _| Ok(Results::new().with("answer", "x".repeat(200_000))),
        "zero" => |(), _, _| Ok(Results::new().with("answer", "a\0b")),
        "capitals" => |(), _, _| Ok(Results::new().with("ANSWER", "42")),
        "reserved" => |(), _, _| Ok(Results::new().with("stdout", "42")),
        _ => |(), _, _| Ok(Results::new().with("answer", "42")),
    };
    let charm = match name {
        "panics" => charm::<()>(|(), _| panic!("the answer is {}", 42)),
        "threads" => charm::<()>(|(), _| {
            let thread = std::thread::spawn(|| {
                tracing::warn!("a thread of the charm warns");
                tracing::debug!("a thread of the charm looks");
            });
            thread.join().unwrap();
            Ok(())
        }),
        _ => charm::<()>(|(), _| Ok(())),
    };
    charm.action(handler).main()
}

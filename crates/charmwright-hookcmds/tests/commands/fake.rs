//! A transport that answers what it is told, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use charmwright_hookcmds::{Call, HookCommands, Reply, Transport, TransportError};

#[derive(Debug)]
struct Script {
    reply: Reply,
    calls: Calls,
}

/// The calls that came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls(Arc<Mutex<Vec<Call>>>);

impl Transport for Script {
    fn call(&self, call: &Call) -> Result<Reply, TransportError> {
        self.calls.0.lock().unwrap().push(call.clone());
        Ok(self.reply.clone())
    }
}

/// Commands that all get this reply.
pub(crate) fn replying(reply: Reply) -> (HookCommands, Calls) {
    let calls = Calls::default();
    (HookCommands::new(Script { reply, calls: calls.clone() }), calls)
}

/// Commands that all succeed and print this.
pub(crate) fn printing(stdout: impl Into<Vec<u8>>) -> HookCommands {
    replying(Reply { code: 0, stdout: stdout.into(), stderr: String::new() }).0
}

impl Calls {
    pub(crate) fn all(&self) -> Vec<Call> {
        self.0.lock().unwrap().clone()
    }

    /// The command and its arguments, of the only call.
    pub(crate) fn line(&self) -> String {
        let calls = self.all();
        assert_eq!(calls.len(), 1, "{calls:?}");
        let line: Vec<&str> =
            std::iter::once(calls[0].command).chain(calls[0].args.iter().map(String::as_str)).collect();
        line.join(" ")
    }
}

//! Panics of the charm's own code, as reasons.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};

thread_local! {
    /// What the last panic of this thread said, and where.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `run`, or says how it panicked. The hook that was there, as a rule Rust's own, is called too: it prints to
/// standard error, also if the panic cannot be caught, or is another thread's.
pub(crate) fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let previous = take_hook();
    set_hook(Box::new(move |info| {
        let told = told(info);
        // A thread that ends may have no place for it any more.
        let _ = LAST.try_with(|last| last.replace(Some(told)));
        previous(info);
    }));
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        // A value of the charm's own could panic once more while it is dropped, and the process ends anyway.
        std::mem::forget(payload);
        LAST.take().unwrap_or_else(|| "panicked".to_owned())
    })
}

/// Where it was, and the panic's own message; nothing else that the charm holds.
fn told(info: &PanicHookInfo<'_>) -> String {
    let at = info.location().map(|at| format!(" at {at}")).unwrap_or_default();
    let payload = info.payload();
    let message = payload.downcast_ref::<&str>().copied();
    match message.or_else(|| payload.downcast_ref::<String>().map(String::as_str)) {
        Some(message) => format!("panicked{at}: {message}"),
        None => format!("panicked{at} with a value that is no text"),
    }
}

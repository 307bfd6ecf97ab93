//! From causes to the unit's status.

use charmwright_hookcmds::text::{LINE_BYTES_MAX, line};
use charmwright_hookcmds::{Status, StatusKind};
use charmwright_snapshot::{NotYet, Severity};

use crate::desired::Cause;

/// The causes that keep the unit from being active, the worst first, each once.
///
/// If `reconcile` came to its end, what it chose to go on without does not count.
pub(crate) fn relevant(complete: bool, recorded: &[Cause], missing: &[NotYet]) -> Vec<NotYet> {
    let counts = |cause: &&Cause| !complete || cause.unfulfilled;
    let mut causes: Vec<NotYet> = Vec::new();
    for cause in missing.iter().chain(recorded.iter().filter(counts).map(|cause| &cause.not_yet)) {
        if !causes.contains(cause) {
            causes.push(cause.clone());
        }
    }
    causes.sort_by_key(|cause| std::cmp::Reverse(cause.severity()));
    causes
}

/// The status that these causes amount to: that of the worst, in its words.
///
/// It is made fit to be set here, once: what is compared with the status that is there must be what is set.
pub(crate) fn of(causes: &[NotYet]) -> Status {
    let Some(worst) = causes.first() else {
        return Status::active();
    };
    let kind = match worst.severity() {
        Severity::Blocked => StatusKind::Blocked,
        Severity::Waiting => StatusKind::Waiting,
    };
    let more = match causes.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    // The count must not be what is cut.
    let message = line(&worst.to_string(), LINE_BYTES_MAX.saturating_sub(more.len()));
    Status { kind, message: format!("{message}{more}") }
}

#[cfg(test)]
mod tests {
    use charmwright_snapshot::Container;

    use super::*;

    fn cause(name: &str, unfulfilled: bool) -> Cause {
        Cause { not_yet: Container::unreachable(name).not_yet("sleeps"), unfulfilled }
    }

    #[test]
    fn what_reconcile_went_on_without_does_not_count_but_an_unfulfilled_wish_does() {
        let recorded = [cause("a", false), cause("b", true)];
        let subjects = |complete| -> Vec<String> {
            relevant(complete, &recorded, &[]).iter().map(|cause| cause.subject().to_owned()).collect()
        };
        assert_eq!(subjects(true), ["b"]);
        assert_eq!(subjects(false), ["a", "b"]);
    }

    #[test]
    fn a_status_is_one_printable_line_of_bounded_length_and_counts_all_the_same() {
        let told = format!("no\0such\nfile {}", "é".repeat(100_000));
        let cause = |told: &str| Container::unreachable("web").not_yet(told);
        let status = of(&[cause(&told), cause("b")]);
        assert!(status.message.starts_with("web: no�such file éé"));
        assert!(status.message.ends_with("é… and 1 more") && status.message.len() <= LINE_BYTES_MAX);
        assert_eq!(line(&status.message, LINE_BYTES_MAX), status.message);
    }

    #[test]
    fn the_worst_is_told_and_the_rest_is_counted() {
        assert_eq!(of(&[]), Status::active());
        let causes = relevant(false, &[cause("a", false), cause("b", false), cause("a", true)], &[]);
        let status = of(&causes);
        assert_eq!(status.kind, StatusKind::Waiting);
        assert_eq!(status.message, "a: sleeps (woken by a-pebble-ready) and 1 more");
    }
}

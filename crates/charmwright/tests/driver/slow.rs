//! A container that answers slowly, or no longer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use charmwright::prelude::*;

use crate::simulated::{Simulated, service};

/// What a container may take of a hook: for its requests, and for one service that is stopped and started.
const AT_MOST: Duration = Duration::from_secs(15 + 21);

/// Answers so many requests at once, and each of the others after so long.
fn slow(quick: usize, seconds: u64) -> Simulated {
    let work = Simulated::new();
    work.watched.quick.store(quick, Ordering::Relaxed);
    work.watched.seconds.store(seconds, Ordering::Relaxed);
    work
}

#[test]
fn a_slow_container_holds_a_hook_for_seconds_in_all_and_the_rest_of_the_hook_is_done() {
    let layer = Layer::new().service("web", service("/bin/web"));
    for seconds in [4, 29, 1000] {
        for quick in 0..20 {
            let mut work = slow(quick, seconds);
            let began = work.pebble.now();
            work.layer(&layer);
            let took = work.pebble.now().since(began);
            let told = format!("{quick} at once, then {seconds} s: {took:?}, {}", work.status());
            assert!(took <= AT_MOST, "{told}");
            assert!(work.unit.model.ports().contains("8080/tcp"), "{told}");
            assert_eq!(work.side.started().len(), 1, "{told}");
            if work.status() != "active: " {
                assert!(work.status().starts_with("waiting: work: cannot "), "{told}");
                assert!(work.status().ends_with("(woken by update-status)"), "{told}");
            }
            // It gets better, and no event says so.
            work.watched.quick.store(usize::MAX, Ordering::Relaxed);
            work.again();
            assert_eq!((work.status().as_str(), work.again()), ("active: ", 0), "{told}");
        }
    }
}

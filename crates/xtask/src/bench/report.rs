//! The printed table.

use std::time::Duration;

use super::Measured;
use super::charms::{Bags, Subject};

/// Prints what was measured in one model.
pub(crate) fn print(bags: Bags, units: usize, measured: &[Measured]) {
    let read = match bags {
        Bags::Applications => "applications' bags only",
        Bags::Units => "every unit's bag too",
    };
    println!("\n{read}, {units} units a relation");
    println!("  {:<10} {:>9} {:>9} {:>8}   wanted", "", "median", "net", "of ops");
    let empty = median_of(measured, Subject::Empty);
    let ops = median_of(measured, Subject::Ops).zip(empty).map(|(ops, empty)| ops - empty);
    for one in measured {
        let name = one.subject.name();
        let median = match &one.times {
            Err(why) => {
                println!("  {name:<10} not measured: {why}");
                continue;
            }
            Ok(times) => median(times),
        };
        let net = empty.map(|empty| median - empty).filter(|_| one.subject != Subject::Empty);
        let ratio = net.zip(ops).filter(|_| one.subject != Subject::Ops).map(|(net, ops)| net / ops);
        println!(
            "  {name:<10} {median:>9.1} {:>9} {:>8}   {}",
            net.map_or(String::new(), |net| format!("{net:.1}")),
            ratio.map_or(String::new(), |ratio| format!("{ratio:.3}")),
            wanted(one.subject, bags, units)
        );
    }
}

/// The bound that the project has set itself, as a part of what `ops` takes.
fn wanted(subject: Subject, bags: Bags, units: usize) -> &'static str {
    match (subject, bags, units) {
        (Subject::Commands, Bags::Applications, _) => "at most 0.333",
        (Subject::Socket, Bags::Applications, _) => "at most 0.033",
        (Subject::Commands, Bags::Units, 100) => "at most 0.7",
        (Subject::Socket, Bags::Units, 100) => "at most 0.01",
        _ => "",
    }
}

fn median_of(measured: &[Measured], subject: Subject) -> Option<f64> {
    let found = measured.iter().find(|one| one.subject == subject)?;
    found.times.as_ref().ok().map(|times| median(times))
}

/// The middle one of sorted times, in milliseconds; not a number if there are none.
fn median(times: &[Duration]) -> f64 {
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

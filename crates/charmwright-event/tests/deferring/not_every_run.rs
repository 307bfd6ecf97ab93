use charmwright_event::typed::{Deferrable, EveryRun};

fn later<E: Deferrable>(_: E) {}

fn handle(event: EveryRun) {
    later(event);
}

fn main() {}

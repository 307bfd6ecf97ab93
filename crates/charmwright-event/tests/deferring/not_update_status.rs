use charmwright_event::typed::{Deferrable, UpdateStatus};

fn later<E: Deferrable>(_: E) {}

fn handle(event: UpdateStatus) {
    later(event);
}

fn main() {}

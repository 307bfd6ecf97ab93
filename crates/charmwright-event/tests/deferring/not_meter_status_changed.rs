use charmwright_event::typed::{Deferrable, MeterStatusChanged};

fn later<E: Deferrable>(_: E) {}

fn handle(event: MeterStatusChanged) {
    later(event);
}

fn main() {}

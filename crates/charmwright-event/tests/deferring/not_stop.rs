use charmwright_event::typed::{Deferrable, Stop};

fn later<E: Deferrable>(_: E) {}

fn handle(event: Stop) {
    later(event);
}

fn main() {}

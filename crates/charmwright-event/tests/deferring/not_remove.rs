use charmwright_event::typed::{Deferrable, Remove};

fn later<E: Deferrable>(_: E) {}

fn handle(event: Remove) {
    later(event);
}

fn main() {}

use charmwright_event::typed::{Deferrable, Action};

fn later<E: Deferrable>(_: E) {}

fn handle(event: Action) {
    later(event);
}

fn main() {}

use charmwright_event::typed::{Deferrable, CollectMetrics};

fn later<E: Deferrable>(_: E) {}

fn handle(event: CollectMetrics) {
    later(event);
}

fn main() {}

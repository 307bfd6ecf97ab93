use charmwright_event::typed::{Deferrable, SecretExpired};

fn later<E: Deferrable>(_: E) {}

fn handle(event: SecretExpired) {
    later(event);
}

fn main() {}

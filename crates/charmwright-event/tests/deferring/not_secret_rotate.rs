use charmwright_event::typed::{Deferrable, SecretRotate};

fn later<E: Deferrable>(_: E) {}

fn handle(event: SecretRotate) {
    later(event);
}

fn main() {}

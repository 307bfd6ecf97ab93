use charmwright_event::typed::Deferrable;

struct Mine;

fn later<E: Deferrable>(_: E) {}

fn main() {
    later(Mine);
}

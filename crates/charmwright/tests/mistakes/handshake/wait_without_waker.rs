use charmwright::prelude::*;

fn wait() -> NotYet {
    NotYet { cause: "soon".to_owned() }
}

fn wait_too(waker: charmwright::Waker) -> NotYet {
    NotYet::waiting("web", "soon", waker)
}

fn block(waker: charmwright::Waker) -> NotYet {
    NotYet::blocked("web", "soon", "do something", waker)
}

fn wake() -> charmwright::Waker {
    charmwright::Waker::of(charmwright::event::Datum::World, "web")
}

fn main() {}

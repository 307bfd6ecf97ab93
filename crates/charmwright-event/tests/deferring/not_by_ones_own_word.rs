use charmwright_event::Event;
use charmwright_event::EventKind;
use charmwright_event::typed::TypedEvent;

struct Mine;

impl TypedEvent for Mine {
    const KIND: EventKind = EventKind::Stop;
    type Rule = charmwright_event::typed::reasons::MayWait;

    fn of(_: &Event) -> Option<Self> {
        None
    }
}

fn main() {}

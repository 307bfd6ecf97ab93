//! What Juju tells a charm when it runs it: the event, and the names it is told in.

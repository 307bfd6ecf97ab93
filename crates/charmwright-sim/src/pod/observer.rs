//! Being told what a charm asks its containers.

use std::fmt::Debug;

/// A request of the charm to a container's Pebble.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PebbleRequest {
    /// The container.
    pub container: String,
    /// The method, such as `GET`.
    pub method: String,
    /// The target as it was sent, such as `/v1/services?names=web`.
    pub path_and_query: String,
}

/// Is told of every request of the charm, on the thread of the connection, which waits for it.
///
/// # Expected flow
///
/// On one connection, `before` and `after` alternate. Connections are independent of each other.
///
/// # Caveats
///
/// [`Pod::stop_pebble`](super::Pod::stop_pebble) and dropping the pod wait for an observer: neither may happen in one,
/// nor while a lock is held that an observer takes.
/// A client that does not speak HTTP/1 is passed through and not observed.
pub trait Observer: Send + Sync + Debug {
    /// The charm has sent a request, of which Pebble has not seen anything yet.
    ///
    /// If the charm is gone when this returns, Pebble never sees the request. So whoever kills the charm here waits for
    /// its end: a killed process keeps its connections for a moment.
    fn before(&self, request: &PebbleRequest);

    /// Pebble has answered, and the charm has not seen the end of the answer yet. Before a `101 Switching Protocols` is
    /// handed on, too.
    ///
    /// Not called for a request that is never answered in full. An answer that has no length and ends with the
    /// connection, as to HTTP/1.0, is handed on as it comes; for that one, this is called before the connection closes.
    fn after(&self, request: &PebbleRequest);
}

/// Observes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {
    fn before(&self, _: &PebbleRequest) {}
    fn after(&self, _: &PebbleRequest) {}
}

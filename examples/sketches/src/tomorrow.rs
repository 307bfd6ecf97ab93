//! Signatures that are not built yet.

use std::ops::Deref;
use std::path::Path;

use charmwright::IntoReady;
use charmwright::interface::Interface;
use charmwright::prelude::*;

/// What `Desired` does not take yet. Everything that it takes today is there through `Deref`.
pub trait Tomorrow: Deref<Target = Desired> + Sized {
    /// One client of an endpoint that the charm provides.
    type Client<I: Served>: ClientOf<I>;
    /// One of any number of relations that only tell, and are never asked.
    type Told<T>: Tells<T>;
    /// A storage of charmcraft.yaml.
    type Storage: Mounted;
    /// All clients of such an endpoint.
    type Clients<I: Served>: AllClients<I, Client = Self::Client<I>>;
    /// The other units of the application.
    type Peers: OtherUnits;
    /// Something beyond Juju and Pebble that the charm observes.
    type Probe<T>: Seen<T>;

    /// A scope for each item: a cause inside keeps what was written for this item, is told in the status by
    /// count ("3 of 4 clients served"), and holds up neither the others nor their cleaning up.
    fn each<'a, T: 'a, O>(
        &self,
        items: impl IntoIterator<Item = &'a T>,
        wish: impl FnMut(&Self, &'a T) -> Ready<O>,
    ) -> Vec<O>;

    /// What this client shall get. The response lives in the client's relation alone, so one client's trouble
    /// never shows in another's bag.
    fn respond<I: Served>(&self, client: &Self::Client<I>, response: impl IntoReady<I::Response>);

    /// This secret shall exist: generated once by the SDK, so that `reconcile` stays pure. Once it exists the
    /// answer is its content, and the reference by which others find it.
    ///
    /// # Errors
    ///
    /// In the round that creates it, and on a follower that may not read it.
    fn secret(&self, secret: OwnSecret) -> Ready<Owned>;

    /// This is the workload's version, shown by `juju status`.
    fn version(&self, version: impl IntoReady<String>);

    /// All units shall see this in the peer relation: the leader's to write.
    fn tell_peers(&self, peers: &Self::Peers, key: &str, value: &str);
}

/// An interface with a handshake, seen from the side that is asked.
pub trait Served {
    /// What a client asks for.
    type Request;
    /// What it gets.
    type Response;
}

/// One client of an endpoint that the charm provides.
pub trait ClientOf<I: Served> {
    /// What it asks for.
    ///
    /// # Errors
    ///
    /// If it has not asked yet; the cause names the client.
    fn request(&self) -> Ready<I::Request>;
}

/// All clients of an endpoint that the charm provides.
pub trait AllClients<I: Served> {
    /// One of them.
    type Client;

    /// Each.
    fn all(&self) -> &[Self::Client];

    /// A cause of the author's, woken by what the clients tell (`<endpoint>-relation-changed`), or by the first that comes
    /// (`<endpoint>-relation-created`).
    fn not_yet(&self, cause: impl Into<String>) -> NotYet;
}

/// What a relation tells.
pub trait Tells<T> {
    /// What it tells.
    ///
    /// # Errors
    ///
    /// If it has not told it yet; the cause names the other application.
    fn data(&self) -> Ready<T>;
}

/// A storage of charmcraft.yaml. Not mounted yet is a wait for `<storage>-storage-attached`.
pub trait Mounted {
    /// Where it is mounted in the workload container.
    ///
    /// # Errors
    ///
    /// If it is not.
    fn mounted(&self) -> Ready<&Path>;
}

/// What the peer relation tells.
pub trait OtherUnits {
    /// How many units there are besides this one.
    fn count(&self) -> usize;

    /// A cause of the author's: `peers.blocked("cannot be scaled", "scale it to one unit")`, woken by
    /// `<endpoint>-relation-departed`.
    fn blocked(&self, cause: &str, remedy: &str) -> NotYet;
}

/// A probe: a version, a workload's own API. It is read once a
/// hook, before `reconcile`, and is an input like any other, with its waker.
pub trait Seen<T> {
    /// What was seen.
    ///
    /// # Errors
    ///
    /// If it could not be seen.
    fn seen(&self) -> Ready<&T>;
}

/// A secret of the charm's own, with its audience: one secret, one audience.
#[derive(Debug)]
pub struct OwnSecret {
    /// Its label: unique within the charm.
    pub label: &'static str,
    /// How its content is made, once.
    pub content: Generated,
    /// Who may read it.
    pub audience: Audience,
}

/// How a secret's content is made.
#[derive(Debug)]
pub enum Generated {
    /// A random password.
    Password,
    /// A private key for TLS.
    PrivateKey,
}

/// Who may read a secret.
#[derive(Debug)]
pub enum Audience {
    /// This unit.
    Unit,
    /// Every application that is related to this endpoint.
    Remotes(&'static str),
}

/// A secret that exists.
#[derive(Debug, Clone)]
pub struct Owned {
    /// Its content.
    pub content: Sensitive,
    /// What a databag carries of it.
    pub reference: SecretReference,
}

/// The only form in which a secret goes into a bag.
#[derive(Debug, Clone)]
pub struct SecretReference(());

/// Requires that a relation's interface is a handshake; named here so that sketches can say `Option<…>` of it.
pub type Optional<I> = Option<Requires<I>>;

/// Asks only if something is related.
///
/// # Errors
///
/// If it is related and has not answered.
pub fn if_related<I: Interface>(
    at: &Optional<I>,
    desired: &Desired,
    request: I::Request,
) -> Ready<Option<I::Answer>> {
    at.as_ref().map(|at| desired.request(at, request)).transpose()
}

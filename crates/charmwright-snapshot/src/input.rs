//! The traits behind `#[derive(Inputs)]`.

use charmwright_hookcmds::Bag;

use crate::config::{Config, Options};
use crate::container::{Container, ContainerFile, Noticed};
use crate::peers::{PeerInterface, Peers};
use crate::provides::Provides;
use crate::readiness::NotYet;
use crate::relation::{Interface, Offered};
use crate::requires::Requires;
use crate::snapshot::Snapshot;

/// All inputs of a charm. Derived: `#[derive(Inputs)]` checks the names against charmcraft.yaml.
pub trait Inputs: Sized {
    /// What has to be read.
    fn declare(declaration: &mut Declaration);

    /// Takes what was read.
    ///
    /// # Errors
    ///
    /// All inputs without which `reconcile` cannot run: options that are not valid.
    fn collect(snapshot: &Snapshot) -> Result<Self, Vec<NotYet>>;

    /// The declared inputs that must be there and are not, asked or not.
    fn missing(&self) -> Vec<NotYet>;
}

/// A charm without inputs.
impl Inputs for () {
    fn declare(_: &mut Declaration) {}

    fn collect(_: &Snapshot) -> Result<Self, Vec<NotYet>> {
        Ok(())
    }

    fn missing(&self) -> Vec<NotYet> {
        Vec::new()
    }
}

/// What a charm declares that it reads.
#[derive(Debug, Clone, Default)]
pub struct Declaration {
    /// The charm's name, as charmcraft.yaml has it.
    pub charm_name: Option<&'static str>,
    /// Whether it has options.
    pub config: bool,
    /// Whether it wants to know who leads.
    pub leader: bool,
    /// Its endpoints.
    pub endpoints: Vec<EndpointDeclaration>,
    /// Its containers.
    pub containers: Vec<&'static str>,
    /// Notices that it waits for: container and key.
    pub notices: Vec<(&'static str, &'static str)>,
    /// Files that it reads.
    pub files: Vec<FileDeclaration>,
}

/// A file of a container that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileDeclaration {
    /// The container.
    pub container: &'static str,
    /// The path.
    pub path: &'static str,
    /// How many bytes of it are read at most: a larger one is not read.
    pub bytes_max: u64,
}

impl FileDeclaration {
    /// How many bytes a declared file has at most, unless its declaration says another number: enough for what a charm
    /// reads (a version, a key, a certificate, a list), and little enough that a hook keeps some of them.
    pub const BYTES_MAX: u64 = 1024 * 1024;
}

/// How an endpoint is read.
#[derive(Debug, Clone)]
pub struct EndpointDeclaration {
    /// The endpoint.
    pub endpoint: &'static str,
    /// What is read of its relations.
    pub reads: Reads,
}

/// What is read of an endpoint's relations.
#[derive(Debug, Clone)]
pub enum Reads {
    /// Nothing: it is only written.
    Nothing,
    /// What the other side answers.
    Answer(RemoteDeclaration),
    /// What the units of our own application tell one another.
    Peers {
        /// Whether the units' own bags are read.
        units: bool,
    },
}

/// How the other side of a relation is read.
#[derive(Debug, Clone)]
pub struct RemoteDeclaration {
    /// The fields that refer to secrets which belong to the answer.
    pub secrets: &'static [&'static str],
    /// Whether the bags of its units are read.
    pub units: bool,
    /// The request that the remote side has read, where its bag says so.
    pub echo: fn(&Bag) -> Option<Bag>,
}

/// A field of the inputs that needs no name from charmcraft.yaml: the options, the leadership.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an input",
    label = "needs `#[derive(Config)]`, or an attribute such as `#[requires(\"database\")]`",
    note = "without an attribute a field is `Leadership` or a struct that derives `Config`"
)]
pub trait Input: Sized {
    /// Adds itself to what has to be read.
    fn declare(declaration: &mut Declaration);

    /// Takes what was read.
    ///
    /// # Errors
    ///
    /// If it cannot be made from that.
    fn collect(snapshot: &Snapshot) -> Result<Self, Vec<NotYet>>;
}

impl<T: Config> Input for T {
    fn declare(declaration: &mut Declaration) {
        declaration.config = true;
    }

    fn collect(snapshot: &Snapshot) -> Result<Self, Vec<NotYet>> {
        T::from_options(&Options::new(snapshot.local.application(), &snapshot.config))
    }
}

/// Whether this unit leads its application.
///
/// Few charms need it: outputs that only the leader may write are left alone on the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leadership {
    /// It leads, for the next half minute at least.
    Leader,
    /// Another unit leads.
    Follower,
}

impl Input for Leadership {
    fn declare(declaration: &mut Declaration) {
        declaration.leader = true;
    }

    fn collect(snapshot: &Snapshot) -> Result<Self, Vec<NotYet>> {
        Ok(if snapshot.leader == Some(true) { Self::Leader } else { Self::Follower })
    }
}

/// A field with `#[requires("…")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for an endpoint that the charm requires",
    label = "use `Requires<…>`, or `Option<Requires<…>>` if the charm can go on without"
)]
pub trait RequiresInput: Sized {
    /// The interface that it speaks.
    type Interface: Interface;
    /// Whether the charm goes on without a relation.
    const OPTIONAL: bool;

    /// Takes the endpoint's relations.
    fn collect(endpoint: &'static str, snapshot: &Snapshot) -> Self;

    /// Why it is not there, if it must be.
    fn missing(&self) -> Option<NotYet>;
}

impl<I: Interface> RequiresInput for Requires<I> {
    type Interface = I;
    const OPTIONAL: bool = false;

    fn collect(endpoint: &'static str, snapshot: &Snapshot) -> Self {
        Self::from_snapshot(endpoint, snapshot)
    }

    fn missing(&self) -> Option<NotYet> {
        self.absence()
    }
}

impl<I: Interface> RequiresInput for Option<Requires<I>> {
    type Interface = I;
    const OPTIONAL: bool = true;

    fn collect(endpoint: &'static str, snapshot: &Snapshot) -> Self {
        let related = snapshot.endpoints.get(endpoint).is_some_and(|relations| !relations.is_empty());
        // Whether anything is related is not known if Juju cannot list it: so nobody goes on as if nothing were.
        (related || snapshot.unlisted.contains_key(endpoint))
            .then(|| Requires::from_snapshot(endpoint, snapshot))
    }

    fn missing(&self) -> Option<NotYet> {
        None
    }
}

/// A field with `#[provides("…")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for an endpoint that the charm provides",
    label = "use `Provides<…>`"
)]
pub trait ProvidesInput: Sized {
    /// The interface that it speaks.
    type Interface: Offered;

    /// Takes the endpoint's relations.
    fn collect(endpoint: &'static str, snapshot: &Snapshot) -> Self;
}

impl<I: Offered> ProvidesInput for Provides<I> {
    type Interface = I;

    fn collect(endpoint: &'static str, snapshot: &Snapshot) -> Self {
        Self::from_snapshot(endpoint, snapshot)
    }
}

/// A field with `#[peers("…")]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a peer endpoint",
    label = "use `Peers<…>`"
)]
pub trait PeersInput: Sized {
    /// The interface that it speaks.
    type Interface: PeerInterface;

    /// Takes the endpoint's relation, and adds to `missing` why it could not be read, if it could not. Then `reconcile`
    /// does not run: to have no other units is not the same as not to know them.
    fn collect(endpoint: &'static str, snapshot: &Snapshot, missing: &mut Vec<NotYet>) -> Self;
}

impl<P: PeerInterface> PeersInput for Peers<P> {
    type Interface = P;

    fn collect(endpoint: &'static str, snapshot: &Snapshot, missing: &mut Vec<NotYet>) -> Self {
        let peers = Self::from_snapshot(endpoint, snapshot);
        missing.extend(peers.trouble());
        peers
    }
}

impl Declaration {
    /// Names the charm.
    pub fn charm(&mut self, name: &'static str) {
        self.charm_name = Some(name);
    }

    /// Adds an endpoint whose other side is read.
    pub fn requires<T: RequiresInput>(&mut self, endpoint: &'static str) {
        let remote = RemoteDeclaration {
            secrets: T::Interface::SECRETS,
            units: T::Interface::UNITS,
            echo: T::Interface::echo,
        };
        self.endpoints.push(EndpointDeclaration { endpoint, reads: Reads::Answer(remote) });
    }

    /// Adds an endpoint that is only written.
    pub fn provides<T: ProvidesInput>(&mut self, endpoint: &'static str) {
        self.endpoints.push(EndpointDeclaration { endpoint, reads: Reads::Nothing });
    }

    /// Adds a peer endpoint.
    pub fn peers<T: PeersInput>(&mut self, endpoint: &'static str) {
        let units = <T::Interface as PeerInterface>::UNITS;
        self.endpoints.push(EndpointDeclaration { endpoint, reads: Reads::Peers { units } });
    }

    /// Adds a container.
    pub fn container(&mut self, name: &'static str) {
        if !self.containers.contains(&name) {
            self.containers.push(name);
        }
    }

    /// Adds a notice of a container.
    pub fn notice(&mut self, container: &'static str, key: &'static str) {
        self.container(container);
        self.notices.push((container, key));
    }

    /// Adds a file of a container, of which at most `bytes_max` bytes are read. Of two that name the same file the larger
    /// number counts.
    pub fn file(&mut self, container: &'static str, path: &'static str, bytes_max: u64) {
        self.container(container);
        let same = |file: &&mut FileDeclaration| (file.container, file.path) == (container, path);
        match self.files.iter_mut().find(same) {
            Some(file) => file.bytes_max = file.bytes_max.max(bytes_max),
            None => self.files.push(FileDeclaration { container, path, bytes_max }),
        }
    }
}

impl Container {
    /// Takes a declared container from what was read.
    pub fn collect(name: &'static str, snapshot: &Snapshot) -> Self {
        snapshot
            .containers
            .get(name)
            .map_or_else(|| Self::unreachable(name), |seen| Self::new(name, seen.clone()))
    }
}

impl Noticed {
    /// Takes a declared notice from what was read.
    pub fn collect(container: &'static str, key: &'static str, snapshot: &Snapshot) -> Self {
        Self::new(Container::collect(container, snapshot), key)
    }
}

impl ContainerFile {
    /// Takes a declared file from what was read.
    pub fn collect(container: &'static str, path: &'static str, snapshot: &Snapshot) -> Self {
        Self::new(Container::collect(container, snapshot), path)
    }
}

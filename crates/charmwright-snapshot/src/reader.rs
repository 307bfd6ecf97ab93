//! Reading Juju: each datum at most once in a hook, and only when it is asked for.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use charmwright_event::{AppName, Context, Event, RelationEventKind, RelationId, UnitName};
use charmwright_hookcmds::{Bag, Error, ErrorKind, HookCommands, OpenedPort, Status};

use crate::memory::Memory;
use crate::trouble::{is_juju_gone, words};

/// Reads what is, through Juju's hook commands.
#[derive(Debug)]
pub struct Reader<'a> {
    juju: &'a HookCommands,
    context: &'a Context,
    memory: RefCell<Memory>,
    leader: OnceCell<bool>,
    bags: RefCell<BTreeMap<RelationId, OwnBag>>,
    echoes: RefCell<BTreeMap<RelationId, Bag>>,
    /// Whether the relations of some endpoint could not be listed.
    unlisted: Cell<bool>,
    ports: RefCell<Option<Ports>>,
    /// Outside: whether it was read. Inside: none if it is one that charms cannot set.
    status: OnceCell<RefCell<Option<Status>>>,
}

/// Open ports.
pub type Ports = BTreeSet<OpenedPort>;

/// Our own application's bag in a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnBag {
    /// We lead, and this is in it.
    Readable(Bag),
    /// We lead, but Juju does not let us read it: it can only be written.
    Unreadable,
    /// Another unit leads: it is not ours to read or write.
    Followers,
    /// The relation is gone.
    Gone,
    /// Juju failed to say, in these words. It is left alone until the next hook.
    Failed(String),
}

/// An output of ours, as far as it is known before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed<T> {
    /// It is this.
    Is(T),
    /// It can be written, but what it is is not known, only which keys it may have.
    Unknown(BTreeSet<String>),
    /// It is not ours to write.
    NotOurs,
}

impl<'a> Reader<'a> {
    /// Reads for the unit in `context`, with what it remembers.
    pub fn new(juju: &'a HookCommands, context: &'a Context, memory: Memory) -> Self {
        Self {
            juju,
            context,
            memory: RefCell::new(memory),
            leader: OnceCell::new(),
            bags: RefCell::default(),
            echoes: RefCell::default(),
            unlisted: Cell::new(false),
            ports: RefCell::default(),
            status: OnceCell::new(),
        }
    }

    /// The hook commands that it reads through.
    pub fn juju(&self) -> &'a HookCommands {
        self.juju
    }

    /// The context that it reads in.
    pub fn context(&self) -> &'a Context {
        self.context
    }

    /// What is remembered now.
    pub fn memory(&self) -> Memory {
        self.memory.borrow().clone()
    }

    /// Whether this unit leads.
    ///
    /// # Errors
    ///
    /// If Juju does not say.
    pub fn is_leader(&self) -> Result<bool, Error> {
        if let Some(leader) = self.leader.get() {
            return Ok(*leader);
        }
        let leader = self.juju.is_leader()?;
        self.memory.borrow_mut().set_leader(leader);
        Ok(*self.leader.get_or_init(|| leader))
    }

    /// The living relations of an endpoint; the one that is just being broken is not among them.
    pub(crate) fn relations(&self, endpoint: &str) -> Result<Vec<RelationId>, Error> {
        let mut ids = self.juju.relation_ids(endpoint)?;
        if let Event::Relation(event) = &self.context.event
            && event.kind == RelationEventKind::Broken
        {
            ids.retain(|id| *id != event.relation);
        }
        Ok(ids)
    }

    /// The relation of a peer endpoint, asked for once in a unit's life. None if Juju has not made it yet.
    pub(crate) fn peer_relation(&self, endpoint: &str) -> Result<Option<RelationId>, Error> {
        let known = self.memory.borrow().peer_relation(endpoint);
        if known.is_some() {
            return Ok(known);
        }
        let relation = self.relations(endpoint)?.first().copied();
        if let Some(relation) = relation {
            self.memory.borrow_mut().set_peer_relation(endpoint, relation);
        }
        Ok(relation)
    }

    /// The application at the other end; `None` if the relation is gone. It never changes, so it is asked once
    /// in a unit's life, and not at all if an event of the relation has said it.
    pub(crate) fn remote_app(&self, relation: RelationId) -> Result<Option<AppName>, Error> {
        let known = self.remote_app_if_known(relation);
        if known.is_some() {
            return Ok(known);
        }
        let app = gone_is_none(self.juju.relation_app(relation))?;
        if let Some(app) = &app {
            self.memory.borrow_mut().set_app(relation, app);
        }
        Ok(app)
    }

    /// The application at the other end, as far as it is known without asking.
    pub(crate) fn remote_app_if_known(&self, relation: RelationId) -> Option<AppName> {
        if let Event::Relation(event) = &self.context.event
            && let (true, Some(app)) = (event.relation == relation, &event.remote_app)
        {
            self.memory.borrow_mut().set_app(relation, app);
        }
        self.memory.borrow().app(relation)
    }

    /// The other application's bag; `None` if the relation is gone.
    pub(crate) fn remote_bag(&self, relation: RelationId, app: &AppName) -> Result<Option<Bag>, Error> {
        gone_is_none(self.juju.relation_get_app(relation, app))
    }

    /// The other side's units; none if the relation is gone.
    pub(crate) fn remote_units(&self, relation: RelationId) -> Result<Vec<UnitName>, Error> {
        Ok(gone_is_none(self.juju.relation_units(relation))?.unwrap_or_default())
    }

    /// The bags of these units, each by itself; `None` if the unit is just going.
    pub(crate) fn bags_of_units(
        &self,
        relation: RelationId,
        units: &[UnitName],
    ) -> impl Iterator<Item = (UnitName, Result<Option<Bag>, Error>)> {
        let bags = self.juju.relation_get_units(relation, units);
        units.iter().cloned().zip(bags.into_iter().map(gone_is_none))
    }

    /// Whether it is known that another unit leads.
    ///
    /// A unit that followed before asks, unless it was just elected; one that led finds out by reading its
    /// application's bag.
    pub(crate) fn is_follower(&self) -> Result<bool, Error> {
        let followed =
            self.memory.borrow().leader() == Some(false) && self.context.event != Event::LeaderElected;
        if self.leader.get().is_none() && followed {
            self.is_leader()?;
        }
        Ok(self.leader.get() == Some(&false))
    }

    /// What we last wrote into our application's bag, or saw in it, as far as we remember.
    pub(crate) fn remembered_bag(&self, relation: RelationId) -> Option<Bag> {
        self.memory.borrow().bag(relation).map(|written| written.bag.clone())
    }

    /// Our own application's bag.
    ///
    /// # Errors
    ///
    /// If Juju cannot be asked; that it does not let us read, or fails to, is an [`OwnBag`].
    pub fn own_bag(&self, relation: RelationId) -> Result<OwnBag, Error> {
        if let Some(bag) = self.bags.borrow().get(&relation) {
            return Ok(bag.clone());
        }
        let bag = match self.read_own_bag(relation) {
            Err(error) if !is_juju_gone(&error) => OwnBag::Failed(words(&error)),
            read => read?,
        };
        self.bags.borrow_mut().insert(relation, bag.clone());
        Ok(bag)
    }

    fn read_own_bag(&self, relation: RelationId) -> Result<OwnBag, Error> {
        if self.is_follower()? {
            return Ok(OwnBag::Followers);
        }
        match self.juju.relation_get_app(relation, self.context.unit.application()) {
            Ok(bag) => {
                let mut memory = self.memory.borrow_mut();
                memory.set_leader(true);
                memory.saw_bag(relation, &bag);
                Ok(OwnBag::Readable(bag))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(OwnBag::Gone),
            // Juju says the same to a follower and of a relation that it is just forming or removing.
            Err(error) if error.kind() == ErrorKind::Denied => {
                Ok(if self.is_leader()? { OwnBag::Unreadable } else { OwnBag::Followers })
            }
            Err(error) => Err(error),
        }
    }

    /// The relations in whose bag we wrote something before, as far as we remember. None while it is not known which
    /// relations there are: a wish for one of them may not have been made for that reason only.
    pub fn written_relations(&self) -> Vec<RelationId> {
        if self.unlisted.get() {
            return Vec::new();
        }
        self.memory.borrow().written_relations()
    }

    /// What to compare our application's bag with, if `wanted` shall be in it.
    ///
    /// # Errors
    ///
    /// If it has to be read and Juju fails to say.
    pub fn observe_bag(&self, relation: RelationId, wanted: &Bag) -> Result<Observed<Bag>, Error> {
        let written = self.memory.borrow().bag(relation).cloned();
        if !self.bags.borrow().contains_key(&relation)
            && let Some(written) = written.clone()
        {
            match (written.bag == *wanted, written.seen) {
                (true, seen) if seen || written.first => {
                    if self.echoes.borrow().get(&relation) == Some(wanted) {
                        self.memory.borrow_mut().saw_bag(relation, wanted);
                        return Ok(Observed::Is(written.bag));
                    }
                }
                (false, true) => return Ok(Observed::Is(written.bag)),
                (false, false) => return Ok(Observed::Unknown(written.keys)),
                (true, _) => {}
            }
        }
        Ok(match self.own_bag(relation)? {
            OwnBag::Readable(bag) => Observed::Is(bag),
            // It can only be written; what was written last is taken as written.
            OwnBag::Unreadable => {
                written.map_or(Observed::Unknown(BTreeSet::new()), |written| Observed::Is(written.bag))
            }
            OwnBag::Followers | OwnBag::Gone | OwnBag::Failed(_) => Observed::NotOurs,
        })
    }

    /// The open ports, and those that should be if `wanted` is wished.
    ///
    /// An incomplete wish closes nothing. A charm that never opened a port does not ask for any.
    ///
    /// # Errors
    ///
    /// If they have to be read and Juju fails to say.
    pub fn observe_ports(&self, wanted: &Ports, complete: bool) -> Result<(Ports, Ports), Error> {
        let target = |open: &Ports| if complete { wanted.clone() } else { wanted | open };
        let known = self.ports.borrow().clone();
        let written = self.memory.borrow().ports();
        let open = match (known, written) {
            (Some(known), _) => known,
            (None, Some((written, true))) if target(&written) != written => written,
            (None, None) if wanted.is_empty() => Ports::new(),
            (None, Some((written, true))) if written.is_empty() && wanted.is_empty() => written,
            _ => {
                let open: Ports = self.juju.opened_ports()?.into_iter().collect();
                self.memory.borrow_mut().set_ports(&open, true);
                *self.ports.borrow_mut() = Some(open.clone());
                open
            }
        };
        let target = target(&open);
        Ok((open, target))
    }

    /// Whether the unit has the status `wanted`. A unit that is being removed keeps the one that it has.
    ///
    /// # Errors
    ///
    /// If it has to be read and Juju fails to say.
    pub fn has_status(&self, wanted: &Status) -> Result<bool, Error> {
        if self.is_leaving() {
            return Ok(true);
        }
        if let Some(status) = self.status.get() {
            return Ok(status.borrow().as_ref() == Some(wanted));
        }
        let agrees = self.memory.borrow().status() == Some(wanted);
        let known = self.memory.borrow().status().is_some();
        // Before install Juju sets a status of its own: the first one is always to be written.
        if (known || self.context.event == Event::Install) && !agrees {
            return Ok(false);
        }
        let status = self.juju.status_get()?;
        let same = status.as_ref() == Some(wanted);
        self.status.get_or_init(|| RefCell::new(status));
        Ok(same)
    }

    /// Notes that our application's bag is about to hold `bag`.
    pub fn will_write_bag(&self, relation: RelationId, bag: &Bag) {
        self.memory.borrow_mut().will_write_bag(relation, bag);
        self.bags.borrow_mut().insert(relation, OwnBag::Readable(bag.clone()));
    }

    /// Notes that our application's bag turned out not to be ours to write.
    pub fn could_not_write_bag(&self, relation: RelationId) {
        self.leader.get_or_init(|| false);
        self.memory.borrow_mut().set_leader(false);
        self.bags.borrow_mut().insert(relation, OwnBag::Followers);
    }

    /// Notes that `ports` are about to be the open ones.
    pub fn will_open_ports(&self, ports: &Ports) {
        self.memory.borrow_mut().set_ports(ports, false);
        *self.ports.borrow_mut() = Some(ports.clone());
    }

    /// Notes that the unit is about to have `status`.
    pub fn will_set_status(&self, status: &Status) {
        self.memory.borrow_mut().set_status(status);
        *self.status.get_or_init(RefCell::default).borrow_mut() = Some(status.clone());
    }

    /// Notes what the other side says that it has read in our application's bag: as good as reading it again,
    /// if it was seen there since it was written, or nothing was there before. (If not, it may tell of an older
    /// write of the same.)
    pub(crate) fn note_echo(&self, relation: RelationId, read: &Bag) {
        self.echoes.borrow_mut().insert(relation, read.clone());
    }

    /// Notes that the relations of some endpoint could not be listed: all that is remembered of relations stays.
    pub(crate) fn keep_unlisted_relations(&self) {
        self.unlisted.set(true);
    }

    /// Whether this unit is being removed, as far as it is known.
    pub fn is_leaving(&self) -> bool {
        self.memory.borrow().is_leaving()
    }

    /// Drops what is remembered of relations that are gone.
    pub(crate) fn keep_relations(&self, alive: &[RelationId]) {
        self.memory.borrow_mut().keep_relations(alive);
    }
}

/// A relation that has vanished from the controller while the agent still lists it answers like this.
fn gone_is_none<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if matches!(error.kind(), ErrorKind::Denied | ErrorKind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

//! The other units of the application, through a peer relation.

use std::fmt::Debug;
use std::sync::Arc;

use charmwright_event::{Datum, RelationId, UnitName};
use charmwright_hookcmds::Bag;

use crate::readiness::{NotYet, Ready, Waker};
use crate::relation::Missing;
use crate::snapshot::{RelationSnapshot, Snapshot};
use crate::trouble::Trouble;

/// What the units of one application tell one another through a peer relation.
pub trait PeerInterface: 'static {
    /// The name that charmcraft.yaml gives it.
    const NAME: &'static str;
    /// Whether each unit tells something of its own. If not, no unit's bag is read, however many there are.
    const UNITS: bool = true;
    /// What the leader tells all units, in the application's bag.
    type Shared: Debug;
    /// What each unit tells the others, in its own bag.
    type Unit: Debug;

    /// Reads the application's bag.
    ///
    /// # Errors
    ///
    /// What is missing of it.
    fn shared(bag: &Bag) -> Result<Self::Shared, Missing>;

    /// Reads one unit's bag.
    ///
    /// # Errors
    ///
    /// What is missing of it.
    fn unit(bag: &Bag) -> Result<Self::Unit, Missing>;
}

/// The peer relation of an endpoint.
#[derive(Debug)]
pub struct Peers<P: PeerInterface> {
    endpoint: String,
    /// None if Juju has not made it yet.
    relation: Option<Arc<RelationSnapshot>>,
    unlisted: Option<Trouble>,
    interface: std::marker::PhantomData<P>,
}

impl<P: PeerInterface> Peers<P> {
    /// For tests: this in the application's bag, and these other units.
    pub fn given(endpoint: &str, shared: Bag, others: impl IntoIterator<Item = (UnitName, Bag)>) -> Self {
        let mut relation = RelationSnapshot::unread(RelationId::new(0), None);
        relation.remote = Some(shared);
        relation.units = others.into_iter().collect();
        Self::new(endpoint, Some(Arc::new(relation)), None)
    }

    fn new(endpoint: &str, relation: Option<Arc<RelationSnapshot>>, unlisted: Option<Trouble>) -> Self {
        Self { endpoint: endpoint.to_owned(), relation, unlisted, interface: std::marker::PhantomData }
    }

    pub(crate) fn from_snapshot(endpoint: &str, snapshot: &Snapshot) -> Self {
        let relation = snapshot.endpoints.get(endpoint).and_then(|relations| relations.first());
        Self::new(endpoint, relation.cloned(), snapshot.unlisted.get(endpoint).cloned())
    }

    /// Why it could not be read, if it could not.
    pub(crate) fn trouble(&self) -> Option<NotYet> {
        let unlisted = self.unlisted.as_ref().map(|trouble| trouble.unlisted(&self.endpoint));
        let unread = || {
            let trouble = self.relation.as_ref()?.trouble.as_ref()?;
            Some(trouble.not_yet(&self.endpoint, "the other units"))
        };
        unlisted.or_else(unread)
    }

    /// What the leader tells all units.
    ///
    /// # Errors
    ///
    /// If it has not told all of it yet.
    pub fn shared(&self) -> Ready<P::Shared> {
        let nothing = Bag::new();
        let shared =
            self.relation.as_deref().and_then(|relation| relation.remote.as_ref()).unwrap_or(&nothing);
        P::shared(shared).map_err(|missing| self.changed(Datum::RemoteAppBag, missing.of("the leader")))
    }

    /// The other units that have joined, in the order of their names, each with what it tells.
    pub fn others(&self) -> impl Iterator<Item = (&UnitName, Ready<P::Unit>)> {
        self.relation.iter().flat_map(|relation| &relation.units).map(|(unit, bag)| {
            let told = P::unit(bag)
                .map_err(|missing| self.changed(Datum::RemoteUnitBag, missing.of(&unit.to_string())));
            (unit, told)
        })
    }

    /// A cause of your own. Its waker is `<endpoint>-relation-changed` where other units are, and
    /// `<endpoint>-relation-joined` where none is.
    pub fn not_yet(&self, cause: impl Into<String>) -> NotYet {
        let is_alone = self.relation.as_ref().is_none_or(|relation| relation.units.is_empty());
        let datum = if is_alone { Datum::RemoteUnits } else { Datum::RemoteUnitBag };
        self.changed(datum, cause)
    }

    /// A cause that ends with a change of `datum`; before the unit has entered the relation, with its entry.
    fn changed(&self, datum: Datum, cause: impl Into<String>) -> NotYet {
        let datum = if self.relation.is_some() { datum } else { Datum::Relations };
        NotYet::waiting(&self.endpoint, cause, Waker::of(datum, &self.endpoint))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Cluster;

    impl PeerInterface for Cluster {
        const NAME: &'static str = "cluster";
        type Shared = String;
        type Unit = String;

        fn shared(bag: &Bag) -> Result<String, Missing> {
            bag.get("name").cloned().ok_or_else(|| Missing::Field("name".to_owned()))
        }

        fn unit(bag: &Bag) -> Result<String, Missing> {
            bag.get("host").cloned().ok_or_else(|| Missing::Field("host".to_owned()))
        }
    }

    fn bag(key: &str, value: &str) -> Bag {
        Bag::from([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn one_unit_that_has_not_told_anything_holds_up_no_other() {
        let unit = |name| UnitName::parse(name).unwrap();
        let others = [(unit("app/1"), bag("host", "a")), (unit("app/2"), Bag::new())];
        let peers = Peers::<Cluster>::given("cluster", bag("name", "c"), others);
        let told: Vec<_> = peers.others().map(|(unit, told)| (unit.to_string(), told)).collect();
        assert_eq!(told[0], ("app/1".to_owned(), Ok("a".to_owned())));
        let cause = told[1].1.as_ref().unwrap_err();
        assert_eq!(
            cause.to_string(),
            "cluster: app/2 has not set `host` (woken by cluster-relation-changed)"
        );
        assert_eq!(peers.shared(), Ok("c".to_owned()));
    }

    #[test]
    fn before_the_leader_has_spoken_there_is_nothing_shared() {
        let peers = Peers::<Cluster>::given("cluster", Bag::new(), []);
        assert!(peers.shared().unwrap_err().to_string().contains("the leader has not set `name`"));
        assert_eq!(peers.others().count(), 0);
    }

    #[test]
    fn a_cause_of_your_own_waits_for_what_can_change() {
        let waker = |cause: NotYet| cause.waker().to_string();
        let others = [(UnitName::parse("app/1").unwrap(), Bag::new())];
        let several = Peers::<Cluster>::given("cluster", Bag::new(), others);
        assert_eq!(waker(several.not_yet("two must be up")), "cluster-relation-changed");
        let alone = Peers::<Cluster>::given("cluster", Bag::new(), []);
        assert_eq!(waker(alone.not_yet("two must be up")), "cluster-relation-joined");
        assert_eq!(waker(alone.shared().unwrap_err()), "cluster-relation-changed");
        let unrelated = Peers::<Cluster> { relation: None, ..alone };
        assert_eq!(waker(unrelated.not_yet("two must be up")), "cluster-relation-created");
        assert_eq!(waker(unrelated.shared().unwrap_err()), "cluster-relation-created");
    }
}

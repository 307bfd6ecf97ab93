//! The other units of the application, through a peer relation.

use std::fmt::Debug;

use charmwright_event::{Datum, UnitName};
use charmwright_hookcmds::Bag;

use crate::readiness::{NotYet, Ready, Waker};
use crate::relation::Missing;
use crate::snapshot::{RelationSnapshot, Snapshot};

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
    /// Juju makes a peer relation with the first unit, and a unit enters it some time after its first hook.
    related: bool,
    shared: Bag,
    others: Vec<(UnitName, Bag)>,
    interface: std::marker::PhantomData<P>,
}

impl<P: PeerInterface> Peers<P> {
    /// For tests: this in the application's bag, and these other units.
    pub fn given(endpoint: &str, shared: Bag, others: impl IntoIterator<Item = (UnitName, Bag)>) -> Self {
        let others = others.into_iter().collect();
        Self {
            endpoint: endpoint.to_owned(),
            related: true,
            shared,
            others,
            interface: std::marker::PhantomData,
        }
    }

    pub(crate) fn from_snapshot(endpoint: &str, snapshot: &Snapshot) -> Self {
        let relation = snapshot.endpoints.get(endpoint).and_then(|relations| relations.first());
        let shared = relation.and_then(|relation| relation.remote.clone()).unwrap_or_default();
        let others = relation.map(RelationSnapshot::bags_of_units).unwrap_or_default();
        Self { related: relation.is_some(), ..Self::given(endpoint, shared, others) }
    }

    /// What the leader tells all units.
    ///
    /// # Errors
    ///
    /// If it has not told all of it yet.
    pub fn shared(&self) -> Ready<P::Shared> {
        P::shared(&self.shared).map_err(|missing| self.changed(Datum::RemoteAppBag, missing.of("the leader")))
    }

    /// The other units that have joined, in the order of their names, each with what it tells.
    pub fn others(&self) -> impl Iterator<Item = (&UnitName, Ready<P::Unit>)> {
        self.others.iter().map(|(unit, bag)| {
            let told = P::unit(bag)
                .map_err(|missing| self.changed(Datum::RemoteUnitBag, missing.of(&unit.to_string())));
            (unit, told)
        })
    }

    /// A cause of your own. Its waker is `<endpoint>-relation-changed` where other units are, and
    /// `<endpoint>-relation-joined` where none is.
    pub fn not_yet(&self, cause: impl Into<String>) -> NotYet {
        let datum = if self.others.is_empty() { Datum::RemoteUnits } else { Datum::RemoteUnitBag };
        self.changed(datum, cause)
    }

    /// A cause that ends with a change of `datum`; before the unit has entered the relation, with its entry.
    fn changed(&self, datum: Datum, cause: impl Into<String>) -> NotYet {
        let datum = if self.related { datum } else { Datum::Relations };
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
        let unrelated = Peers::<Cluster> { related: false, ..alone };
        assert_eq!(waker(unrelated.not_yet("two must be up")), "cluster-relation-created");
        assert_eq!(waker(unrelated.shared().unwrap_err()), "cluster-relation-created");
    }
}

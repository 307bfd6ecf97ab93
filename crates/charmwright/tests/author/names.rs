//! Every type that a public signature of the crate names can be named with the crate alone.
//!
//! Each line states a signature. If its type is no longer exported, this file does not build.

use std::collections::BTreeMap;
use std::time::Duration;

use charmwright::container::{ContainerState, FileSnapshot};
use charmwright::derived::{self, Declaration, Options, Parameters, Snapshot};
use charmwright::event::{Certainty, Context, Datum, EventKind, Loss};
use charmwright::hookcmds::{self, HookCommands, OpenedPort};
use charmwright::interface::{Bag, Interface, Offered, PeerInterface, Recorder, UnitName};
use charmwright::pebble::{Check, CheckInfo, Client, Layer, Notice, Owner, ServiceInfo};
use charmwright::{
    ActionFailed, Charm, Container, ContainerFile, ContainerWishes, Desired, Directory, DriveError, File,
    IntoReady, NotYet, Noticed, Pebbles, Peers, Port, Provides, Ready, Requires, Results, Sensitive,
    Severity, Waker, World,
};

#[test]
fn what_a_wait_says_can_be_named() {
    let _: fn(&NotYet) -> &Waker = NotYet::waker;
    let _: fn(&NotYet) -> Severity = NotYet::severity;
    let _: fn(&Waker) -> EventKind = Waker::kind;
    let _: fn(&Waker) -> Datum = Waker::datum;
    let _: fn(&Waker) -> Certainty = Waker::certainty;
    let _ = |waker: &Waker| -> Vec<&'static Loss> { waker.losses().collect() };
}

#[test]
fn what_a_container_shows_can_be_named() {
    let _: fn(&Container) -> Ready<&ContainerState> = Container::state;
    let _: fn(&Container, &str) -> Ready<()> = |it, name| it.service(name).map(|_: &ServiceInfo| ());
    let _: fn(&Container, &str) -> Ready<()> = |it, name| it.check(name).map(|_: &CheckInfo| ());
    let _: fn(&Noticed) -> Ready<&Notice> = Noticed::occurred;
    let _: fn(&ContainerFile) -> Ready<&[u8]> = ContainerFile::content;
    let _: fn(ContainerState) -> Layer = |state| state.plan;
    let _: fn(ContainerState) -> BTreeMap<String, FileSnapshot> = |state| state.files;
    let _: fn(&Pebbles, &str) -> Client = Pebbles::client;
}

#[test]
fn what_is_wished_can_be_named() {
    let _: fn(&Desired) -> Vec<OpenedPort> = Desired::ports;
    let _: fn(&Desired, &str) -> Option<Bag> = Desired::asked;
    let _: fn(&Desired, &str) -> Option<Layer> = Desired::layer;
    let _: fn(&Desired, Option<Port>) = |desired, port| desired.open_port(port);
    let _ = |wishes: ContainerWishes<'_>, layer: Layer| -> Ready<()> { wishes.layer(layer) };
    let _ = |wishes: ContainerWishes<'_>, check: Check| drop(wishes.up_when(check));
    let _: fn(File, Owner) -> File = File::owner;
    let _: fn(Directory, Owner) -> Directory = Directory::owner;
    let _: fn(Results, &str, &Sensitive) -> Results = Results::reveal;
}

/// Generic code over what charms bring.
fn over_all<I, O, P, T>(asked: &Requires<I>, offered: &Provides<O>, peers: &Peers<P>, offer: &O::Offer, it: T)
where
    I: Interface<Request = ()>,
    O: Offered,
    P: PeerInterface,
    T: IntoReady<Port>,
{
    let desired = Desired::empty();
    let recorder: &dyn Recorder = &desired;
    let _ = asked.ask(&(), recorder);
    offered.offer(offer, recorder);
    let _: Vec<(&UnitName, Ready<P::Unit>)> = peers.others().collect();
    let _: Ready<Port> = it.into_ready();
}

/// A run by hand, as tests and tools do it.
fn run<I: derived::Inputs + 'static>(
    charm: &Charm<I>,
    context: &Context,
    juju: HookCommands,
    pause: fn(Duration),
) -> Option<String> {
    let world = World { juju, pebbles: Pebbles::in_folder("/charm/containers"), pause };
    match charm.run(context, &world) {
        Err(DriveError::Juju(error)) => Some(<hookcmds::Error as ToString>::to_string(&error)),
        _ => None,
    }
}

/// What the derives implement.
fn derived_traits<I: derived::Inputs, C: derived::Config, A: derived::Action>() {
    let _: fn(&mut Declaration) = I::declare;
    let _: fn(&Snapshot) -> Result<I, Vec<NotYet>> = I::collect;
    let _: fn(&Options<'_>) -> Result<C, Vec<NotYet>> = C::from_options;
    let _: fn(&Parameters) -> Result<A, ActionFailed> = A::from_parameters;
}

#[test]
fn what_generic_code_is_bound_by_can_be_named() {
    use charmwright::interfaces::postgresql_client::{Database, PostgresqlClient};
    use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};

    use crate::optional::{Greet, Inputs, Settings};
    let _ = run::<Inputs>;
    let _ = derived_traits::<Inputs, Settings, Greet>;
    // The interfaces that come with the crate are such interfaces.
    let _: fn(&Database) -> Bag = <PostgresqlClient as Interface>::write;
    let _: Option<<PrometheusScrape as Offered>::Offer> = None::<ScrapeJob>;
    let _ = over_all::<Nothing, PrometheusScrape, Nothing, Port>;
}

struct Nothing;

impl Interface for Nothing {
    const NAME: &'static str = "nothing";
    type Request = ();
    type Answer = ();

    fn write((): &()) -> Bag {
        Bag::new()
    }

    fn read(_: &charmwright::interface::Remote<'_>) -> Result<(), charmwright::interface::Missing> {
        Ok(())
    }
}

impl PeerInterface for Nothing {
    const NAME: &'static str = "nothing";
    type Shared = ();
    type Unit = ();

    fn shared(_: &Bag) -> Result<(), charmwright::interface::Missing> {
        Ok(())
    }

    fn unit(_: &Bag) -> Result<(), charmwright::interface::Missing> {
        Ok(())
    }
}

//! Interfaces of the author's own, with `charmwright::interface` and nothing else.

use charmwright::interface::*;
use charmwright::{Peers, Requires};

/// A relation in which we tell where we are.
#[derive(Debug)]
struct Address;

impl Offered for Address {
    const NAME: &'static str = "address";
    type Offer = u16;

    fn write(port: &u16, local: &Local) -> Bag {
        let app: &AppName = local.application();
        let model = &local.model;
        Bag::from([("url".to_owned(), format!("http://{app}.{model}:{port}"))])
    }
}

/// A relation in which we ask for a bucket.
#[derive(Debug)]
struct Bucket;

impl Interface for Bucket {
    const NAME: &'static str = "s3";
    const SECRETS: &'static [&'static str] = &["secret"];
    type Request = String;
    type Answer = (String, Sensitive);

    fn write(name: &String) -> Bag {
        Bag::from([("bucket".to_owned(), name.clone())])
    }

    fn read(remote: &Remote<'_>) -> Result<(String, Sensitive), Missing> {
        Ok((remote.field("endpoint")?.to_owned(), remote.secret("secret", "key")?.clone()))
    }
}

/// What our units tell one another.
#[derive(Debug)]
struct Cluster;

impl PeerInterface for Cluster {
    const NAME: &'static str = "cluster";
    type Shared = String;
    type Unit = ();

    fn shared(bag: &Bag) -> Result<String, Missing> {
        bag.get("name").cloned().ok_or_else(|| Missing::Field("name".to_owned()))
    }

    fn unit(_: &Bag) -> Result<(), Missing> {
        Ok(())
    }
}

#[test]
fn an_offer_of_your_own_says_where_the_unit_is() {
    assert_eq!(Address::write(&80, &Local::test("web/0"))["url"], "http://web.test:80");
}

#[test]
fn a_request_of_your_own_is_answered_and_a_cause_of_your_own_waits_for_what_can_come() {
    let key = Sensitive::new("k");
    let answered = Requires::<Bucket>::answered("s3", &"a".to_owned(), ("e".to_owned(), key));
    let desired = charmwright::Desired::empty();
    let recorder: &dyn Recorder = &desired;
    assert_eq!(answered.ask(&"a".to_owned(), recorder).unwrap().0, "e");
    let waker = |s3: Requires<Bucket>| s3.not_yet("it is too small").waker().to_string();
    assert_eq!(waker(Requires::absent("s3")), "s3-relation-created");
    assert_eq!(waker(Requires::pending("s3")), "s3-relation-changed");
    assert_eq!(waker(answered), "s3-relation-changed");
}

#[test]
fn peers_of_your_own_share_what_the_leader_told() {
    let shared = Bag::from([("name".to_owned(), "c".to_owned())]);
    assert_eq!(Peers::<Cluster>::given("cluster", shared, []).shared(), Ok("c".to_owned()));
}

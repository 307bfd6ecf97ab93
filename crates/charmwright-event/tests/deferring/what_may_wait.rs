use charmwright_event::typed::*;

fn later<E: Deferrable>(_: Option<E>) {}

fn main() {
    later(None::<Install>);
    later(None::<Start>);
    later(None::<ConfigChanged>);
    later(None::<UpgradeCharm>);
    later(None::<LeaderElected>);
    later(None::<LeaderSettingsChanged>);
    later(None::<RelationCreated>);
    later(None::<RelationJoined>);
    later(None::<RelationChanged>);
    later(None::<RelationDeparted>);
    later(None::<RelationBroken>);
    later(None::<StorageAttached>);
    later(None::<StorageDetaching>);
    later(None::<SecretChanged>);
    later(None::<SecretRemove>);
    later(None::<PebbleReady>);
    later(None::<PebbleCustomNotice>);
    later(None::<PebbleCheckFailed>);
    later(None::<PebbleCheckRecovered>);
    later(None::<PreSeriesUpgrade>);
    later(None::<PostSeriesUpgrade>);
    later(None::<Other>);
}

//! The form that reads every unit's bag too.

use bench_hook::{Cache, Cluster, Database, Options, wishes};
use charmwright::prelude::*;

#[derive(Debug, Inputs)]
struct Inputs {
    options: Options,
    #[requires("database")]
    database: Requires<Database<true>>,
    #[requires("cache")]
    cache: Requires<Cache<true>>,
    #[peers("cluster")]
    cluster: Peers<Cluster<true>>,
}

fn reconcile(inputs: &Inputs, desired: &Desired) -> Result<(), NotYet> {
    wishes(&inputs.options, &inputs.database, &inputs.cache, &inputs.cluster, desired)
}

fn main() -> ExitCode {
    charm(reconcile).main()
}

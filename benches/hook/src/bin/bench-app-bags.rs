//! The form that reads applications' bags only.

use bench_hook::{Cache, Cluster, Database, Options, wishes};
use charmwright::prelude::*;

#[derive(Debug, Inputs)]
struct Inputs {
    options: Options,
    #[requires("database")]
    database: Requires<Database<false>>,
    #[requires("cache")]
    cache: Requires<Cache<false>>,
    #[peers("cluster")]
    cluster: Peers<Cluster<false>>,
}

fn reconcile(inputs: &Inputs, desired: &Desired) -> Result<(), NotYet> {
    wishes(&inputs.options, &inputs.database, &inputs.cache, &inputs.cluster, desired)
}

fn main() -> ExitCode {
    charm(reconcile).main()
}

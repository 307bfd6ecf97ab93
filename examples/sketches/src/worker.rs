//! A worker of the cluster: its configuration comes from the coordinator, and it restarts by level.
//!
//! What it showed: the lost restart cannot be written. The service names the file that it reads, so a process that
//! was started with another content is outdated however often the hook died in between.

use charmwright::prelude::*;

use crate::interfaces::{Cluster, WorkerEntry};

/// The options.
#[derive(Debug)]
pub struct Options {
    /// What this worker does.
    pub roles: Vec<String>,
}

/// The inputs. The attributes are those of the derive.
#[derive(Debug)]
pub struct Inputs {
    /// Its options.
    pub options: Options,
    /// `#[container("tempo")]`
    pub tempo: Container,
    /// `#[requires("cluster")]`
    pub cluster: Requires<Cluster>,
    /// Where the unit is reached, from the network.
    pub address: String,
}

/// From what is to what should be. All of it is built today but two inputs: an option that is a list, and the unit's
/// address.
///
/// # Errors
///
/// While the coordinator has not sent a configuration, or the workload does not run.
pub fn reconcile(inputs: &Inputs, desired: &Desired) -> Result<(), NotYet> {
    let entry = WorkerEntry { roles: inputs.options.roles.clone(), address: inputs.address.clone() };
    let cluster = desired.request(&inputs.cluster, entry)?;
    for port in &cluster.ports {
        desired.open_port(Port::new(*port));
    }
    let roles = inputs.options.roles.join(",");
    let tempo = Service::new(format!("/tempo --config.file=/etc/worker/config.yaml --target={roles}"))
        .startup(Startup::Enabled);
    let ready = Check::http("http://localhost:3200/ready").level(Level::Ready);
    let mut container = desired.container(&inputs.tempo).file(File::read_by(
        "tempo",
        "/etc/worker/config.yaml",
        cluster.config,
    ));
    if let Some(key) = &cluster.key {
        container = container.file(File::read_by("tempo", "/etc/worker/private.key", key.expose()));
    }
    container.layer(Layer::new().service("tempo", tempo).check("ready", ready))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::WorkerConfig;

    fn inputs(cluster: Requires<Cluster>) -> Inputs {
        Inputs {
            options: Options { roles: vec!["ingester".to_owned()] },
            tempo: Container::fresh("tempo"),
            cluster,
            address: "10.1.2.3".to_owned(),
        }
    }

    #[test]
    fn it_waits_for_its_coordinator_and_then_for_its_own_workload() {
        let cause = reconcile(&inputs(Requires::pending("cluster")), &Desired::empty()).unwrap_err();
        assert_eq!(cause.waker().to_string(), "cluster-relation-changed");
        let entry = WorkerEntry { roles: vec!["ingester".to_owned()], address: "10.1.2.3".to_owned() };
        let config = WorkerConfig { config: "a: b".to_owned(), ports: vec![3200], key: None };
        let answered = Requires::answered("cluster", &entry, config);
        let cause = reconcile(&inputs(answered), &Desired::empty()).unwrap_err();
        assert!(cause.to_string().contains("service tempo has not been started as it is wanted"), "{cause}");
    }
}

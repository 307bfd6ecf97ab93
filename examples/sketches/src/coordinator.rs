//! The coordinator of a cluster: the leader publishes one configuration to all workers, with the private key as a
//! granted secret.
//!
//! What it showed: `respond` keyed by client makes "one bad worker" harmless by construction; the reference of a
//! secret comes from the secret alone, so it cannot be published before it is granted.

use charmwright::prelude::*;

use crate::interfaces::{
    Certificate, Cluster, ClusterConfig, Receivers, S3, SigningRequest, TlsCertificates, WorkerEntry,
};
use crate::tomorrow::{AllClients, Audience, ClientOf, Generated, Optional, OwnSecret, Owned, Tomorrow};

/// The roles that must all be taken.
const ROLES: [&str; 3] = ["ingester", "distributor", "querier"];

/// The inputs. The attributes are those of the derive.
#[expect(missing_debug_implementations, reason = "tomorrow's inputs have no implementation")]
pub struct Inputs<D: Tomorrow> {
    /// `#[provides("cluster")]`
    pub workers: D::Clients<Cluster>,
    /// `#[requires("s3")]`
    pub s3: Requires<S3>,
    /// `#[requires("certificates")]`
    pub certificates: Optional<TlsCertificates>,
    /// `#[provides("tracing")]`
    pub tracing: Vec<D::Client<Receivers>>,
    /// `#[container("nginx")]`
    pub nginx: Container,
}

/// From what is to what should be.
///
/// # Errors
///
/// While the cluster is not whole.
pub fn reconcile<D: Tomorrow>(inputs: &Inputs<D>, desired: &D) -> Result<(), NotYet> {
    let bucket = desired.request(&inputs.s3, "tempo");
    let tls = tls(inputs, desired);
    let workers = desired.each(inputs.workers.all(), |_, worker| worker.request());
    let protocols = desired.each(&inputs.tracing, |_, client| client.request());
    let bucket = bucket?;
    let tls = tls?;

    let config = config(&bucket.bucket, &workers, &protocols);
    desired.each(inputs.workers.all(), |desired, worker| {
        // Which role is missing is every worker's business; a worker that says nothing is only its own.
        let _ = worker.request()?;
        let key = tls.as_ref().map(|(key, _)| key.reference.clone());
        desired.respond(worker, ClusterConfig { config: config.clone(), key });
        Ok(())
    });
    desired.each(&inputs.tracing, |desired, client| {
        desired.respond(client, client.request().map(addresses));
        Ok(())
    });
    if let Some(role) = ROLES.into_iter().find(|role| !taken(role, &workers)) {
        return Err(inputs.workers.not_yet(format!("no worker has the role {role}")));
    }

    let certificate = tls.map_or_else(String::new, |(_, certificate)| certificate.chain);
    let nginx = Service::new("nginx").startup(Startup::Enabled);
    desired
        .container(&inputs.nginx)
        .file(File::read_by("nginx", "/etc/nginx/certs/server.cert", certificate))
        .file(File::read_by("nginx", "/etc/nginx/nginx.conf", config))
        .layer(Layer::new().service("nginx", nginx))
}

fn tls<D: Tomorrow>(inputs: &Inputs<D>, desired: &D) -> Ready<Option<(Owned, Certificate)>> {
    let Some(certificates) = &inputs.certificates else { return Ok(None) };
    let key = OwnSecret {
        label: "cluster-key",
        content: Generated::PrivateKey,
        audience: Audience::Remotes("cluster"),
    };
    let key = desired.secret(key);
    let request = key.clone().map(|key| SigningRequest { names: vec!["tempo".to_owned()], key: key.content });
    let certificate = desired.request(certificates, request);
    Ok(Some((key?, certificate?)))
}

fn taken(role: &str, workers: &[WorkerEntry]) -> bool {
    workers.iter().any(|worker| worker.roles.iter().any(|one| one == role || one == "all"))
}

fn config(bucket: &str, workers: &[WorkerEntry], protocols: &[Vec<String>]) -> String {
    let members: Vec<&str> = workers.iter().map(|worker| worker.address.as_str()).collect();
    let mut protocols: Vec<&String> = protocols.iter().flatten().collect();
    protocols.sort();
    protocols.dedup();
    format!("bucket: {bucket}\nmembers: {members:?}\nreceivers: {protocols:?}\n")
}

fn addresses(protocols: Vec<String>) -> Vec<String> {
    protocols.into_iter().map(|protocol| format!("tempo:{protocol}")).collect()
}

//! The interfaces that the sketches speak, in short.

use charmwright::interface::{Bag, Interface, Missing, Remote};
use charmwright::prelude::*;

use crate::tomorrow::{SecretReference, Served};

fn bag<const N: usize>(entries: [(&str, String); N]) -> Bag {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// `s3`
#[derive(Debug)]
pub struct S3;

/// Where objects go.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// The address of the store.
    pub endpoint: String,
    /// The bucket's name.
    pub bucket: String,
    /// The credentials.
    pub secret_key: Sensitive,
}

impl Interface for S3 {
    const NAME: &'static str = "s3";
    type Request = &'static str;
    type Answer = Bucket;

    fn write(bucket: &&'static str) -> Bag {
        bag([("bucket", (*bucket).to_owned())])
    }

    fn read(remote: &Remote<'_>) -> Result<Bucket, Missing> {
        Ok(Bucket {
            endpoint: remote.field("endpoint")?.to_owned(),
            bucket: remote.field("bucket")?.to_owned(),
            secret_key: Sensitive::new(remote.field("secret-key")?),
        })
    }
}

/// `tls-certificates`
#[derive(Debug)]
pub struct TlsCertificates;

/// A certificate, for the request that it answers.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The chain, in PEM.
    pub chain: String,
    /// The authority, in PEM.
    pub ca: String,
}

/// A request for a certificate, made from a key.
#[derive(Debug, Clone)]
pub struct SigningRequest {
    /// The names that the certificate shall cover.
    pub names: Vec<String>,
    /// The key that it is for.
    pub key: Sensitive,
}

impl Interface for TlsCertificates {
    const NAME: &'static str = "tls-certificates";
    type Request = SigningRequest;
    type Answer = Certificate;

    fn write(request: &SigningRequest) -> Bag {
        bag([("certificate_signing_requests", request.names.join(","))])
    }

    fn read(remote: &Remote<'_>) -> Result<Certificate, Missing> {
        Ok(Certificate { chain: remote.field("chain")?.to_owned(), ca: remote.field("ca")?.to_owned() })
    }
}

/// `traefik_route` and the ingress of a mesh: we say our port, they say where we are reached.
#[derive(Debug)]
pub struct Route;

impl Interface for Route {
    const NAME: &'static str = "traefik_route";
    type Request = Port;
    type Answer = String;

    fn write(port: &Port) -> Bag {
        bag([("config", port.to_string())])
    }

    fn read(remote: &Remote<'_>) -> Result<String, Missing> {
        Ok(remote.field("external_host")?.to_owned())
    }
}

/// `tracing`: we name the protocol, they say where to send.
#[derive(Debug)]
pub struct Tracing;

impl Interface for Tracing {
    const NAME: &'static str = "tracing";
    type Request = &'static str;
    type Answer = String;

    fn write(protocol: &&'static str) -> Bag {
        bag([("receivers", (*protocol).to_owned())])
    }

    fn read(remote: &Remote<'_>) -> Result<String, Missing> {
        Ok(remote.field("receivers")?.to_owned())
    }
}

/// A store of profiles outside the model.
#[derive(Debug)]
pub struct ProfileStore;

/// How the store is reached.
#[derive(Debug, Clone)]
pub struct Store {
    /// Its address.
    pub address: String,
    /// The token that it asks for.
    pub token: Sensitive,
}

impl Interface for ProfileStore {
    const NAME: &'static str = "parca_store";
    type Request = ();
    type Answer = Store;

    fn write((): &()) -> Bag {
        Bag::new()
    }

    fn read(remote: &Remote<'_>) -> Result<Store, Missing> {
        Ok(Store {
            address: remote.field("remote-store-address")?.to_owned(),
            token: Sensitive::new(remote.get("remote-store-bearer-token").unwrap_or_default()),
        })
    }
}

/// What one application wants to have scraped.
#[derive(Debug, Clone)]
pub struct Targets {
    /// The application's jobs.
    pub jobs: Vec<String>,
}

/// The relation between a coordinator and its workers, seen from a worker.
#[derive(Debug)]
pub struct Cluster;

/// What a worker says of itself.
#[derive(Debug, Clone)]
pub struct WorkerEntry {
    /// What it does.
    pub roles: Vec<String>,
    /// Where it is reached.
    pub address: String,
}

/// What the coordinator tells a worker.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// The configuration file.
    pub config: String,
    /// The ports to open.
    pub ports: Vec<u16>,
    /// The private key, from the granted secret, where TLS is on.
    pub key: Option<Sensitive>,
}

impl Interface for Cluster {
    const NAME: &'static str = "tempo_cluster";
    const SECRETS: &'static [&'static str] = &["privkey_secret_id"];
    type Request = WorkerEntry;
    type Answer = WorkerConfig;

    fn write(entry: &WorkerEntry) -> Bag {
        bag([("role", entry.roles.join(",")), ("address", entry.address.clone())])
    }

    fn read(remote: &Remote<'_>) -> Result<WorkerConfig, Missing> {
        let secure = remote.get("privkey_secret_id").is_some();
        Ok(WorkerConfig {
            config: remote.field("worker_config")?.to_owned(),
            ports: remote.json("worker_ports")?,
            key: secure.then(|| remote.secret("privkey_secret_id", "private-key").cloned()).transpose()?,
        })
    }
}

/// What the coordinator tells a worker, from its own side: the key is a reference there.
#[derive(Debug, Clone)]
pub struct ClusterConfig {
    /// The configuration file.
    pub config: String,
    /// The private key's secret, where TLS is on.
    pub key: Option<SecretReference>,
}

impl Served for Cluster {
    type Request = WorkerEntry;
    type Response = ClusterConfig;
}

/// What a charm that sends traces wants of us.
#[derive(Debug)]
pub struct Receivers;

impl Served for Receivers {
    /// The protocols.
    type Request = Vec<String>;
    /// Where to send each.
    type Response = Vec<String>;
}

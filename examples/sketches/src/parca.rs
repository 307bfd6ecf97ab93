//! parca-k8s: fourteen endpoints, optional TLS, three workloads.
//!
//! What it showed: an optional endpoint is one line; that three containers need no order; that `?` stands only
//! where the next wish cannot be made without the answer.

use charmwright::interfaces::prometheus_scrape::{PrometheusScrape, ScrapeJob};
use charmwright::prelude::*;

use crate::interfaces::{
    Bucket, Certificate, ProfileStore, Route, S3, SigningRequest, Store, Targets, TlsCertificates, Tracing,
};
use crate::tomorrow::{
    Audience, Generated, Mounted, Optional, OtherUnits, OwnSecret, Seen, Tells, Tomorrow, if_related,
};

const PARCA: Port = Port::fixed::<7993>();
const NGINX: Port = Port::fixed::<7994>();

/// The options.
#[derive(Debug)]
pub struct Options {
    /// Keep profiles on disk or in S3, not in memory.
    pub enable_persistence: bool,
    /// Megabytes of memory for profiles without persistence.
    pub memory_storage_limit: u32,
}

/// The inputs. The attributes are those of the derive.
#[expect(missing_debug_implementations, reason = "tomorrow's inputs have no implementation")]
pub struct Inputs<D: Tomorrow> {
    /// Its options.
    pub options: Options,
    /// `#[container("parca")]`
    pub parca: Container,
    /// `#[container("nginx")]`
    pub nginx: Container,
    /// `#[container("nginx-prometheus-exporter")]`
    pub exporter: Container,
    /// `#[storage("profiles")]`
    pub profiles: D::Storage,
    /// `#[peers("replicas")]`
    pub peers: D::Peers,
    /// `#[requires("s3")]`
    pub s3: Optional<S3>,
    /// `#[requires("profiling-endpoint")]`: any number, none is fine
    pub profiling: Vec<D::Told<Targets>>,
    /// `#[requires("certificates")]`
    pub certificates: Optional<TlsCertificates>,
    /// `#[requires("ingress")]`
    pub ingress: Optional<Route>,
    /// `#[requires("istio-ingress")]`
    pub istio_ingress: Optional<Route>,
    /// `#[requires("external-parca-store-endpoint")]`
    pub store: Optional<ProfileStore>,
    /// `#[requires("charm-tracing")]`
    pub charm_tracing: Optional<Tracing>,
    /// `#[requires("workload-tracing")]`
    pub workload_tracing: Optional<Tracing>,
    /// `#[requires("service-mesh")]`
    pub mesh: Option<D::Told<String>>,
    /// `#[provides("metrics-endpoint")]`
    pub metrics: Provides<PrometheusScrape>,
    /// `#[provides("self-profiling-endpoint")]`
    pub self_profiling: Provides<PrometheusScrape>,
    /// What `parca --version` says: asked once a container's life, not once a hook.
    pub version: D::Probe<String>,
}

/// From what is to what should be.
///
/// # Errors
///
/// While anything that is related has not answered.
pub fn reconcile<D: Tomorrow>(inputs: &Inputs<D>, desired: &D) -> Result<(), NotYet> {
    if inputs.peers.count() > 0 {
        return Err(inputs.peers.blocked("parca cannot be scaled", "scale it to one unit"));
    }
    desired.open_port(NGINX);
    desired.provide(&inputs.metrics, ScrapeJob::on(NGINX));
    desired.provide(&inputs.self_profiling, ScrapeJob::on(PARCA));
    desired.version(inputs.version.seen().cloned());

    let certificate = certificate(inputs, desired);
    let bucket = if_related(&inputs.s3, desired, "parca");
    let store = if_related(&inputs.store, desired, ());
    let traces = if_related(&inputs.workload_tracing, desired, "otlp_grpc");
    let url = if_related(&inputs.ingress, desired, NGINX);
    let mesh_url = if_related(&inputs.istio_ingress, desired, NGINX);
    let targets = desired.each(&inputs.profiling, |_, target| target.data());
    // All of it has been asked; from here on it is needed.
    let (certificate, bucket, store) = (certificate?, bucket?, store?);
    let (traces, url) = (traces?, url?.or(mesh_url?));

    let config = File::read_by("parca", "/etc/parca/parca.yaml", config(bucket.as_ref(), &targets));
    let command = command(&inputs.options, inputs.profiles.mounted()?, store.as_ref(), traces.as_deref());
    let token = store.map(|store| File::read_by("parca", "/etc/parca/token", store.token.expose()));
    let mut container = desired.container(&inputs.parca).file(config);
    if let Some(token) = token {
        container = container.file(token);
    }
    let parca =
        container.layer(Layer::new().service("parca", Service::new(command).startup(Startup::Enabled)));

    let mut container = desired.container(&inputs.nginx);
    container = container.file(File::read_by(
        "nginx",
        "/etc/nginx/nginx.conf",
        nginx(url.as_deref(), certificate.is_some()),
    ));
    if let Some(certificate) = certificate {
        container = container.file(File::read_by("nginx", "/etc/nginx/certs/server.cert", certificate.chain));
    }
    let nginx =
        container.layer(Layer::new().service("nginx", Service::new("nginx").startup(Startup::Enabled)));
    let exporter = Service::new("nginx-prometheus-exporter").startup(Startup::Enabled);
    let exporter = desired.container(&inputs.exporter).layer(Layer::new().service("exporter", exporter));
    parca.and(nginx).and(exporter)
}

/// Optional TLS: related means that it is wanted, and then nothing is served without it.
fn certificate<D: Tomorrow>(inputs: &Inputs<D>, desired: &D) -> Ready<Option<Certificate>> {
    let Some(certificates) = &inputs.certificates else { return Ok(None) };
    let key = OwnSecret { label: "tls-key", content: Generated::PrivateKey, audience: Audience::Unit };
    let request =
        desired.secret(key).map(|key| SigningRequest { names: vec!["parca".to_owned()], key: key.content });
    desired.request(certificates, request).map(Some)
}

fn config(bucket: Option<&Bucket>, targets: &[Targets]) -> String {
    let bucket = bucket
        .map_or_else(|| "filesystem".to_owned(), |bucket| format!("{}/{}", bucket.endpoint, bucket.bucket));
    let jobs: Vec<&str> = targets.iter().flat_map(|target| &target.jobs).map(String::as_str).collect();
    format!("object_storage: {bucket}\nscrape_configs: [{}]\n", jobs.join(", "))
}

fn command(options: &Options, disk: &std::path::Path, store: Option<&Store>, traces: Option<&str>) -> String {
    let storage = if options.enable_persistence {
        format!("--enable-persistence --storage-path={}", disk.display())
    } else {
        format!("--storage-active-memory={}", options.memory_storage_limit)
    };
    let store =
        store.map(|store| format!(" --store-address={} --bearer-token-file=/etc/parca/token", store.address));
    let traces = traces.map(|address| format!(" --otlp-address={address}"));
    format!(
        "/parca --config-path=/etc/parca/parca.yaml {storage}{}{}",
        store.unwrap_or_default(),
        traces.unwrap_or_default()
    )
}

fn nginx(url: Option<&str>, secure: bool) -> String {
    format!(
        "server {{ listen 7994{}; server_name {}; }}\n",
        if secure { " ssl" } else { "" },
        url.unwrap_or("_")
    )
}

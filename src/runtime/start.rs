//! From options to a running operator, and down again.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use globset::GlobMatcher;
use k8s_openapi::{
    api::core::v1::Namespace,
    jiff::{SignedDuration, Timestamp},
};
use kube::{Api, Client, Config, CustomResourceExt, api::ListParams, core::DeserializeGuard};
use thiserror::Error;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    aws::{self, Aws},
    bucket::Buckets,
    lease::{Elector, Fence, LeaseOptions, Lost},
    managed::{
        adoption::Allowance,
        decide::Settings,
        external::{External, ManagedObject},
        reconcile::Context,
        references::ReferenceAllowance,
    },
    table::Tables,
    telemetry::{Events, Metrics},
};

use super::{
    controller::{Controller, KindController},
    gate::Gate,
    http,
    probes::{Controllers, Probes},
    schedule::Schedule,
    watch::{Intake, watch},
    work::{Shared, Workers},
};

/// How the operator runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The region of objects that name none.
    pub region: String,
    /// How AWS is reached.
    pub aws: aws::Options,
    /// Name of this cluster in ownership tags; the uid of `kube-system` when absent.
    pub cluster_name: Option<String>,
    /// Earlier names of this cluster.
    pub also_owns: Vec<String>,
    /// Namespaces that are watched; all of them when empty.
    pub watch_namespaces: Vec<String>,
    /// How often an object in sync is looked at.
    pub resync: Duration,
    /// How often at most, whatever an object asks for.
    pub resync_floor: Duration,
    /// How many objects are worked on at once, as long as AWS answers quickly.
    pub concurrency: usize,
    /// Which namespaces may adopt which names.
    pub allow_adoption: Vec<Allowance>,
    /// Which namespaces may delete things together with what they hold.
    pub allow_force_delete: Vec<GlobMatcher>,
    /// Which namespaces may name what in AWS.
    pub allow_references: Vec<ReferenceAllowance>,
    /// Whether `/metrics` answers only those whom the API server knows and lets.
    pub metrics_auth: bool,
    /// How long after our own create "does not exist" is not believed.
    pub creation_grace: Duration,
    /// How long after a write AWS may go on showing what was there before.
    pub visibility: Duration,
    /// The lease that must be held to work, where several processes run.
    pub lease: Option<LeaseOptions>,
    /// Where probes and metrics are served.
    pub http_address: SocketAddr,
}

/// Why the operator could not start, or not go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no usable kubeconfig and this is no pod.
    #[error("no way to the API server: {0}")]
    Config(#[source] Box<kube::config::InferConfigError>),
    /// The API server refused or did not answer.
    #[error("the API server: {0}")]
    Api(#[source] Box<kube::Error>),
    /// AWS's SDK would call another endpoint than the operator was told of.
    #[error("{0}")]
    Elsewhere(#[from] aws::Elsewhere),
    /// CRDs are missing.
    #[error("CRDs are not installed: {}. Install them with `kubectl apply --server-side -f crds/`", .0.join(", "))]
    MissingCrds(Vec<String>),
    /// A permission is missing.
    #[error("the operator may not list {0}: bind it to the ClusterRole in deploy/kustomize/base/rbac")]
    Forbidden(String),
    /// `kube-system` could not be read and no name was given.
    #[error("cannot name this cluster after the uid of kube-system ({0}): set --cluster-name")]
    ClusterName(#[source] Box<kube::Error>),
    /// The lease cannot be read.
    #[error(
        "the lease cannot be read, of which the operator needs get, create and update (deploy/kustomize/base/rbac): {0}"
    )]
    Lease(#[source] Box<kube::Error>),
    /// The API server could not be reached for too long, or another process leads.
    #[error("the lease was lost; another process goes on")]
    LeaseLost,
    /// A part of the operator has died.
    #[error("{0} has ended ({1}); please report this")]
    Broken(&'static str, String),
    /// The address of the HTTP server cannot be listened on.
    #[error("cannot serve on {0}: {1}")]
    Http(SocketAddr, #[source] std::io::Error),
}

impl From<kube::Error> for RunError {
    fn from(error: kube::Error) -> Self {
        Self::Api(Box::new(error))
    }
}

/// Runs until `shutdown`, then finishes what is under way.
///
/// # Errors
/// When the operator cannot start; once it runs, it goes on.
pub async fn run(options: Options, shutdown: CancellationToken) -> Result<(), RunError> {
    let metrics = Metrics::default();
    let fence = if options.lease.is_some() { Fence::closed() } else { Fence::open() };
    let aws = Arc::new(Aws::new(options.aws.clone(), &options.region, metrics.clone(), fence.clone()).await);
    if let Some(elsewhere) = aws.elsewhere() {
        return Err(elsewhere.into());
    }
    let mut config = Config::infer().await.map_err(|error| RunError::Config(Box::new(error)))?;
    // The queue owns retries: fifteen hidden ones would hold a worker for minutes.
    config.default_retry = false;
    let client = Client::try_from(config)?;
    check_crds(&client, &options.watch_namespaces).await?;
    let elector = options.lease.as_ref().map(|lease| Elector::new(client.clone(), lease, fence.clone()));
    let cluster_uid = kube_system_uid(&client).await;
    let (cluster, cluster_uid) = match (&options.cluster_name, cluster_uid) {
        (None, uid) => uid.map(|uid| (uid.clone(), uid))?,
        (Some(name), Ok(uid)) => (name.clone(), uid),
        (Some(name), Err(error)) => {
            tracing::warn!(
                %error,
                "the namespace kube-system cannot be read: resources of a rebuilt cluster wait for --allow-adoption"
            );
            (name.clone(), String::new())
        }
    };
    tracing::info!(cluster, region = options.region, "starting");

    let probes = Probes::new(metrics.clone());
    let gate = options.metrics_auth.then(|| Gate::new(client.clone()));
    http::serve(options.http_address, probes.clone(), gate)
        .await
        .map_err(|error| RunError::Http(options.http_address, error))?;
    // A standby watches nothing: what it had queued would all be due at once when it takes over.
    let Some(tenure) = Tenure::begin(elector, &shutdown, &metrics).await? else { return Ok(()) };

    let settings = Arc::new(Settings {
        cluster,
        cluster_uid,
        also_owns: options.also_owns.clone(),
        allow_adoption: options.allow_adoption.clone(),
        allow_force_delete: options.allow_force_delete.clone(),
        allow_references: options.allow_references.clone(),
        creation_grace: SignedDuration::try_from(options.creation_grace).unwrap_or_default(),
        visibility: SignedDuration::try_from(options.visibility).unwrap_or_default(),
    });
    let schedule = Schedule { resync: options.resync, floor: options.resync_floor };
    let shared = Arc::new(Shared::new(schedule, options.concurrency, metrics.clone()));
    probes.aws(aws.circuits());
    let mut operator = Operator {
        client,
        options,
        settings,
        metrics,
        shared,
        probes: probes.clone(),
        shutdown,
        fence,
        watches: JoinSet::new(),
    };
    let controllers: Controllers =
        Arc::new([operator.register(Buckets::new(aws.clone())), operator.register(Tables::new(aws))]);
    probes.count(&controllers);
    operator.work(&controllers, tenure).await
}

struct Operator {
    client: Client,
    options: Options,
    settings: Arc<Settings>,
    metrics: Metrics,
    shared: Arc<Shared>,
    probes: Probes,
    shutdown: CancellationToken,
    fence: Fence,
    watches: JoinSet<()>,
}

impl Operator {
    /// Starts a kind's watches: one per namespace, or one for all.
    fn register<X: External>(&mut self, external: X) -> (&'static str, Arc<dyn Controller>) {
        let controller = Arc::new(KindController::new(Context {
            external,
            client: self.client.clone(),
            settings: self.settings.clone(),
            region: self.options.region.clone(),
            shutdown: self.shutdown.clone(),
            fence: self.fence.clone(),
            metrics: self.metrics.clone(),
            events: Events::new(self.client.clone()),
            clock: Timestamp::now,
        }));
        for scope in scopes(&self.options.watch_namespaces) {
            let watched = self.probes.expect(X::Object::NOUN);
            let api = api::<DeserializeGuard<X::Object>>(watched.client(self.client.clone()), scope);
            self.watches.spawn(watch(api, Intake::new(controller.clone(), self.shared.clone()), watched));
        }
        (X::Object::NOUN, controller)
    }

    /// Objects are taken from the queue until the shutdown, and what is under way then comes to its end.
    async fn work(mut self, controllers: &Controllers, mut tenure: Tenure) -> Result<(), RunError> {
        let mut workers = Workers::new(self.shared.clone(), controllers.clone());
        // A worker or a watch that ends by itself has panicked. A process with half of its parts looks
        // healthy and is not: it ends, and Kubernetes starts another.
        let broken = tokio::select! {
            biased;
            () = self.shutdown.cancelled() => None,
            lost = tenure.ended() => Some(lost),
            panic = workers.run() => Some(RunError::Broken("a worker", panic.to_string())),
            Some(ended) = self.watches.join_next() => Some(RunError::Broken("a watch", format!("{ended:?}"))),
        };
        self.shutdown.cancel();
        // No attempt of a write begins any more: those under way are the last.
        self.fence.end();
        tracing::info!("shutting down: finishing the writes under way");
        self.watches.abort_all();
        workers.end().await;
        // Renewed until here: what the workers finished was still ours.
        tenure.end().await;
        tracing::info!("stopped");
        broken.map_or(Ok(()), Err)
    }
}

/// The time in which this process leads.
struct Tenure {
    /// Renews the lease, if there is one.
    holder: Option<JoinHandle<Result<(), Lost>>>,
    /// Nothing is written any more.
    over: CancellationToken,
    metrics: Metrics,
}

impl Tenure {
    /// Waits for the lease; `None` when the process is to end before it is ours.
    async fn begin(
        elector: Option<Elector>,
        shutdown: &CancellationToken,
        metrics: &Metrics,
    ) -> Result<Option<Self>, RunError> {
        let over = CancellationToken::new();
        let holder = match elector {
            None => None,
            Some(mut elector) => {
                elector.check().await.map_err(|error| RunError::Lease(Box::new(error)))?;
                tokio::select! {
                    biased;
                    () = shutdown.cancelled() => return Ok(None),
                    () = elector.acquire() => {}
                }
                Some(tokio::spawn(hold(elector, over.clone())))
            }
        };
        metrics.leads(true);
        Ok(Some(Self { holder, over, metrics: metrics.clone() }))
    }

    /// Waits until the lease is lost, which may never be.
    async fn ended(&mut self) -> RunError {
        let Some(holder) = &mut self.holder else { return std::future::pending().await };
        let ended = holder.await;
        self.holder = None;
        match ended {
            Ok(_) => RunError::LeaseLost,
            Err(panic) => RunError::Broken("the renewal of the lease", panic.to_string()),
        }
    }

    /// Gives the lease back, if it is still ours.
    async fn end(self) {
        self.over.cancel();
        if let Some(holder) = self.holder {
            drop(holder.await);
        }
        self.metrics.leads(false);
    }
}

async fn hold(mut elector: Elector, over: CancellationToken) -> Result<(), Lost> {
    tokio::select! {
        biased;
        () = over.cancelled() => {}
        lost = elector.keep() => return Err(lost),
    }
    elector.release().await;
    Ok(())
}

/// Where objects are watched: each namespace, or `None` for all of them.
fn scopes(namespaces: &[String]) -> Vec<Option<&str>> {
    if namespaces.is_empty() {
        vec![None]
    } else {
        namespaces.iter().map(|namespace| Some(namespace.as_str())).collect()
    }
}

fn api<K>(client: Client, scope: Option<&str>) -> Api<K>
where
    K: kube::Resource<Scope = kube::core::NamespaceResourceScope, DynamicType = ()>,
{
    match scope {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    }
}

/// Asks for one object of each kind: the answer tells a missing CRD from a missing permission.
async fn check_crds(client: &Client, namespaces: &[String]) -> Result<(), RunError> {
    let mut missing = Vec::new();
    check::<crate::api::Bucket>(client, namespaces, &mut missing).await?;
    check::<crate::api::Table>(client, namespaces, &mut missing).await?;
    if missing.is_empty() { Ok(()) } else { Err(RunError::MissingCrds(missing)) }
}

async fn check<K: ManagedObject + CustomResourceExt>(
    client: &Client,
    namespaces: &[String],
    missing: &mut Vec<String>,
) -> Result<(), RunError> {
    for scope in scopes(namespaces) {
        let api = api::<DeserializeGuard<K>>(client.clone(), scope);
        match api.list(&ListParams::default().limit(1)).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {
                missing.push(K::crd_name().to_owned());
                return Ok(());
            }
            Err(kube::Error::Api(status)) if status.code == 403 => {
                return Err(RunError::Forbidden(K::crd_name().to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn kube_system_uid(client: &Client) -> Result<String, RunError> {
    let namespace = Api::<Namespace>::all(client.clone())
        .get("kube-system")
        .await
        .map_err(|error| RunError::ClusterName(Box::new(error)))?;
    Ok(namespace.metadata.uid.unwrap_or_default())
}

//! From options to a running operator, and down again.

use std::sync::Arc;

use k8s_openapi::jiff::SignedDuration;
use kube::{Client, Config};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    aws::Aws,
    kinds,
    lease::{Elector, Fence},
    managed::decide::Settings,
    telemetry::Metrics,
};

use super::{
    error::RunError,
    gate::Gate,
    http,
    operator::Operator,
    options::Options,
    preflight::{check_crds, cluster},
    probes::{Controllers, Probes},
    schedule::Schedule,
    tenure::Tenure,
    work::Shared,
};

/// Runs until `shutdown`, then finishes what is under way.
///
/// # Errors
/// When the operator cannot start; once it runs, it goes on.
pub async fn run(options: Options, shutdown: CancellationToken) -> Result<(), RunError> {
    let metrics = Metrics::default();
    let fence = if options.lease.is_some() { Fence::closed() } else { Fence::open() };
    let aws = Arc::new(Aws::new(options.aws.clone(), &options.region, metrics.clone(), fence.clone()).await);
    if let Some(elsewhere) = aws.elsewhere(kinds::sdk_services()) {
        return Err(elsewhere.into());
    }
    let mut config = Config::infer().await.map_err(|error| RunError::Config(Box::new(error)))?;
    // The queue owns retries: fifteen hidden ones would hold a worker for minutes.
    config.default_retry = false;
    let client = Client::try_from(config)?;
    check_crds(&client, &options.watch_namespaces).await?;
    let elector = options.lease.as_ref().map(|lease| Elector::new(client.clone(), lease, fence.clone()));
    let (cluster, cluster_uid) = cluster(&client, options.cluster_name.as_deref()).await?;
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
        owners: Arc::new(kinds::Tagged(aws.clone())),
        options,
        settings,
        metrics,
        shared,
        probes: probes.clone(),
        shutdown,
        fence,
        watches: JoinSet::new(),
    };
    let controllers: Controllers = kinds::ALL.iter().map(|kind| (kind.register)(&mut operator, aws.clone())).collect();
    probes.count(&controllers);
    operator.work(&controllers, tenure).await
}

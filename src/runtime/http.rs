use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use tokio::net::TcpListener;

use crate::telemetry::Metrics;

/// What the probes look at.
#[derive(Clone)]
pub struct Probes {
    metrics: Metrics,
    /// Stores that have not been filled yet.
    pending: Arc<AtomicUsize>,
}

impl Probes {
    pub fn new(metrics: Metrics) -> Self {
        Self { metrics, pending: Arc::default() }
    }

    /// One more store that must be filled before the operator is ready. Calling the answer says that
    /// it is.
    pub fn expect_store(&self) -> impl Fn() + Send + use<> {
        self.pending.fetch_add(1, Ordering::SeqCst);
        let (pending, filled) = (self.pending.clone(), std::sync::atomic::AtomicBool::new(false));
        move || {
            if !filled.swap(true, Ordering::SeqCst) {
                pending.fetch_sub(1, Ordering::SeqCst);
            }
        }
    }
}

/// Serves `/healthz` (the process answers), `/readyz` (every watch has filled its store) and
/// `/metrics`.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(address: SocketAddr, probes: Probes) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving /healthz, /readyz and /metrics");
    let router = Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(probes);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the HTTP server has stopped");
        }
    });
    Ok(())
}

async fn ready(State(probes): State<Probes>) -> (StatusCode, String) {
    match probes.pending.load(Ordering::SeqCst) {
        0 => (StatusCode::OK, "ok".to_owned()),
        pending => (StatusCode::SERVICE_UNAVAILABLE, format!("{pending} watches have not listed their objects yet")),
    }
}

async fn metrics(State(probes): State<Probes>) -> impl IntoResponse {
    match probes.metrics.text() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([("content-type", kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

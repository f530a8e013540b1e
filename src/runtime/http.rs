use std::net::SocketAddr;

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::IntoResponse,
    routing::get,
};
use tokio::net::TcpListener;

use super::{gate::Gate, probes::Probes};

/// Serves `/healthz` (no watch hangs), `/readyz` (every watch has filled its store; a standby has none; AWS has
/// answered, or was not called yet) and `/metrics`, which asks `gate` who may read it, if there is one.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(address: SocketAddr, probes: Probes, gate: Option<Gate>) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving /healthz, /readyz and /metrics");
    let router = Router::new()
        .route(
            "/healthz",
            get(|State(probes): State<Probes>| async move { answer(probes.alive().map(|()| "ok".to_owned())) }),
        )
        .route("/readyz", get(|State(probes): State<Probes>| async move { answer(probes.ready()) }))
        .route(
            "/metrics",
            get(async move |State(probes): State<Probes>, headers: HeaderMap| match &gate {
                None => metrics(&probes).into_response(),
                Some(gate) => match gate.admit(&headers).await {
                    StatusCode::OK => metrics(&probes).into_response(),
                    refused => refused.into_response(),
                },
            }),
        )
        .with_state(probes);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the HTTP server has stopped");
        }
    });
    Ok(())
}

fn answer(well: Result<String, String>) -> (StatusCode, String) {
    match well {
        Ok(how) => (StatusCode::OK, how),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why),
    }
}

fn metrics(probes: &Probes) -> impl IntoResponse {
    match probes.metrics() {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([("content-type", kind)], text).into_response()
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

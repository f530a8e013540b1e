//! Traces reach a collector: `cargo test --features otel --test otel`.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

use axum::{Router, body::Bytes, routing::post};
use musubi::telemetry::traces::Traces;
use tokio::sync::mpsc;
use tracing_subscriber::layer::SubscriberExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_is_a_span_with_the_object_in_it() {
    let (sender, mut received) = mpsc::unbounded_channel();
    let router = Router::new().route(
        "/v1/traces",
        post(move |body: Bytes| {
            drop(sender.send(body));
            async {}
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let traces = Traces::to(&endpoint).expect("an exporter");
    let subscriber = tracing_subscriber::registry().with(traces.layer());
    tracing::subscriber::with_default(subscriber, || {
        let span = tracing::info_span!("reconcile", kind = "bucket", namespace = "shop", object = "assets");
        span.in_scope(|| tracing::info!(block = "versioning", "changed"));
    });
    tokio::task::spawn_blocking(|| traces.end()).await.expect("it ends");

    let body = received.recv().await.expect("something was sent");
    for word in ["musubi", "reconcile", "namespace", "shop", "assets", "changed", "versioning"] {
        assert!(body.windows(word.len()).any(|part| part == word.as_bytes()), "{word} is not in the trace");
    }
}

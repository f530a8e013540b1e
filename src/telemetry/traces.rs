//! Traces for OpenTelemetry: a span for each reconciliation, with kind, namespace and name of the object, and the log
//! lines of the reconciliation as its events.

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracerProvider, Tracer},
};
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

/// Sends spans to a collector, in batches.
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// To the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names, as OpenTelemetry's specification has it;
    /// `None` without one.
    pub fn from_env() -> Option<Self> {
        let endpoint = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty())?;
        match Self::to(&endpoint) {
            Ok(traces) => Some(traces),
            Err(error) => {
                // Logging begins after this.
                eprintln!("cannot export traces: {error}");
                None
            }
        }
    }

    /// To a collector at this address, by OTLP over HTTP.
    ///
    /// # Errors
    /// When the address makes no sense.
    pub fn to(endpoint: &str) -> Result<Self, opentelemetry_otlp::ExporterBuildError> {
        let address = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let exporter = SpanExporter::builder().with_http().with_endpoint(address).build()?;
        let resource = Resource::builder().with_service_name("musubi").build();
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
        Ok(Self { provider })
    }

    /// What turns spans of the program into those of OpenTelemetry.
    pub fn layer<S>(&self) -> OpenTelemetryLayer<S, Tracer>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer().with_tracer(self.provider.tracer("musubi"))
    }

    /// Sends what has not been sent yet.
    pub fn end(self) {
        if let Err(error) = self.provider.shutdown() {
            eprintln!("cannot send the last traces: {error}");
        }
    }
}

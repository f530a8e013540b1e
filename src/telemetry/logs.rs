use std::io::IsTerminal;

use clap::ValueEnum;
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How log lines look.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What must be kept until the process ends, and told what is left then.
#[must_use]
#[derive(Default)]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    traces: Option<super::traces::Traces>,
}

impl Telemetry {
    /// Sends what has not been sent yet.
    pub fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(traces) = self.traces {
            traces.end();
        }
    }
}

/// Sends log lines to standard error, and with the feature `otel` traces to where
/// `OTEL_EXPORTER_OTLP_ENDPOINT` says. `RUST_LOG` overrides the level, `info` by default.
pub fn init(format: LogFormat) -> Telemetry {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let registry = tracing_subscriber::registry().with(filter).with(lines);
    #[cfg(feature = "otel")]
    {
        let traces = super::traces::Traces::from_env();
        registry.with(traces.as_ref().map(super::traces::Traces::layer)).init();
        Telemetry { traces }
    }
    #[cfg(not(feature = "otel"))]
    {
        registry.init();
        Telemetry::default()
    }
}

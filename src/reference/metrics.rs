//! `metrics.md`: every metric.

use crate::telemetry::METRICS;

use super::markdown::{cell, codes, page, sentence, table};

const ABOUT: &str = "The operator serves these metrics on port 8080 at `/metrics`, in the OpenMetrics text format. No label \
                     contains the name of an object, a bucket or a table. A histogram also has the suffixes `_bucket`, \
                     `_sum` and `_count`. [Monitor](../platform/monitor.md) explains how to collect them and which alerts \
                     use them.\n";

pub(super) fn markdown() -> String {
    let mut out = page("Metrics", ABOUT);
    let rows = METRICS.iter().map(|metric| {
        let labels = if metric.labels.is_empty() { "none".to_owned() } else { codes(metric.labels) };
        [format!("`{}`", metric.name()), metric.kind.to_owned(), labels, cell(&sentence(metric.help))]
    });
    table(&mut out, ["Metric", "Type", "Labels", "Meaning"], rows);
    out
}

//! The runbook has every reason that a condition can have, and no file of the deployment lags behind.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use musubi::{managed::reason::Reason, telemetry::METRICS};

use support::{golden::is_up_to_date, read, root};

/// The sources of the operator, without its tests.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() && !["simulation", "tests"].contains(&name.as_str()) {
            sources(&entry, found);
        } else if !["tests.rs", "sdk_tests.rs", "mock.rs"].contains(&name.as_str()) && !entry.is_dir() {
            let text = std::fs::read_to_string(&entry).expect("a source");
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
            found.push((entry, text));
        }
    }
}

#[test]
fn the_runbook_equals_the_list_of_reasons() {
    let path = "deploy/README.md";
    let text = read(path);
    let (before, rest) = text.split_once("| reason | what it means | what to do |").expect("the table of reasons");
    let after = rest.split_once("\n\n").expect("it ends").1;
    is_up_to_date(path, &format!("{before}{}\n{after}", Reason::runbook()));
}

/// A reason that nothing gives would be a promise that is never kept.
#[test]
fn every_reason_is_given_somewhere() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    for reason in Reason::OURS.iter().flat_map(|entry| entry.reasons) {
        let word = format!("Reason::{reason}");
        let given = files.iter().any(|(path, text)| {
            let found = || text.match_indices(&word).map(|(at, _)| text[at + word.len()..].chars().next());
            !path.ends_with("managed/reason.rs")
                && found().any(|next| next.is_none_or(|next| !next.is_ascii_alphanumeric()))
        });
        assert!(given, "{reason} is in the runbook, and no code gives it");
    }
}

#[test]
fn the_list_of_metrics_equals_the_code() {
    let mut table = "| metric | type | meaning |\n| --- | --- | --- |\n".to_owned();
    for metric in METRICS {
        let labels = if metric.labels.is_empty() { String::new() } else { format!("{{{}}}", metric.labels.join(",")) };
        let _ = writeln!(table, "| `{}{labels}` | {} | {} |", metric.name(), metric.kind, metric.help);
    }
    let path = "deploy/README.md";
    let text = read(path);
    let (before, rest) = text.split_once("| metric | ").expect("the table of metrics");
    let after = rest.split_once("\n\n").expect("it ends").1;
    is_up_to_date(path, &format!("{before}{table}\n{after}"));
}

#[test]
fn one_version_stands_everywhere() {
    let version = env!("CARGO_PKG_VERSION");
    let chart = read("deploy/helm/musubi/Chart.yaml");
    assert!(chart.contains(&format!("\nversion: {version}\n")), "version of the chart");
    assert!(chart.contains(&format!("\nappVersion: {version}\n")), "appVersion of the chart");
    for path in ["deploy/kustomize/base/deployment.yaml", "deploy/kustomize/example/kustomization.yaml", "CHANGELOG.md"]
    {
        assert!(read(path).contains(version), "{path} does not name version {version}");
    }
}

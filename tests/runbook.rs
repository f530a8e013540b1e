//! The runbook knows every reason that a condition can have, and no file of the deployment lags behind.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The sources of the operator, without its tests.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() && !["simulation", "tests"].contains(&name.as_str()) {
            sources(&entry, found);
        } else if !["tests.rs", "wire.rs", "played.rs", "mutants.rs"].contains(&name.as_str()) && !entry.is_dir() {
            let text = std::fs::read_to_string(&entry).expect("a source");
            let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
            found.push((entry, text));
        }
    }
}

/// The words in quotes of a text that are CamelCase.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let quoted = text.split('"').skip(1).step_by(2);
    quoted.filter(|word| {
        word.len() > 3
            && word.starts_with(|first: char| first.is_ascii_uppercase())
            && word.chars().all(|c| c.is_ascii_alphabetic())
            && word.chars().any(|c| c.is_ascii_lowercase())
    })
}

/// Every reason that the code can give by itself: the first word of each fault, and those that a few files hold in
/// tables. AWS's own codes are passed on and not among them.
fn reasons() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let mut reasons = BTreeSet::new();
    for (path, text) in &files {
        for made in ["Fault::user(", "Fault::new("] {
            for rest in text.split(made).skip(1) {
                let call = rest.split(';').next().unwrap_or_default();
                let first = call.split('"').nth(1).map(|word| format!("\"{word}\"")).unwrap_or_default();
                reasons.extend(words(&first).map(str::to_owned));
            }
        }
        let tables = ["ownership.rs", "limits.rs", "obstacle.rs", "table/plan/mod.rs"];
        if tables.iter().any(|table| path.ends_with(table)) {
            reasons.extend(words(text).map(str::to_owned));
        }
        if path.ends_with("managed/conditions.rs") {
            let rows = text.split("fn of(outcome: &'a Outcome)").nth(1).expect("the table of conditions");
            reasons.extend(words(rows).filter(|word| !["True", "False", "Unknown"].contains(word)).map(str::to_owned));
        }
    }
    // These are constants, or are chosen between.
    let more = [
        "Deleting",
        "WriteLoop",
        "FeatureNotOffered",
        "ImportFailed",
        "Updating",
        "NotShownYet",
        "Deleted",
        "Released",
    ];
    reasons.extend(more.map(str::to_owned));
    // A manager's name, and codes of AWS that are looked for.
    for other in [
        "Crossplane",
        "CloudFormation",
        "Retain",
        "ContinuousBackupsUnavailableException",
        "LimitExceededException",
        "SubscriberLimitExceeded",
        "ValidationException",
    ] {
        reasons.remove(other);
    }
    reasons
}

#[test]
fn the_runbook_knows_every_reason_and_no_other() {
    let runbook = read("deploy/README.md");
    let runbook = runbook.split("## Runbook").nth(1).expect("a runbook").split("## GitOps").next().expect("it ends");
    let table = runbook.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let known: BTreeSet<String> = table
        .flat_map(|cell| format!("`{cell}").split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .filter(|word| word.chars().all(|c| c.is_ascii_alphabetic()))
        .collect();
    let reasons = reasons();
    assert!(reasons.len() > 50, "{reasons:?}");
    let missing: Vec<_> = reasons.difference(&known).collect();
    assert!(missing.is_empty(), "not in the runbook of deploy/README.md: {missing:?}");
    let stale: Vec<_> = known.difference(&reasons).collect();
    assert!(stale.is_empty(), "in the runbook, and in no source: {stale:?}");
}

#[test]
fn every_metric_is_in_the_reference_of_metrics() {
    let text = read("src/telemetry/metrics.rs");
    let readme = read("deploy/README.md");
    let names = text.split("registry.register(").skip(1).filter_map(|rest| rest.split('"').nth(1));
    let names: Vec<_> = names.collect();
    assert!(names.len() >= 14, "{names:?}");
    for name in names {
        assert!(readme.contains(&format!("`musubi_{name}")), "{name} is not in deploy/README.md");
    }
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

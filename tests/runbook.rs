//! The list of reasons has every one that a condition can have and no other, and one version stands everywhere.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use musubi::managed::reason::Reason;

use support::{read, root};

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
fn each_reason_has_a_heading_and_each_heading_is_a_reason() {
    let page = read("docs/reference/conditions.md");
    let (_, reasons) = page.split_once("\n## Reasons\n").expect("the reasons");
    let (reasons, _) = reasons.split_once("\n## ").expect("they end");
    let headings: Vec<&str> = reasons.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let ours: BTreeSet<&str> = Reason::OURS.iter().flat_map(|entry| entry.reasons).map(Reason::as_str).collect();
    assert_eq!(headings, ours.into_iter().collect::<Vec<_>>(), "in this order");
}

/// Whether a text gives this reason somewhere: only to compare with it, or to match it, is not to give it.
fn gives(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].trim_end(), text[at + word.len()..].trim_start());
        let whole = !text[at + word.len()..].starts_with(|next: char| next.is_ascii_alphanumeric());
        let compared = ["==", "!=", "|"].iter().any(|sign| before.ends_with(sign));
        let matched = before.ends_with("Some(") && [")) =>", ") =>", "|"].iter().any(|sign| after.starts_with(sign));
        whole && !compared && !matched && !after.starts_with('|')
    })
}

#[test]
fn what_is_only_compared_is_not_given() {
    for given in ["Error::user(Reason::Paused, x)", "=> Reason::Paused,", "(Reason::Paused, &Reason::Deleting)"] {
        assert!(gives(given, "Reason::Paused"), "{given}");
    }
    for only in [
        "error.reason == Reason::Paused)",
        "Some(Reason::Paused) => 1",
        "Some(Reason::Creating | Reason::Paused)",
        "matches!(reason, Reason::Paused | Reason::Creating)",
        "Reason::PausedForLong",
    ] {
        assert!(!gives(only, "Reason::Paused"), "{only}");
    }
}

/// A reason that nothing gives would be a promise that is never kept. That what is given is shown is a test of
/// `managed::decide`.
#[test]
fn every_reason_is_given_somewhere() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    files.retain(|(path, _)| !path.to_string_lossy().contains("managed/reason"));
    for reason in Reason::OURS.iter().flat_map(|entry| entry.reasons) {
        let word = format!("Reason::{reason}");
        let given = files.iter().any(|(_, text)| gives(text, &word));
        assert!(given, "{reason} is in docs/reference/conditions.md, and no code gives it");
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

//! The book has every page, and links from files outside of it lead somewhere. Its own links are checked by
//! `.ci/book`.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::{collections::BTreeSet, path::PathBuf};

use support::{files_below, read, root};

/// The targets of the links of a Markdown text, outside of code.
fn links(markdown: &str) -> Vec<String> {
    let mut is_code = false;
    let prose = markdown.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !fence && !is_code
    });
    let prose: String = prose.flat_map(|line| line.split('`').step_by(2).chain(["\n"])).collect();
    prose.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
}

/// The anchor of a heading, as GitHub and mdBook have it.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn the_summary_lists_every_page_once() {
    let docs = root().join("docs");
    let listed: Vec<PathBuf> = links(&read("docs/SUMMARY.md")).iter().map(|page| docs.join(page)).collect();
    let once: BTreeSet<PathBuf> = listed.iter().cloned().collect();
    assert_eq!(once.len(), listed.len(), "a page is listed twice");
    let mut there: BTreeSet<PathBuf> = files_below(&docs, "md").into_iter().collect();
    there.remove(&docs.join("SUMMARY.md"));
    let missing: Vec<_> = once.difference(&there).collect();
    let unlisted: Vec<_> = there.difference(&once).collect();
    assert!(missing.is_empty(), "docs/SUMMARY.md lists what is not there: {missing:#?}");
    assert!(unlisted.is_empty(), "docs/SUMMARY.md does not list {unlisted:#?}");
}

#[test]
fn links_from_outside_of_the_book_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for file in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "deploy/README.md",
        "deploy/policies/README.md",
    ] {
        let path = root().join(file);
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        for link in links(&text).into_iter().filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            let (target, heading) = link.split_once('#').unwrap_or((&link, ""));
            let target = if target.is_empty() { path.clone() } else { path.with_file_name(target) };
            let leads = if heading.is_empty() {
                target.exists()
            } else {
                let text = std::fs::read_to_string(&target).unwrap_or_default();
                text.lines()
                    .filter(|line| line.starts_with('#'))
                    .any(|line| anchor(line.trim_start_matches('#')) == heading)
            };
            if !leads {
                broken.push(format!("{file}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

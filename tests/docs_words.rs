//! Documents use the words of AWS and Kubernetes (`docs/project/glossary.md`), and none of the project's own.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::path::{Path, PathBuf};

use support::{root, words::avoided};

const FILES: [&str; 5] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md"];

/// The files below a folder with this ending, but for the decision records, which are never edited.
fn below(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() && !entry.ends_with("docs/adr") {
            below(&entry, ending, found);
        } else if entry.extension().is_some_and(|found| found == ending) {
            found.push(entry);
        }
    }
}

/// The lines of prose of a Markdown file, with their numbers: without blocks of code, code in backquotes and the targets
/// of links.
fn prose(markdown: &str) -> Vec<(usize, String)> {
    let (mut lines, mut fence) = (Vec::new(), None::<&str>);
    for (number, line) in (1..).zip(markdown.lines()) {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        match (fence, mark) {
            (None, None) => lines.push((number, without_links(&without_code(line)))),
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (Some(_), _) => {}
        }
    }
    lines
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("\u{b7}")
}

fn without_links(line: &str) -> String {
    let mut parts = line.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "]" + part.split_once(')').map_or("", |(_, rest)| rest))
}

/// The comments of a YAML file.
fn comments(yaml: &str) -> Vec<(usize, String)> {
    let lines = (1..).zip(yaml.lines());
    lines.filter_map(|(number, line)| Some((number, without_code(line.split_once('#')?.1)))).collect()
}

fn findings(path: &Path, lines: Vec<(usize, String)>) -> Vec<String> {
    let name = path.strip_prefix(root()).unwrap_or(path).display();
    let found = lines.into_iter().map(|(number, line)| (number, avoided(&line)));
    found
        .filter(|(_, words)| !words.is_empty())
        .map(|(number, words)| format!("{name}:{number}: {}", words.join(", ")))
        .collect()
}

#[test]
fn documents_are_plain() {
    let mut pages: Vec<PathBuf> = FILES.iter().map(|file| root().join(file)).filter(|file| file.exists()).collect();
    below(&root().join("docs"), "md", &mut pages);
    below(&root().join("examples"), "md", &mut pages);
    let mut examples = Vec::new();
    below(&root().join("examples"), "yaml", &mut examples);
    assert!(pages.len() > 10 && examples.len() > 10, "{pages:?} {examples:?}");
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a text");
    let in_pages = pages.iter().flat_map(|path| findings(path, prose(&text(path))));
    let found: Vec<String> =
        in_pages.chain(examples.iter().flat_map(|path| findings(path, comments(&text(path))))).collect();
    assert!(found.is_empty(), "{} places use words of the project's own:\n{}", found.len(), found.join("\n"));
}

#[test]
fn code_and_addresses_are_left_out_and_lines_are_numbered() {
    let page =
        "# A thing\n\n`thing` and [text](thing.md#things), somebody's\n\n```console\n$ a thing\n```\nPut  right.\n";
    let found = findings(Path::new("page.md"), prose(page));
    assert_eq!(found, ["page.md:1: \"thing\"", "page.md:8: \"put right\" (corrected)"]);
    assert_eq!(
        findings(Path::new("a.yaml"), comments("a: thing # made in AWS\n")),
        ["a.yaml:1: \"made in aws\" (created in AWS)"]
    );
}

//! Documents use the words of AWS and Kubernetes (`docs/project/glossary.md`), and none of the project's own.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::path::{Path, PathBuf};

use support::{files_below, root};

/// Words and phrases of the project's own, each with the words of AWS and Kubernetes. Texts of the product itself have
/// a narrower list (`tests/words.rs`): in a page tests pass, and a table says yes.
const AVOIDED: &[(&str, &str)] = &[
    ("thing", "bucket, table, object, resource"),
    ("things", "buckets, tables, objects, resources"),
    ("fault", "error"),
    ("faults", "errors"),
    ("sight", "(reword)"),
    ("sights", "(reword)"),
    ("rung", "step"),
    ("rungs", "steps"),
    ("ladder", "sequence of updates"),
    ("ladders", "sequences of updates"),
    ("yeses", "approvals"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("whom", "(reword)"),
    ("somebody", "a person, a user"),
    ("somebody's", "of another user"),
    ("is made", "is created"),
    ("are made", "are created"),
    ("was made", "was created"),
    ("were made", "were created"),
    ("being made", "being created"),
    ("made in aws", "created in AWS"),
    ("make a bucket", "create a bucket"),
    ("make a table", "create a table"),
    ("makes a bucket", "creates a bucket"),
    ("makes a table", "creates a table"),
    ("taken out", "removed"),
    ("take out", "remove"),
    ("takes out", "removes"),
    ("lower a guard", "reduce protection"),
    ("lowers a guard", "reduces protection"),
    ("nobody's", "unmanaged"),
    ("put right", "corrected"),
    ("puts right", "corrects"),
    ("look at", "check, see"),
    ("looks at", "checks"),
    ("looked at", "checked"),
    ("looking at", "checking"),
    ("two looks", "two resyncs"),
    ("off value", "explicit empty value"),
    ("off values", "explicit empty values"),
    ("lets go", "releases"),
    ("let go", "released"),
    ("lets it go", "releases it"),
    ("stands in", "is stored in, appears in"),
    ("stand in", "are stored in, appear in"),
    ("not offered", "not supported by this endpoint"),
    ("see there", "say what to do"),
    ("keeps its value", "unchanged"),
    ("one works", "the leader"),
    ("the others wait", "standby replicas"),
    ("living pod", "running Pod"),
    ("its peers", "the alternatives"),
    ("carried out", "applied"),
    ("carry out", "apply"),
    ("a new one has", "the AWS default is"),
    ("what it tells", "logs and metrics"),
    ("rights", "permissions"),
    ("ever more slowly", "with increasing delay"),
    ("for ever", "forever, or how long"),
    ("cannot be had", "is not available"),
    ("a pass", "a reconciliation"),
    ("each pass", "each reconciliation"),
    ("every pass", "every reconciliation"),
    ("one pass", "one reconciliation"),
    ("the pass", "the reconciliation"),
    ("a yes", "an approval"),
    ("its yes", "approval"),
    ("one's yes", "approval"),
];

const FILES: [&str; 5] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md"];

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

/// The words and phrases to avoid that begin in a line of prose, each with what to write instead. A phrase may go on in
/// the next line.
fn avoided(line: &str, next: &str) -> Vec<String> {
    let (here, all) = (words(line), [words(line), words(next)].concat());
    let begins = |phrase: &str| {
        let phrase = words(phrase);
        (0..here.len()).any(|at| all[at..].starts_with(&phrase))
    };
    let found = AVOIDED.iter().filter(|(phrase, _)| begins(phrase));
    found.map(|(phrase, instead)| format!("\"{phrase}\" ({instead})")).collect()
}

fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_'".contains(c));
    words.filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect()
}

fn findings(path: &Path, lines: Vec<(usize, String)>) -> Vec<String> {
    let name = path.strip_prefix(root()).unwrap_or(path).display();
    let mut found = Vec::new();
    for (at, (number, line)) in lines.iter().enumerate() {
        let next = lines.get(at + 1).filter(|(next, _)| *next == number + 1).map_or("", |(_, next)| next);
        let words = avoided(line, next);
        if !words.is_empty() {
            found.push(format!("{name}:{number}: {}", words.join(", ")));
        }
    }
    found
}

#[test]
fn documents_are_plain() {
    let mut pages: Vec<PathBuf> = FILES.iter().map(|file| root().join(file)).filter(|file| file.exists()).collect();
    // Decision records are never edited.
    let records = root().join("docs/adr");
    pages.extend(files_below(&root().join("docs"), "md").into_iter().filter(|page| !page.starts_with(&records)));
    pages.extend(files_below(&root().join("examples"), "md"));
    let examples = files_below(&root().join("examples"), "yaml");
    assert!(pages.len() > 10 && examples.len() > 10, "{pages:?} {examples:?}");
    let text = |path: &PathBuf| std::fs::read_to_string(path).expect("a text");
    let in_pages = pages.iter().flat_map(|path| findings(path, prose(&text(path))));
    let found: Vec<String> =
        in_pages.chain(examples.iter().flat_map(|path| findings(path, comments(&text(path))))).collect();
    assert!(found.is_empty(), "{} places use words of the project's own:\n{}", found.len(), found.join("\n"));
}

#[test]
fn code_and_addresses_are_left_out_and_lines_are_numbered() {
    let page = "# A thing\n\n`thing` and [text](thing.md#things), somebody's\n\n```console\n$ a thing\n```\nThis was put\nright. Tests pass.\n";
    let found = findings(Path::new("page.md"), prose(page));
    let expected = [
        "page.md:1: \"thing\" (bucket, table, object, resource)",
        "page.md:3: \"somebody's\" (of another user)",
        "page.md:8: \"put right\" (corrected)",
    ];
    assert_eq!(found, expected);
    assert_eq!(
        findings(Path::new("a.yaml"), comments("a: thing # made in AWS\n")),
        ["a.yaml:1: \"made in aws\" (created in AWS)"]
    );
}

//! Texts that users read use the terms of AWS and Kubernetes, and none of the project's own.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use musubi::{kinds, managed::reason::Reason, telemetry::METRICS};
use serde_json::Value;

use support::{read, root};

/// Words that say nothing to a reader who does not know the code, or that AWS and Kubernetes have others for
/// (`docs/project/glossary.md`, `docs/contributing/messages.md`). A word stands for all its forms that are listed.
const FORBIDDEN: &[&str] = &[
    "thing",
    "things",
    "make",
    "makes",
    "made",
    "making",
    "remade",
    "take out",
    "takes out",
    "taken out",
    "taking out",
    "guard",
    "guards",
    "yes",
    "yeses",
    "nobody",
    "nobody's",
    "somebody",
    "somebody's",
    "whoever",
    "whom",
    "mend",
    "mends",
    "mended",
    "mending",
    "put right",
    "puts right",
    "putting right",
    "pass",
    "passes",
    "look",
    "looks",
    "looked",
    "looking",
    "ladder",
    "ladders",
    "rung",
    "rungs",
    "off value",
    "off values",
    "let go",
    "lets go",
    "lets it go",
    "stand in",
    "stands in",
    "offered",
    "see there",
    "keeps its value",
    "living",
    "peer",
    "peers",
    "carry out",
    "carries out",
    "carried out",
    "a new one",
    "rights",
    "needed",
    "fault",
    "faults",
    "sight",
    "sights",
    "the other one",
    "one works",
    "others wait",
    "for ever",
];

/// The words of a text in lower case. A flag such as `--pass-role`, and its `PASS_ROLE`, is one word, and so is what
/// stands in braces: the name of a value.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_'{}".contains(c));
    words.map(|word| word.trim_matches(['-', '\'']).to_ascii_lowercase()).filter(|word| !word.is_empty()).collect()
}

/// The forbidden words and phrases of a text.
fn forbidden(text: &str) -> Vec<&'static str> {
    let text = format!(" {} ", words(text).join(" "));
    FORBIDDEN.iter().copied().filter(|phrase| text.contains(&format!(" {phrase} "))).collect()
}

/// Checks texts, each with the place to look for it; there must be at least `least` of them.
fn assert_plain(texts: &[(String, String)], least: usize) {
    assert!(texts.len() >= least, "only {} texts were found", texts.len());
    let found: Vec<String> = texts
        .iter()
        .filter(|(_, text)| !forbidden(text).is_empty())
        .map(|(place, text)| format!("{place} has {:?}: {text}", forbidden(text)))
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn forbidden_words_are_found_and_parts_of_words_are_not() {
    assert_eq!(forbidden("A Thing of the ladder: yes."), ["thing", "yes", "ladder"]);
    assert_eq!(forbidden("--pass-role PASS_ROLE passes; something, bypass, default"), ["passes"]);
    assert_eq!(forbidden("It is carried\nout by nobody's {guard}."), ["nobody's", "carried out"]);
}

#[test]
fn descriptions_and_rules_of_the_crds_are_plain() {
    let mut texts = Vec::new();
    for (file, crd) in kinds::crds().expect("the CRDs") {
        collect(&file, &serde_json::to_value(crd).expect("JSON"), &mut texts);
    }
    assert_plain(&texts, 300);
}

/// The texts that `kubectl explain` and the API server show.
fn collect(path: &str, value: &Value, texts: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = format!("{path}.{name}");
                match inner {
                    Value::String(text) if name == "description" || name == "message" => {
                        texts.push((path, text.clone()));
                    }
                    _ => collect(&path, inner, texts),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(path, item, texts)),
        _ => {}
    }
}

#[test]
fn the_help_of_the_command_is_plain() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_musubi")).args(arguments).output().expect("it can be run");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(text.contains("Usage:"), "{arguments:?}: {text}");
        text.lines().map(|line| (arguments.join(" "), line.to_owned())).collect::<Vec<_>>()
    };
    let all: [&[&str]; 3] = [&["--help"], &["run", "--help"], &["iam-policy", "--help"]];
    assert_plain(&all.map(help).concat(), 80);
}

#[test]
fn the_help_of_the_metrics_is_plain() {
    let texts: Vec<_> = METRICS.iter().map(|metric| (metric.name(), metric.help.to_owned())).collect();
    assert_plain(&texts, 15);
}

#[test]
fn the_reasons_are_plain() {
    let texts = Reason::OURS.iter().flat_map(|entry| {
        let place = format!("{:?}", entry.reasons);
        [(place.clone(), entry.meaning.to_owned()), (place, entry.remedy.to_owned())]
    });
    assert_plain(&texts.collect::<Vec<_>>(), 100);
}

#[test]
fn what_an_installation_shows_is_plain() {
    let files = ["templates/NOTES.txt", "files/alerts.yaml", "files/dashboard.json"];
    let lines = files.map(|file| {
        let path = format!("deploy/helm/musubi/{file}");
        let text = read(&path);
        text.lines().enumerate().map(|(at, line)| (format!("{path}:{}", at + 1), line.to_owned())).collect::<Vec<_>>()
    });
    assert_plain(&lines.concat(), 200);
}

/// The alerts name a page, and no page that there is not: `docs/reference/conditions.md` has every reason.
#[test]
fn alerts_name_the_page_of_the_reasons() {
    let alerts = read("deploy/helm/musubi/files/alerts.yaml");
    assert!(alerts.contains("docs/reference/conditions.md") && !alerts.contains("runbook in deploy"), "{alerts}");
}

/// The texts of a source file: its literals of more than one word, without comments, attributes of the compiler and
/// tests.
fn literals(source: &str) -> Vec<(usize, String)> {
    let source = source.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let (mut found, mut line, mut rest) = (Vec::new(), 1, source);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '\'' => character(rest),
            'r' if rest.starts_with("r\"") => 2 + rest[2..].find('"').map_or(0, |end| end + 1),
            'r' if rest.starts_with("r#\"") => 3 + rest[3..].find("\"#").map_or(0, |end| end + 2),
            '"' => {
                let (text, length) = literal(rest);
                let before = source[..source.len() - rest.len()].trim_end();
                if text.trim().contains(' ') && !before.ends_with("reason =") {
                    found.push((line, text));
                }
                length
            }
            _ => first.len_utf8(),
        };
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    found
}

/// The length of a character literal, or of the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest.char_indices().skip(3).find(|(_, c)| *c == '\'').map_or(1, |(end, _)| end + 1),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(1, |(end, _)| end + 1),
        None => 1,
    }
}

/// A literal as it is printed, and its length in the source.
fn literal(rest: &str) -> (String, usize) {
    let (mut text, mut chars) = (String::new(), rest.char_indices().skip(1).peekable());
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, at + 1),
            '\\' if chars.next_if(|(_, c)| *c == '\n').is_some() => {
                while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
            }
            '\\' => text.extend(chars.next().map(|(_, c)| if c == 'n' { '\n' } else { c })),
            c => text.push(c),
        }
    }
    (text, rest.len())
}

/// The sources of the operator, each with its path: without modules that only tests have.
fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let entries: Vec<PathBuf> = std::fs::read_dir(folder).expect("a folder").flatten().map(|at| at.path()).collect();
    let texts: Vec<String> = entries
        .iter()
        .filter(|path| path.is_file())
        .map(|path| std::fs::read_to_string(path).expect("a source"))
        .collect();
    let of_tests = |path: &Path| {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let ways = ["", "pub ", "pub(crate) ", "pub(super) "];
        texts.iter().any(|text| ways.iter().any(|way| text.contains(&format!("#[cfg(test)]\n{way}mod {name};"))))
    };
    for path in entries.iter().filter(|path| !of_tests(path) && !path.ends_with("tests")) {
        if path.is_dir() {
            sources(path, found);
        } else if path.file_name().is_some_and(|name| name != "tests.rs" && name != "sdk_tests.rs") {
            found.push((path.clone(), std::fs::read_to_string(path).expect("a source")));
        }
    }
}

#[test]
fn literals_are_found_as_they_are_printed() {
    let source = "// \"a comment\"\nfn f<'a>(c: char) { let x = '\"'; g(\"one \\\n   two\\n\", r\"raw text\", \"word\"); }\n\
                  #[expect(lint, reason = \"not a text\")]\nlet y = \"three \\\"four\\\"\";\n#[cfg(test)]\nmod tests { \"no text\" }";
    assert_eq!(literals(source), [(2, "one two\n".to_owned()), (5, "three \"four\"".to_owned())]);
}

/// Conditions, Events, logs, errors at the start: whatever the code says to people is in a literal.
#[test]
fn the_texts_of_the_code_are_plain() {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    let texts: Vec<(String, String)> = files
        .iter()
        .flat_map(|(path, source)| {
            let path = path.display();
            literals(source).into_iter().map(move |(line, text)| (format!("{path}:{line}"), text))
        })
        .collect();
    assert_plain(&texts, 500);
}

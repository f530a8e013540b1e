//! Texts that users read use the terms of AWS and Kubernetes, and none of the project's own.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used)]

use std::process::Command;

use musubi::{kinds, managed::reason::Reason, telemetry::METRICS};
use serde_json::Value;

/// Words that say nothing to a reader who does not know the code.
const FORBIDDEN: [&str; 18] = [
    "thing", "things", "pass", "passes", "fault", "faults", "sight", "sights", "rung", "rungs", "ladder", "ladders",
    "yes", "yeses", "mend", "mended", "whom", "somebody",
];

/// The forbidden words of a text. A flag such as `--pass-role`, and its `PASS_ROLE`, is one word.
fn forbidden(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c));
    let words = words.map(|word| word.trim_matches('-').to_ascii_lowercase());
    words.filter(|word| FORBIDDEN.contains(&word.as_str())).collect()
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
    assert_eq!(forbidden("A Thing of the ladder: yes."), ["thing", "ladder", "yes"]);
    assert_eq!(forbidden("--pass-role PASS_ROLE passes; something, bypass, default"), ["passes"]);
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

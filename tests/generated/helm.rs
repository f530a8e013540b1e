//! `docs/reference/helm.md`: every value of the chart, from its values and their schema.

use std::fmt::Write as _;

use musubi::reference::{cell, page};
use serde_json::Value;

use crate::support::read;

const CHART: &str = "deploy/helm/musubi";

const ABOUT: &str = "\
All values of the chart `deploy/helm/musubi`. `cluster.name` and `aws.region` are required. Helm rejects a value that is not in
this list. [Install](../platform/install.md) explains how to install the chart.";

/// A value: its path, and the comment above it.
struct Described {
    path: Vec<String>,
    about: String,
}

/// The values of a file, each with the comment above it.
fn described(yaml: &str) -> Vec<Described> {
    let mut found: Vec<Described> = Vec::new();
    let (mut path, mut comment): (Vec<String>, Vec<&str>) = (Vec::new(), Vec::new());
    for line in yaml.lines() {
        let text = line.trim_start();
        if let Some(said) = text.strip_prefix('#') {
            comment.push(said.trim());
        } else if let Some((name, _)) = text.split_once(':') {
            path.truncate((line.len() - text.len()) / 2);
            path.push(name.to_owned());
            found.push(Described { path: path.clone(), about: comment.join(" ") });
            comment.clear();
        } else {
            comment.clear();
        }
    }
    found
}

/// The part of a schema that is about a value.
fn schema_of(root: &Value, path: &[String]) -> Value {
    let resolve = |schema: &Value| match schema["$ref"].as_str() {
        Some(name) => root["definitions"][name.rsplit('/').next().unwrap_or_default()].clone(),
        None => schema.clone(),
    };
    path.iter().fold(root.clone(), |schema, name| resolve(&schema["properties"][name]))
}

fn type_of(schema: &Value) -> String {
    if let Some(choices) = schema["enum"].as_array() {
        return choices
            .iter()
            .map(|choice| format!("`{}`", choice.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", ");
    }
    let mut type_ = match schema["type"].as_str() {
        Some("array") => "list".to_owned(),
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    };
    match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
        (Some(least), Some(most)) => {
            let _ = write!(type_, ", {least} to {most}");
        }
        (Some(least), None) => {
            let _ = write!(type_, ", at least {least}");
        }
        _ => {}
    }
    type_
}

pub fn markdown() -> String {
    let text = read(format!("{CHART}/values.yaml"));
    let values: Value = serde_saphyr::from_str(&text).expect("YAML");
    let schema: Value = serde_json::from_str(&read(format!("{CHART}/values.schema.json"))).expect("JSON");
    let mut out =
        format!("{}\n| Value | Type | Default | Meaning |\n| --- | --- | --- | --- |\n", page("Helm values", ABOUT));
    for Described { path, about } in described(&text) {
        let value = path.iter().fold(&values, |value, name| &value[name]);
        let name = path.join(".");
        let own = schema_of(&schema, &path);
        // A group of values, or what is below a value of any shape.
        if own["properties"].is_object() || !own.is_object() {
            continue;
        }
        assert!(!about.is_empty(), "{name} has no comment in values.yaml");
        let default = if value == "" { "none".to_owned() } else { format!("`{value}`") };
        let _ = writeln!(out, "| `{name}` | {} | {} | {} |", type_of(&own), cell(&default), cell(&about));
    }
    out
}

#[test]
fn each_value_of_the_schema_has_a_default_and_a_comment() {
    let paths: Vec<String> =
        described(&read(format!("{CHART}/values.yaml"))).iter().map(|value| value.path.join(".")).collect();
    let schema: Value = serde_json::from_str(&read(format!("{CHART}/values.schema.json"))).expect("JSON");
    let mut missing = Vec::new();
    leaves(&schema, &schema, &mut Vec::new(), &mut |path| {
        // Helm's own, which a chart that has this one as a dependency sets.
        if path != "global" && !paths.iter().any(|known| known == path) {
            missing.push(path.to_owned());
        }
    });
    assert!(missing.is_empty(), "not in values.yaml: {missing:?}");
}

fn leaves(root: &Value, schema: &Value, path: &mut Vec<String>, check: &mut dyn FnMut(&str)) {
    for name in schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
        path.push(name.clone());
        let below = schema_of(root, path);
        if below["properties"].is_object() {
            leaves(root, &below, path, check);
        } else {
            check(&path.join("."));
        }
        path.pop();
    }
}

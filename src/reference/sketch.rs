//! A whole spec as YAML, each field with its type as a comment.

use serde_json::Value;

use crate::kinds::Kind;

use super::fields::{is_required, properties, text};

/// Longer lists of choices are left to the tables.
const MAX_CHOICES: usize = 60;

pub(super) fn yaml(kind: &Kind, spec: &Value) -> String {
    let resource = kind.resource();
    let mut lines = vec![
        format!("apiVersion: {}", resource.api_version),
        format!("kind: {}", resource.kind),
        "metadata:".to_owned(),
        "  name: # string, required".to_owned(),
        "spec:".to_owned(),
    ];
    lines.extend(members(spec).into_iter().map(|line| format!("  {line}")));
    lines.iter().fold(String::new(), |out, line| out + line + "\n")
}

/// The fields of an object, without indentation.
fn members(schema: &Value) -> Vec<String> {
    properties(schema).flat_map(|(name, field)| member(name, field, is_required(schema, name))).collect()
}

fn member(name: &str, schema: &Value, required: bool) -> Vec<String> {
    let required = |first: &str| if required { format!("{first}required") } else { String::new() };
    let (below, first, others) = if schema["items"]["properties"].is_object() {
        (members(&schema["items"]), "  - ", "    ")
    } else {
        (members(schema), "  ", "  ")
    };
    if below.is_empty() {
        return vec![format!("{name}: # {}{}", value(schema), required(", "))];
    }
    let comment = required(" # ");
    let below = below.into_iter().enumerate();
    let below = below.map(|(at, line)| format!("{}{line}", if at == 0 { first } else { others }));
    std::iter::once(format!("{name}:{comment}")).chain(below).collect()
}

/// What a value is that has no fields of its own.
fn value(schema: &Value) -> String {
    if let Some(choices) = schema["enum"].as_array() {
        let all = choices.iter().map(text).collect::<Vec<_>>().join(" | ");
        return if all.len() <= MAX_CHOICES { all } else { format!("string ({} values)", choices.len()) };
    }
    match schema["type"].as_str() {
        Some("array") => format!("list of {}", value(&schema["items"])),
        Some("object") => format!("map of {}", value(&schema["additionalProperties"])),
        other => other.unwrap_or("any").to_owned(),
    }
}

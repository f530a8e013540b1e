//! `crds/REFERENCE.md`: every field of every kind, generated from the schemas and from what the kinds
//! know of their blocks.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    api::{Impact, XML_TEXT},
    iam::operation::Operation,
    kinds::{self, Kind},
};

/// The whole reference, as Markdown.
///
/// # Errors
/// When a derived schema cannot be read back as JSON, which is a mistake in the types.
pub fn markdown() -> serde_json::Result<String> {
    let mut out = String::from(
        "<!-- Generated from src/api by `UPDATE_GENERATED=1 cargo test --test generated`; do not edit. -->\n\n# \
         Reference\n\nA field of the spec that is set is enforced, a field that is not set is left unchanged, and a \
         field that is removed from the spec is reset to the AWS default. A reset that reduces protection, \
         interrupts users or deletes data requires approval (`musubi.dev/approve`), so that removing lines never \
         does that by accident. Inside of a block, a field that is not set has the AWS default.\n",
    );
    for kind in kinds::ALL {
        let json = serde_json::to_value(kind.crd()?)?;
        let schema = &json["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let names = &json["spec"]["names"];
        let name = names["kind"].as_str().unwrap_or_default();
        let group = json["spec"]["group"].as_str().unwrap_or_default();
        let _ = write!(out, "\n## {name}\n\n`apiVersion: {group}/v1alpha1`\n\n{}\n", text(&schema["description"]));
        rules(&mut out, schema, "for the whole object");
        spec(&mut out, &schema["properties"]["spec"], kind);
        out.push_str("\n### status\n\nWritten by the operator only.\n\n");
        fields(&mut out, "", &schema["properties"]["status"]);
    }
    Ok(out)
}

fn spec(out: &mut String, schema: &Value, kind: &Kind) {
    let blocks = (kind.blocks)();
    let is_block = |name: &str| blocks.iter().any(|block| block.name == name);
    out.push_str("\n### spec\n\n");
    head(out);
    for (name, field) in properties(schema) {
        if !is_block(name) {
            walk(out, name, field, needs(schema, name));
        }
    }
    rules(out, schema, "between fields");
    let service = kind.service;
    let _ = writeln!(
        out,
        "\n{service} operations for every object: {}. Each block below lists additional ones. {}",
        operations(kind, kind.operations),
        kind.note
    );
    for block in &blocks {
        let field = &schema["properties"][block.name];
        let _ = write!(out, "\n### spec.{}\n\n{}\n\n", block.name, text(&field["description"]));
        let initial = if block.initial.is_null() { "not set".to_owned() } else { format!("`{}`", block.initial) };
        let _ = writeln!(out, "- AWS default: {initial}");
        let gate = if block.reset == Impact::Update {
            ""
        } else {
            " (requires approval if it reduces protection, interrupts users or deletes data)"
        };
        let _ = writeln!(out, "- When removed from the spec: {}{gate}", block.reset_to);
        let _ = writeln!(out, "- {service} operations: {}\n", operations(kind, block.operations));
        fields(out, "", field);
    }
}

/// Those of another service than the kind's with that service.
fn operations(kind: &Kind, operations: &[Operation]) -> String {
    let own = kind.operations.first().map(|operation| operation.service);
    let name = |operation: &Operation| match operation {
        Operation { service, name, .. } if own != Some(service) => format!("{service}:{name}"),
        Operation { name, .. } => (*name).to_owned(),
    };
    operations.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn head(out: &mut String) {
    out.push_str("| field | type | rules | meaning |\n| --- | --- | --- | --- |\n");
}

/// A table of everything below a schema, which itself may be a plain value.
fn fields(out: &mut String, path: &str, schema: &Value) {
    head(out);
    if properties(schema).next().is_none() {
        row(out, "(the value)", schema, false);
    }
    below(out, path, schema);
    rules(out, schema, "between fields");
}

fn walk(out: &mut String, path: &str, schema: &Value, needed: bool) {
    row(out, path, schema, needed);
    below(out, path, schema);
}

fn below(out: &mut String, path: &str, schema: &Value) {
    let (holder, path) =
        if schema["items"].is_object() { (&schema["items"], format!("{path}[]")) } else { (schema, path.to_owned()) };
    for (name, field) in properties(holder) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        walk(out, &path, field, needs(holder, name));
    }
}

fn row(out: &mut String, path: &str, schema: &Value, needed: bool) {
    let mut said = limits(schema);
    if needed {
        said.insert(0, "required".to_owned());
    }
    said.extend(messages(schema));
    if schema["items"].is_object() {
        said.extend(limits(&schema["items"]).into_iter().map(|limit| format!("each {limit}")));
        said.extend(messages(&schema["items"]));
    }
    if !schema["default"].is_null() && path != "status" {
        said.push(format!("default `{}`", schema["default"]));
    }
    let meaning = text(&schema["description"]).replace("\n\n", "<br>").replace('\n', " ");
    let _ = writeln!(
        out,
        "| `{path}` | {} | {} | {} |",
        kind(schema),
        said.join("; ").replace('|', "\\|"),
        meaning.replace('|', "\\|")
    );
}

fn kind(schema: &Value) -> String {
    match schema["type"].as_str() {
        Some("array") => {
            let order = match schema["x-kubernetes-list-type"].as_str() {
                Some("map") => format!(", keyed by {}", keys(schema)),
                Some("set") => ", a set".to_owned(),
                _ => String::new(),
            };
            format!("list of {}{order}", kind(&schema["items"]))
        }
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("map of {}", kind(&schema["additionalProperties"]))
        }
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

fn keys(schema: &Value) -> String {
    let keys = schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
    keys.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

fn limits(schema: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(|value| format!("`{}`", text(value))).collect();
        said.push(values.join(", "));
    }
    for (least, most, what) in [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " entries"),
    ] {
        let number = |name: &str| schema[name].as_f64().map(|number| format!("{number}"));
        match (number(least), number(most)) {
            (Some(least), Some(most)) if least == most => said.push(format!("{least}{what}")),
            (Some(least), Some(most)) => said.push(format!("{least} to {most}{what}")),
            (None, Some(most)) => said.push(format!("at most {most}{what}")),
            (Some(least), None) => said.push(format!("at least {least}{what}")),
            (None, None) => {}
        }
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        said.push(if pattern == XML_TEXT { "characters allowed in XML".to_owned() } else { format!("`{pattern}`") });
    }
    said
}

fn messages(schema: &Value) -> Vec<String> {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    rules.map(|rule| text(&rule["message"]).to_owned()).collect()
}

fn rules(out: &mut String, schema: &Value, which: &str) {
    let messages = messages(schema);
    if !messages.is_empty() {
        let _ = write!(out, "\nRules {which}:\n\n");
        for message in messages {
            let _ = writeln!(out, "- {message}");
        }
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, field)| (name.as_str(), field))
}

fn needs(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|needed| needed == name))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

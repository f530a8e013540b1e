//! Tables of fields, from a schema.

use serde_json::Value;

use crate::api::XML_TEXT;

use super::markdown::{self, cell, codes, rule, sentence};

const HEAD: [&str; 3] = ["Field", "Type", "Description"];

/// A table of everything below a schema, which itself may be a plain value.
pub(super) fn table(out: &mut String, schema: &Value) {
    let mut rows = Vec::new();
    if properties(schema).next().is_none() {
        rows.push(row("", schema, false));
    }
    below(&mut rows, "", schema);
    markdown::table(out, HEAD, rows);
}

/// A table of some fields of a schema, and of everything below them.
pub(super) fn of<'a>(out: &mut String, holder: &Value, some: impl Iterator<Item = (&'a str, &'a Value)>) {
    let mut rows = Vec::new();
    for (name, field) in some {
        walk(&mut rows, name, field, is_required(holder, name));
    }
    markdown::table(out, HEAD, rows);
}

fn walk(rows: &mut Vec<[String; 3]>, path: &str, schema: &Value, required: bool) {
    rows.push(row(path, schema, required));
    below(rows, path, schema);
}

fn below(rows: &mut Vec<[String; 3]>, path: &str, schema: &Value) {
    let (holder, path) =
        if schema["items"].is_object() { (&schema["items"], format!("{path}[]")) } else { (schema, path.to_owned()) };
    for (name, field) in properties(holder) {
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        walk(rows, &path, field, is_required(holder, name));
    }
}

fn row(path: &str, schema: &Value, required: bool) -> [String; 3] {
    let mut type_ = vec![sentence(&kind(schema)).trim_end_matches('.').to_owned()];
    type_.extend(required.then(|| "Required".to_owned()));
    type_.extend(limits(schema));
    let mut meaning = vec![sentence(text(&schema["description"]))];
    meaning.extend(messages(schema).iter().map(|message| rule(message)));
    if schema["items"].is_object() {
        type_.extend(limits(&schema["items"]).into_iter().map(|limit| format!("Each: {limit}")));
        meaning.extend(messages(&schema["items"]).iter().map(|message| rule(message)));
    }
    if !schema["default"].is_null() && path != "status" {
        type_.push(format!("Default: `{}`", schema["default"].as_str().unwrap_or_default()));
    }
    let meaning = meaning.iter().filter(|text| *text != ".").map(|text| cell(text));
    let name = match path {
        "" => "(the value)".to_owned(),
        // Long ones break at a dot, or the column would take the whole page.
        _ if path.contains('.') => format!("<code>{}</code>", path.replace('.', ".<wbr>")),
        _ => format!("`{path}`"),
    };
    [name, cell(&type_.join("\n\n")), meaning.collect::<Vec<_>>().join("<br>")]
}

fn kind(schema: &Value) -> String {
    match schema["type"].as_str() {
        Some("array") => {
            let order = match schema["x-kubernetes-list-type"].as_str() {
                Some("map") => format!(", keyed by {}", keys(schema)),
                Some("set") => " without duplicates".to_owned(),
                _ => String::new(),
            };
            format!("list of {}{order}", many(&schema["items"]))
        }
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("map of {}", many(&schema["additionalProperties"]))
        }
        Some(other) => other.to_owned(),
        None => "any".to_owned(),
    }
}

fn many(schema: &Value) -> String {
    match schema["type"].as_str() {
        Some(plain @ ("string" | "integer" | "number" | "boolean" | "object"))
            if !schema["additionalProperties"].is_object() =>
        {
            format!("{plain}s")
        }
        _ => format!("values, each a {}", kind(schema)),
    }
}

fn keys(schema: &Value) -> String {
    codes(schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().filter_map(Value::as_str))
}

/// What the schema says of a value beside its type.
fn limits(schema: &Value) -> Vec<String> {
    let mut said = Vec::new();
    if let Some(values) = schema["enum"].as_array() {
        said.push(codes(values.iter().map(text)));
    }
    for (least, most, what) in [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " items"),
        ("minProperties", "maxProperties", " entries"),
    ] {
        let number = |name: &str| schema[name].as_f64().map(|number| format!("{number}"));
        let what = if number(most).is_some_and(|most| most == "1") { what.trim_end_matches('s') } else { what };
        match (number(least), number(most)) {
            (Some(least), Some(most)) if least == most => said.push(format!("{least}{what}")),
            (Some(least), Some(most)) => said.push(format!("{least} to {most}{what}")),
            (None, Some(most)) => said.push(format!("At most {most}{what}")),
            (Some(least), None) => said.push(format!("At least {least}{what}")),
            (None, None) => {}
        }
    }
    // That of XML is said once, for all strings of the spec.
    said.extend(
        schema["pattern"].as_str().filter(|pattern| *pattern != XML_TEXT).map(|pattern| format!("`{pattern}`")),
    );
    said
}

/// The messages of the schema's rules.
pub(super) fn messages(schema: &Value) -> Vec<String> {
    let rules = schema["x-kubernetes-validations"].as_array().into_iter().flatten();
    rules.map(|rule| text(&rule["message"]).to_owned()).collect()
}

pub(super) fn properties(schema: &Value) -> impl Iterator<Item = (&str, &Value)> {
    schema["properties"].as_object().into_iter().flatten().map(|(name, field)| (name.as_str(), field))
}

pub(super) fn is_required(schema: &Value, name: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|required| required == name))
}

pub(super) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

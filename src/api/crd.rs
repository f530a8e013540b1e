//! The CustomResourceDefinitions, generated from the types of this room.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use serde_json::Value;

use super::XML_TEXT;

/// What a CRD says of its kind beside what its types say.
pub struct Shape {
    /// Whether AWS takes its settings as XML, which some characters cannot be written in.
    pub as_xml: bool,
    /// The blocks of its spec.
    pub blocks: Vec<&'static str>,
    /// What `ignoreChanges` can name beside whole blocks, as regular expressions.
    pub parts: &'static [&'static str],
}

/// Puts right what the derived schema cannot say:
///
/// * no `nullable` in spec: `null` would be a third way to write "absent", and one that three-way
///   merges treat differently from leaving a field out;
/// * `status` has a default, so that kstatus does not take an object that nobody has seen yet for
///   current (kstatus: an object without conditions is Current);
/// * every text is one that XML can carry, where AWS takes the settings of the kind as XML;
/// * a description breaks where the reader's terminal does, and not where the source does;
/// * `ignoreChanges` can name the blocks that the kind has;
/// * the label that makes Service Binding implementations find the kind.
///
/// # Errors
/// When a derived schema cannot be read back as JSON, which is a mistake in the types.
pub fn finish(crd: CustomResourceDefinition, kind: &Shape) -> serde_json::Result<CustomResourceDefinition> {
    let mut json = serde_json::to_value(crd)?;
    json["metadata"]["labels"]["servicebinding.io/provisioned-service"] = "true".into();
    if let Some(versions) = json["spec"]["versions"].as_array_mut() {
        for version in versions {
            describe(&mut version["schema"]["openAPIV3Schema"]);
            let properties = &mut version["schema"]["openAPIV3Schema"]["properties"];
            properties["status"]["default"] = serde_json::json!({"observedGeneration": -1});
            strip_nullable(properties);
            ignorable(&mut properties["spec"]["properties"]["ignoreChanges"], kind);
            if kind.as_xml {
                carried_by_xml(&mut properties["spec"]);
            }
        }
    }
    serde_json::from_value(json)
}

/// A set of blocks and of parts of them.
fn ignorable(schema: &mut Value, kind: &Shape) {
    if kind.parts.is_empty() {
        schema["maxItems"] = kind.blocks.len().into();
        schema["items"]["enum"] = kind.blocks.as_slice().into();
    } else {
        let names = [&kind.blocks, kind.parts].concat().join("|");
        schema["maxItems"] = 80.into();
        schema["items"]["maxLength"] = 320.into();
        schema["items"]["pattern"] = format!("^({names})$").into();
    }
}

/// Texts that have a pattern of their own, or a choice of words, are narrower than that.
fn carried_by_xml(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let is_text = map.get("type").is_some_and(|type_| type_ == "string");
            if is_text && !map.contains_key("enum") && !map.contains_key("pattern") {
                map.insert("pattern".to_owned(), XML_TEXT.into());
            }
            map.values_mut().for_each(carried_by_xml);
        }
        Value::Array(items) => items.iter_mut().for_each(carried_by_xml),
        _ => {}
    }
}

/// Writes each description in whole paragraphs, and drops those that speak to programmers of Kubernetes.
fn describe(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::String(text)) = map.get_mut("description") {
                *text = paragraphs(text);
                if text.starts_with("Time is a wrapper around time.Time") {
                    map.remove("description");
                }
            }
            map.values_mut().for_each(describe);
        }
        Value::Array(items) => items.iter_mut().for_each(describe),
        _ => {}
    }
}

/// The text with one line for each paragraph and for each item of a list.
fn paragraphs(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut ended = true;
    for line in text.lines().map(str::trim) {
        let begins = ended || line.is_empty() || line.starts_with("* ") || line.starts_with("- ");
        match lines.last_mut() {
            Some(last) if !begins => {
                last.push(' ');
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
        ended = line.is_empty();
    }
    lines.join("\n")
}

fn strip_nullable(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("nullable");
            map.values_mut().for_each(strip_nullable);
        }
        Value::Array(items) => items.iter_mut().for_each(strip_nullable),
        _ => {}
    }
}

/// A CRD as the YAML that `crds/` holds.
///
/// # Errors
/// When it cannot be written as YAML.
pub fn yaml(crd: &CustomResourceDefinition) -> Result<String, serde_saphyr::ser::Error> {
    serde_saphyr::to_string(crd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds;

    #[test]
    fn a_description_is_broken_between_paragraphs_and_items_only() {
        for (text, whole) in [
            ("One\ntwo.\n\nThree\nfour.", "One two.\n\nThree four."),
            ("Either:\n* one\n  and more\n* two", "Either:\n* one and more\n* two"),
            ("One.", "One."),
        ] {
            assert_eq!(paragraphs(text), whole);
        }
    }

    /// Every description of the CRDs, with the place to look for it.
    fn descriptions(path: &str, schema: &Value, found: &mut Vec<(String, String)>) {
        match schema {
            Value::Object(map) => {
                for (key, value) in map {
                    match value {
                        Value::String(text) if key == "description" => found.push((path.to_owned(), text.clone())),
                        _ => descriptions(&format!("{path}.{key}"), value, found),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| descriptions(path, item, found)),
            _ => {}
        }
    }

    #[test]
    fn what_kubectl_explain_shows_is_whole_sentences_without_links_into_the_source() {
        let mut found = Vec::new();
        for (file, crd) in kinds::crds().expect("the CRDs") {
            descriptions(&file, &serde_json::to_value(crd).expect("JSON"), &mut found);
        }
        assert!(found.len() > 400, "{}", found.len());
        let of_kubernetes = |path: &str| path.contains(".conditions.");
        for (path, text) in found.iter().filter(|(path, _)| !of_kubernetes(path)) {
            let links = ["[`", "`]", "crate::", "Self::", "::"].iter().any(|sign| text.contains(sign));
            let broken = text.replace("\n\n", "").contains('\n') && !text.contains("\n* ");
            assert!(!links && !broken && text.ends_with('.'), "{path}: {text:?}");
            assert!(text.starts_with(|first: char| first.is_uppercase() || !first.is_alphabetic()), "{path}: {text:?}");
        }
    }
}

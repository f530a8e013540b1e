//! `bucket.md`, `table.md`: every field of a kind, from its schema and from what it knows of its blocks.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    api::{Impact, XML_TEXT},
    iam::operation::Operation,
    kinds::Kind,
    managed::block::BlockInfo,
};

use super::{
    fields::{self, messages, properties, text},
    markdown::{page, prose, rule, sentence},
    sketch,
};

const RULES: &str = "A field that is set is enforced. A field that is not set is left unchanged. A field that is removed \
                     is reset to the AWS default. [Fields](../concepts/fields.md) explains these rules, and \
                     [Approval](../concepts/approval.md) explains which resets require approval.";

pub(super) fn markdown(kind: &Kind) -> serde_json::Result<String> {
    let json = serde_json::to_value(kind.crd()?)?;
    let schema = &json["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    let spec = &schema["properties"]["spec"];
    let names = &json["spec"]["names"];
    let mut out = page(text(&names["kind"]), &prose(text(&schema["description"])));
    let _ = writeln!(out, "\n{RULES}\n");
    let _ = writeln!(out, "- API version: `{}`", kind.resource().api_version);
    let _ = writeln!(out, "- Names for `kubectl`: {}", kubectl_names(&json["spec"]));
    let _ = write!(out, "\n## All fields\n\n```yaml,values\n{}```\n", sketch::yaml(kind, spec));
    rules(&mut out, "Rules for the object", schema);
    general(&mut out, kind, spec);
    for block in (kind.blocks)() {
        one_block(&mut out, kind, &block, &spec["properties"][block.name]);
    }
    out.push_str("\n## status\n\nOnly the operator writes the status.\n\n");
    fields::table(&mut out, &schema["properties"]["status"]);
    Ok(out)
}

/// The full name comes first: with the CRDs of other operators installed, the short ones are ambiguous.
fn kubectl_names(crd: &Value) -> String {
    let names = &crd["names"];
    let short = names["shortNames"].as_array().into_iter().flatten().map(text);
    let full = format!("{}.{}", text(&names["plural"]), text(&crd["group"]));
    let all: Vec<String> =
        [full.as_str(), text(&names["plural"])].into_iter().chain(short).map(str::to_owned).collect();
    super::markdown::codes(all)
}

/// The fields that are no blocks.
fn general(out: &mut String, kind: &Kind, spec: &Value) {
    let blocks = (kind.blocks)();
    out.push_str("\n## General fields\n\n");
    let others = properties(spec).filter(|(name, _)| !blocks.iter().any(|block| block.name == *name));
    fields::of(out, spec, others);
    if spec.to_string().contains(&Value::from(XML_TEXT).to_string()) {
        out.push_str("\nAll strings of the spec may contain only characters that XML allows.\n");
    }
    rules(out, "Rules between fields", spec);
    let _ = writeln!(
        out,
        "\n## Configuration\n\nEach section below is one configuration of the {}. {} For every object, the operator calls \
         these {} operations: {}. Each section lists additional ones. [IAM permissions](iam.md) lists what they require.",
        kind.noun,
        kind.note,
        kind.service,
        operations(kind, kind.operations),
    );
}

fn one_block(out: &mut String, kind: &Kind, block: &BlockInfo, schema: &Value) {
    let _ = write!(out, "\n## {}\n\n{}\n\n", block.name, prose(text(&schema["description"])));
    let _ = writeln!(out, "- AWS default: {}", default(&block.initial));
    let approval = match block.reset {
        Impact::Update => "",
        Impact::Weakening => " Requires approval if that reduces protection.",
        Impact::Disruptive => " Requires approval if that interrupts users.",
        Impact::Destructive => " Requires approval if that deletes data.",
    };
    let _ = writeln!(out, "- When removed: {}{approval}", sentence(block.reset_to));
    let _ = writeln!(out, "- {} operations: {}\n", kind.service, operations(kind, block.operations));
    fields::table(out, schema);
    rules(out, "Rules", schema);
}

/// A state as YAML in one line.
fn default(state: &Value) -> String {
    if state.is_null() { "not set".to_owned() } else { format!("`{}`", flow(state)) }
}

fn flow(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let set = fields.iter().filter(|(_, value)| !value.is_null());
            format!(
                "{{{}}}",
                set.map(|(name, value)| format!("{name}: {}", flow(value))).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::String(text) => text.clone(),
        other => other.to_string(),
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

fn rules(out: &mut String, title: &str, schema: &Value) {
    let messages = messages(schema);
    if !messages.is_empty() {
        let _ = write!(out, "\n{title}:\n\n");
        for message in messages {
            let _ = writeln!(out, "- {}", prose(&rule(&message)));
        }
    }
}

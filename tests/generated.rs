//! What is generated is up to date, and the schema keeps the project's rules.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

#[path = "generated/helm.rs"]
mod helm;
mod support;

use clap::CommandFactory as _;
use musubi::{
    api::{XML_TEXT, crd},
    cli::Cli,
    iam, kinds, reference,
};
use serde_json::Value;

use support::golden::is_up_to_date;

const HEADER: &str = "# Generated from src/api by `musubi crds`; do not edit.\n";

#[test]
fn crds_equal_the_code() {
    for (file, crd) in kinds::crds().expect("the CRDs") {
        let yaml = format!("{HEADER}{}", crd::yaml(&crd).expect("YAML"));
        is_up_to_date(&format!("crds/{file}"), &yaml);
        // None of these reads a file outside of its own folder.
        is_up_to_date(&format!("deploy/kustomize/base/crds/{file}"), &yaml);
        is_up_to_date(&format!("deploy/olm/manifests/{file}"), &yaml);
        is_up_to_date(&format!("deploy/helm/musubi/templates/crds/{file}"), &as_template(&yaml));
    }
}

/// A CRD as a template of the chart: installed if wanted, and kept if wanted.
fn as_template(yaml: &str) -> String {
    assert!(!yaml.contains("{{"), "Helm would take it for its own");
    let kept =
        "metadata:\n  {{- if .Values.crds.keep }}\n  annotations:\n    helm.sh/resource-policy: keep\n  {{- end }}\n";
    let text = yaml.replacen("metadata:\n", kept, 1);
    assert!(text.contains(kept), "a CRD has metadata");
    format!("{{{{- if .Values.crds.install }}}}\n{text}{{{{- end }}}}\n")
}

#[test]
fn the_iam_policy_equals_the_code() {
    let scope = iam::Scope {
        name_prefix: "my-prefix-".to_owned(),
        partition: "aws".to_owned(),
        with: iam::With::default(),
        only: iam::Only::default(),
    };
    let policy = serde_json::to_string_pretty(&iam::policy(&scope)).expect("JSON");
    is_up_to_date("deploy/iam/policy.json", &format!("{policy}\n"));
}

#[test]
fn the_pages_of_the_reference_equal_the_code() {
    for (file, text) in reference::pages().expect("the schemas") {
        is_up_to_date(&format!("docs/reference/{file}"), &text);
    }
    is_up_to_date("docs/reference/cli.md", &reference::cli::markdown(Cli::command()));
    is_up_to_date("docs/reference/helm.md", &helm::markdown());
}

#[test]
fn the_reference_holds_every_field_in_its_sketch_and_in_its_tables() {
    let pages = reference::pages().expect("the schemas");
    let page = |noun: &str| &pages.iter().find(|(file, _)| *file == format!("{noun}.md")).expect("a page").1;
    let pages: Vec<_> = kinds::ALL.iter().map(|kind| (kind.file(), page(kind.noun))).collect();
    each_field(&mut |path, _| {
        let (_, page) = pages.iter().find(|(file, _)| path.starts_with(file)).expect("of a kind");
        let name = path.rsplit('.').next().unwrap_or(path).trim_end_matches("[]");
        let told = page.contains(&format!("`{name}` |"))
            || page.contains(&format!("<wbr>{name}</code> |"))
            || page.contains(&format!("\n## {name}\n"));
        assert!(
            name == "yaml" || (told && page.contains(&format!("{name}: #")) || page.contains(&format!("{name}:\n"))),
            "{path}"
        );
    });
}

/// Calls `check` with the path and the schema of every field of every spec.
fn each_field(check: &mut dyn FnMut(&str, &Value)) {
    for (file, crd) in kinds::crds().expect("the CRDs") {
        let crd = serde_json::to_value(crd).expect("JSON");
        let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        walk(&file, spec, check);
    }
}

fn walk(path: &str, schema: &Value, check: &mut dyn FnMut(&str, &Value)) {
    check(path, schema);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), field, check);
    }
    for inner in ["items", "additionalProperties"] {
        if schema[inner].is_object() {
            walk(&format!("{path}[]"), &schema[inner], check);
        }
    }
}

#[test]
fn every_string_list_map_and_number_is_bounded() {
    each_field(&mut |path, schema| {
        let bound = match schema["type"].as_str() {
            Some("string") => schema["maxLength"].is_u64() || schema["enum"].is_array(),
            Some("array") => schema["maxItems"].is_u64(),
            Some("object") if schema["additionalProperties"].is_object() => schema["maxProperties"].is_u64(),
            Some("integer") => schema["maximum"].is_number() && schema["minimum"].is_number(),
            _ => true,
        };
        assert!(bound, "{path} has no bound: {schema}");
    });
}

/// Whether a pattern takes only the characters that it lists: no dot, and no class of all characters but some.
fn is_closed(pattern: &str) -> bool {
    let (mut escaped, mut in_class, mut before) = (false, false, ' ');
    for character in pattern.chars() {
        let open = match character {
            _ if escaped => character.is_ascii_uppercase(),
            '.' => !in_class,
            '^' => before == '[',
            _ => false,
        };
        if open {
            return false;
        }
        in_class = (in_class || (character == '[' && !escaped)) && (character != ']' || escaped);
        escaped = character == '\\' && !escaped;
        before = character;
    }
    true
}

/// S3 takes its settings as XML, which has no way to write some characters.
#[test]
fn every_text_of_a_bucket_is_one_that_xml_can_carry() {
    assert!(is_closed(r"^[a-z.]+\.x$") && !is_closed("^.+$") && !is_closed("^[^/]+$") && !is_closed(r"^\S+$"));
    let unspeakable = XML_TEXT.trim_start_matches("^[^").trim_end_matches("]*$");
    let mut texts = 0;
    each_field(&mut |path, schema| {
        if schema["type"] != "string" || schema["enum"].is_array() || !path.starts_with("s3.") {
            return;
        }
        texts += 1;
        let pattern = schema["pattern"].as_str().unwrap_or_else(|| panic!("{path} takes any text"));
        assert!(is_closed(pattern) || pattern.contains(unspeakable), "{path} takes what XML cannot carry: {pattern}");
    });
    assert!(texts > 40, "{texts}");
}

#[test]
fn no_null_no_unknown_fields_no_namespace_in_a_reference_and_a_description_everywhere() {
    each_field(&mut |path, schema| {
        assert!(schema.get("nullable").is_none(), "{path}");
        assert!(schema.get("x-kubernetes-preserve-unknown-fields").is_none(), "{path}");
        assert!(schema["properties"].get("namespace").is_none(), "{path} could point into another namespace");
        let inner = path.ends_with("[]");
        assert!(inner || schema["description"].is_string(), "{path} has no description");
    });
}

/// A default inside a list makes GitOps tools find a difference for ever, since they take lists whole.
#[test]
fn no_default_stands_inside_a_list_and_only_policies_have_one_at_all() {
    each_field(&mut |path, schema| {
        if !schema["default"].is_null() {
            assert!(path.ends_with("Policy"), "{path} has a default");
        }
    });
}

#[test]
fn an_object_that_nobody_has_seen_is_not_taken_for_finished() {
    for (file, crd) in kinds::crds().expect("the CRDs") {
        let crd = serde_json::to_value(crd).expect("JSON");
        let status = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"];
        assert_eq!(status["default"], serde_json::json!({"observedGeneration": -1}), "{file}");
    }
}

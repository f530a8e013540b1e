//! The files that are generated from the code, and what their schemas promise whoever writes a manifest.

use std::path::Path;

use musubi::api::crd;
use serde_json::Value;

/// Schemas of spec and status, one pair a kind, as the API server gets them.
fn schemas() -> Vec<(&'static str, Value)> {
    let crds = crd::all().expect("the CRDs can be made");
    crds.into_iter()
        .map(|(file, crd)| {
            let mut crd = serde_json::to_value(crd).expect("a CRD is JSON");
            (file, crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].take())
        })
        .collect()
}

/// Calls `visit` with every schema below `schema`, and where it stands.
fn walk(schema: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(property, &format!("{path}.{name}"), visit);
    }
    for (part, mark) in [("items", "[]"), ("additionalProperties", "{}")] {
        if schema[part].is_object() {
            walk(&schema[part], &format!("{path}{mark}"), visit);
        }
    }
}

/// Where `wrong` holds anywhere below `.spec` of any kind.
fn found_in_spec(wrong: impl Fn(&str, &Value) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (file, schema) in schemas() {
        walk(&schema["properties"]["spec"], "spec", &mut |path, schema| {
            if wrong(path, schema) {
                found.push(format!("{file}: {path}"));
            }
        });
    }
    found
}

const NOWHERE: [String; 0] = [];

#[test]
fn the_files_in_crds_equal_the_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crds");
    let mut known = Vec::new();
    for (file, crd) in crd::all().expect("the CRDs can be made") {
        let stored = std::fs::read_to_string(folder.join(file)).expect("the file is there");
        let stored = stored.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        let made = crd::yaml(&crd).expect("a CRD is YAML");
        assert_eq!(
            stored.trim(),
            made.trim(),
            "crds/{file} is out of date: cargo run -- crds prints what belongs there"
        );
        known.push(file.to_owned());
    }
    let mut present: Vec<String> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    known.sort();
    present.sort();
    assert_eq!(present, known, "crds/ holds what is generated and nothing else");
}

#[test]
fn absent_has_one_spelling() {
    assert_eq!(found_in_spec(|_, schema| schema["nullable"] == true), NOWHERE);
}

#[test]
fn every_string_list_and_map_in_spec_is_bounded() {
    let unbounded = found_in_spec(|_, schema| match schema["type"].as_str() {
        Some("string") => schema["maxLength"].is_null() && schema["enum"].is_null(),
        Some("array") => schema["maxItems"].is_null(),
        Some("object") => schema["additionalProperties"].is_object() && schema["maxProperties"].is_null(),
        Some("integer") => schema["maximum"].is_null() || schema["minimum"].is_null(),
        _ => false,
    });
    assert_eq!(unbounded, NOWHERE);
}

#[test]
fn every_schema_in_spec_has_a_type() {
    assert_eq!(found_in_spec(|_, schema| !schema["type"].is_string()), NOWHERE);
}

#[test]
fn no_default_stands_in_a_list_or_a_map() {
    let inside = |path: &str| path.contains("[]") || path.contains("{}");
    assert_eq!(found_in_spec(|path, schema| inside(path) && !schema["default"].is_null()), NOWHERE);
}

#[test]
fn only_the_policies_have_defaults() {
    let policies = ["spec.adoptionPolicy", "spec.deletionPolicy", "spec.managementPolicy"];
    assert_eq!(found_in_spec(|path, schema| !schema["default"].is_null() && !policies.contains(&path)), NOWHERE);
}

#[test]
fn unknown_fields_are_kept_nowhere() {
    let mut open = Vec::new();
    for (file, schema) in schemas() {
        walk(&schema, "", &mut |path, schema| {
            if !schema["x-kubernetes-preserve-unknown-fields"].is_null() {
                open.push(format!("{file}: {path}"));
            }
        });
    }
    assert_eq!(open, NOWHERE);
}

#[test]
fn no_reference_reaches_into_another_namespace() {
    assert_eq!(found_in_spec(|path, _| path.ends_with("amespace")), NOWHERE);
}

#[test]
fn lists_of_named_things_are_keyed() {
    let unkeyed = found_in_spec(|_, schema| {
        let item = &schema["items"]["properties"];
        let named = !item["id"].is_null() || !item["name"].is_null();
        named && schema["x-kubernetes-list-type"] != "map"
    });
    assert_eq!(unkeyed, NOWHERE);
}

#[test]
fn every_field_in_spec_says_what_it_means() {
    let inside = |path: &str| path.ends_with("[]") || path.ends_with("{}");
    let silent =
        found_in_spec(|path, schema| !inside(path) && schema["description"].as_str().is_none_or(str::is_empty));
    assert_eq!(silent, NOWHERE);
}

#[test]
fn an_object_that_nobody_has_seen_is_not_current() {
    for (file, schema) in schemas() {
        assert_eq!(schema["properties"]["status"]["default"]["observedGeneration"], -1, "{file}");
    }
}

#[test]
fn the_condition_list_is_merged_by_type() {
    for (file, schema) in schemas() {
        let conditions = &schema["properties"]["status"]["properties"]["conditions"];
        assert_eq!(conditions["x-kubernetes-list-type"], "map", "{file}");
        assert_eq!(conditions["x-kubernetes-list-map-keys"], serde_json::json!(["type"]), "{file}");
    }
}

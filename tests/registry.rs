//! What is written by hand for every kind names every kind of the registry (`musubi::kinds::ALL`) and no other. A new
//! kind is in none of these places yet: each test says which one is missing.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::{collections::BTreeSet, process::Command};

use musubi::{
    api::DOMAIN,
    kinds::{self, Kind},
};
use serde_json::Value;

use support::read;

/// The documents of a YAML file.
fn documents(path: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// `group/resource` of each kind, with this behind it.
fn resources(kinds: impl IntoIterator<Item = &'static Kind>, subresource: &str) -> BTreeSet<String> {
    let name = |kind: &Kind| {
        let resource = kind.resource();
        format!("{}/{}{subresource}", resource.group, resource.plural)
    };
    kinds.into_iter().map(name).collect()
}

/// `group/resource` of what rules are about, in our own groups.
fn named<'a>(rules: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for rule in rules {
        for group in texts(&rule["apiGroups"]).filter(|group| group.ends_with(DOMAIN)) {
            named.extend(texts(&rule["resources"]).map(|resource| format!("{group}/{resource}")));
        }
    }
    named
}

fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// The chart's and the bundle's are the same (`tests/manifests.rs`).
#[test]
fn roles_name_every_kind_with_the_verbs_that_each_needs() {
    let read = ["get", "list", "watch"].as_slice();
    let edit = [read, ["create", "update", "patch", "delete", "deletecollection"].as_slice()].concat();
    let operator = [read, ["patch"].as_slice()].concat();
    for (file, role, wanted) in [
        ("clusterrole.yaml", "musubi", vec![("", operator.as_slice()), ("/status", ["patch"].as_slice())]),
        ("users.yaml", "musubi-view", vec![("", read)]),
        ("users.yaml", "musubi-edit", vec![("", edit.as_slice())]),
    ] {
        let roles = documents(&format!("deploy/kustomize/base/rbac/{file}"));
        let granted = &roles.iter().find(|found| found["metadata"]["name"] == role).expect("a role")["rules"];
        let mut all = BTreeSet::new();
        for (subresource, verbs) in wanted {
            let verbs: BTreeSet<&str> = verbs.iter().copied().collect();
            let exactly = |rule: &&Value| texts(&rule["verbs"]).collect::<BTreeSet<_>>() == verbs;
            let found = named(items(granted).filter(exactly));
            let wanted = resources(kinds::ALL, subresource);
            let missing: Vec<_> = wanted.difference(&found).collect();
            assert!(missing.is_empty(), "role {role} in {file} lacks {verbs:?} on {missing:?}");
            all.extend(wanted);
        }
        assert_eq!(named(items(granted)), all, "role {role} in {file}");
    }
}

/// What a policy is not asked about, it lets through.
#[test]
fn admission_policies_ask_about_every_kind() {
    let asked = |file: &str| {
        let documents = documents(&format!("deploy/{file}"));
        let rules = documents.iter().flat_map(|policy| items(&policy["spec"]["matchConstraints"]["resourceRules"]));
        named(rules.collect::<Vec<_>>())
    };
    for file in ["approval/validatingadmissionpolicy.yaml", "policies/names.yaml", "policies/regions.yaml"] {
        assert_eq!(asked(file), resources(kinds::ALL, ""), "deploy/{file}");
    }
    let naming = kinds::ALL.iter().filter(|kind| !kind.references.is_empty());
    assert_eq!(asked("policies/references.yaml"), resources(naming, ""), "kinds whose spec names something in AWS");
}

/// `kubectl get aws` shows them, and the demo waits for `musubi`.
#[test]
fn every_kind_is_in_the_categories() {
    for (file, crd) in kinds::crds().expect("the CRDs") {
        assert_eq!(crd.spec.names.categories.unwrap_or_default(), ["aws", "musubi"], "{file}");
    }
}

#[test]
fn the_quota_counts_every_kind() {
    let quota = documents("deploy/quota/resourcequota.yaml").remove(0);
    let counted: BTreeSet<String> = quota["spec"]["hard"].as_object().expect("limits").keys().cloned().collect();
    let wanted = kinds::ALL.iter().map(|kind| format!("count/{}", kind.crd_name())).collect();
    assert_eq!(counted, wanted);
}

/// The bundle for OperatorHub shows it.
#[test]
fn every_kind_has_an_example_with_the_least_that_it_needs() {
    for kind in kinds::ALL {
        let file = format!("examples/minimal-{}.yaml", kind.noun);
        let [example] = documents(&file).try_into().unwrap_or_else(|found| panic!("{file}: {found:?}"));
        let resource = kind.resource();
        assert_eq!(example["apiVersion"], resource.api_version, "{file}");
        assert_eq!(example["kind"], resource.kind, "{file}");
    }
}

#[test]
fn every_description_of_the_operator_names_every_kind_and_its_service() {
    let help = Command::new(env!("CARGO_BIN_EXE_musubi")).arg("--help").output().expect("it can be run");
    let bundle = documents("deploy/olm/manifests/musubi.clusterserviceversion.yaml").remove(0);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let chart = documents("deploy/helm/musubi/Chart.yaml").remove(0);
    let label = read("deploy/image/Dockerfile");
    let label = label.lines().find(|line| line.contains("image.description")).expect("a description").to_owned();
    for (place, description) in [
        ("Cargo.toml", env!("CARGO_PKG_DESCRIPTION").to_owned()),
        ("musubi --help (src/cli.rs)", String::from_utf8_lossy(&help.stdout).into_owned()),
        ("deploy/helm/musubi/Chart.yaml", text(&chart["description"])),
        ("deploy/image/Dockerfile", label),
        ("the annotation of the bundle (tests/manifests.rs)", text(&bundle["metadata"]["annotations"]["description"])),
        ("the description of the bundle (tests/manifests.rs)", text(&bundle["spec"]["description"])),
        ("README.md", read("README.md")),
    ] {
        for kind in kinds::ALL {
            let name = kind.resource().kind;
            let words: Vec<&str> = description.split(|c: char| !c.is_alphanumeric()).collect();
            for word in [name.as_str(), kind.service] {
                assert!(words.contains(&word), "{place} does not say {word}");
            }
        }
    }
    let keywords: Vec<&str> = texts(&chart["keywords"]).collect();
    for kind in kinds::ALL {
        assert!(keywords.contains(&kind.service.to_lowercase().as_str()), "keywords of the chart: {}", kind.service);
    }
}

/// The Secret of every kind has a key of its noun, which `connectionSecret.keys` must not replace.
#[test]
fn the_schema_of_connection_secrets_knows_every_kind() {
    for (file, crd) in kinds::crds().expect("the CRDs") {
        let crd = serde_json::to_value(crd).expect("JSON");
        let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"];
        let fields = &spec["properties"]["connectionSecret"]["properties"];
        let rules = fields["keys"]["x-kubernetes-validations"].to_string();
        for Kind { noun, .. } in kinds::ALL {
            assert!(rules.contains(&format!("'{noun}'")), "{file}: connectionSecret.keys can replace the key {noun}");
            let described = fields["name"]["description"].as_str().expect("a description");
            assert!(described.contains(&format!("`-{noun}`")), "{file}: connectionSecret.name: {described}");
        }
    }
}

/// LocalStack refuses calls to a service that it was not told of.
#[test]
fn the_rig_has_every_service_that_the_operator_calls() {
    // The operator asks STS for its account; pages of the documentation create roles.
    let wanted: BTreeSet<&str> = kinds::operations().map(|operation| operation.service).chain(["sts", "iam"]).collect();
    for (file, before, after) in [
        ("localstack/lib/emulator.sh", "SERVICES=", ' '),
        ("localstack/localstack.yaml", "{name: SERVICES, value: \"", '"'),
    ] {
        let text = read(file);
        let list = text.split(before).nth(1).and_then(|rest| rest.split(after).next()).expect("the list of services");
        assert_eq!(list.split(',').collect::<BTreeSet<_>>(), wanted, "{file}");
    }
}

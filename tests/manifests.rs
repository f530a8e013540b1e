//! The chart and the kustomization install the same, and what they say of themselves is so.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use musubi::{
    kinds::{self, Kind},
    telemetry::{AwsCall, METRICS, Metrics},
};
use serde_json::{Value, json};

use support::{golden::is_up_to_date, programs::tool, read, root};

const REQUIRED: [&str; 4] = ["--set", "cluster.name=prod", "--set", "aws.region=eu-west-1"];

fn run(command: &mut Command) -> Output {
    command.current_dir(root()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn objects(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout);
    let all: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
    all.into_iter().filter(|object| !object.is_null()).collect()
}

fn helm(more: &[&str]) -> Output {
    run(Command::new(tool("helm")).args(["template", "musubi", "deploy/helm/musubi", "-n", "musubi-system"]).args(more))
}

/// The chart with what it needs, and more.
fn chart(more: &[&str]) -> Vec<Value> {
    objects(&helm(&[&REQUIRED[..], more].concat()))
}

fn key(object: &Value) -> (String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// Without what only one of the two tools writes.
fn plain(mut object: Value) -> Value {
    fn without(value: &mut Value, key: &str) {
        if let Some(map) = value.as_object_mut() {
            map.remove(key);
        }
    }
    for place in ["", "/spec/template"] {
        let Some(metadata) = object.pointer_mut(&format!("{place}/metadata")) else { continue };
        for label in ["helm.sh/chart", "app.kubernetes.io/managed-by", "app.kubernetes.io/version"] {
            without(&mut metadata["labels"], label);
        }
        for annotation in ["helm.sh/resource-policy", "checksum/settings"] {
            without(&mut metadata["annotations"], annotation);
        }
        for empty in ["labels", "annotations"] {
            if metadata[empty].is_null() || metadata[empty] == json!({}) {
                without(metadata, empty);
            }
        }
    }
    if object["kind"] == "CustomResourceDefinition" {
        // kustomize labels everything that it is given.
        for label in ["app.kubernetes.io/name", "app.kubernetes.io/instance"] {
            without(&mut object["metadata"]["labels"], label);
        }
    }
    numbers(&mut object);
    object
}

/// YAML knows no difference between 1 and 1.0, and the two tools write different ones.
fn numbers(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64()),
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(fields) => fields.values_mut().for_each(numbers),
        _ => {}
    }
}

#[test]
fn the_kustomization_and_the_chart_install_the_same() {
    let kustomize = objects(&run(Command::new(tool("kubectl")).args(["kustomize", "deploy/kustomize/example"])));
    let generated = kustomize.iter().find(|object| object["kind"] == "ConfigMap").expect("settings");
    let name = generated["metadata"]["name"].as_str().expect("a name").to_owned();
    let by_key = |objects: Vec<Value>| -> BTreeMap<(String, String), Value> {
        objects.into_iter().map(plain).map(|object| (key(&object), object)).collect()
    };
    let kustomize = kustomize.into_iter().filter(|object| object["kind"] != "Namespace").map(|object| {
        // It appends a hash of the settings where the chart notes it beside the pods.
        serde_json::from_str(&object.to_string().replace(&name, "musubi-settings")).expect("JSON")
    });
    let (kustomize, chart) = (by_key(kustomize.collect()), by_key(chart(&[])));
    assert_eq!(kustomize.keys().collect::<Vec<_>>(), chart.keys().collect::<Vec<_>>());
    for (key, object) in &kustomize {
        assert_eq!(object, &chart[key], "{key:?}: kustomize left, Helm right");
    }
}

#[test]
fn the_chart_wants_a_name_and_a_region_and_knows_its_values() {
    let refused = |arguments: &[&str]| {
        let output = helm(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(refused(&["--set", "aws.region=eu-west-1"]).contains("cluster.name"));
    assert!(refused(&["--set", "cluster.name=prod"]).contains("aws.region"));
    for wrong in ["replica=3", "aws.region=Frankfurt", "allowAdoption={shop}", "terminationGracePeriodSeconds=5"] {
        let message = refused(&[&REQUIRED[..], &["--set", wrong]].concat());
        assert!(message.contains(wrong.split(['=', '.', '{']).next().expect("a key")), "{wrong}: {message}");
    }
}

#[test]
fn every_value_is_in_the_schema() {
    let read = |name: &str| read(format!("deploy/helm/musubi/{name}"));
    let values: Value = serde_saphyr::from_str(&read("values.yaml")).expect("YAML");
    let schema: Value = serde_json::from_str(&read("values.schema.json")).expect("JSON");
    let names = |value: &Value| value.as_object().expect("a map").keys().cloned().collect::<BTreeSet<_>>();
    let mut known = names(&schema["properties"]);
    known.remove("global");
    assert_eq!(names(&values), known);
}

#[test]
fn with_namespaces_to_watch_there_is_no_right_beyond_them() {
    let all = chart(&["--set", "watchNamespaces={shop,billing}"]);
    let bound: Vec<_> = all.iter().filter(|object| object["kind"] == "ClusterRoleBinding").collect();
    assert!(bound.is_empty(), "{bound:#?}");
    let roles = all.iter().filter(|object| object["kind"] == "RoleBinding");
    let namespaces: BTreeSet<_> = roles.filter_map(|role| role["metadata"]["namespace"].as_str()).collect();
    assert_eq!(namespaces, ["billing", "musubi-system", "shop"].into());
    let settings = all.iter().find(|object| object["kind"] == "ConfigMap").expect("settings");
    assert_eq!(settings["data"]["MUSUBI_WATCH_NAMESPACE"], "shop,billing");
}

#[test]
fn crds_are_kept_and_can_be_left_out() {
    let of = |arguments: &[&str]| {
        let objects = chart(arguments).into_iter();
        objects.filter(|object| object["kind"] == "CustomResourceDefinition").collect::<Vec<_>>()
    };
    let kept = of(&[]);
    assert_eq!(kept.len(), kinds::ALL.len());
    assert!(kept.iter().all(|crd| crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"));
    let loose = of(&["--set", "crds.keep=false"]);
    assert!(loose.iter().all(|crd| crd["metadata"]["annotations"].is_null()));
    assert!(of(&["--set", "crds.install=false"]).is_empty());
}

/// Every setting that the chart writes is one that the operator reads.
#[test]
fn every_setting_of_the_chart_is_a_flag() {
    let help = run(Command::new(env!("CARGO_BIN_EXE_musubi")).args(["run", "--help"]));
    let help = String::from_utf8_lossy(&help.stdout).into_owned();
    let more = "cluster.alsoOwns={a},aws.allowedRegions={eu-*},aws.endpointUrl=http://aws:4566,\
                aws.publishedEndpointUrl=http://x,watchNamespaces={a},allowForceDelete={a},allowAdoption={a=b},\
                allowReferences={a=arn:b},metricsAuth.enabled=true";
    let settings = chart(&["--set", more.replace("{a=", "{a\\=").as_str()]);
    let settings = settings.iter().find(|object| object["kind"] == "ConfigMap").expect("settings")["data"].clone();
    let names: Vec<_> =
        settings.as_object().expect("settings").keys().filter(|name| name.starts_with("MUSUBI_")).collect();
    assert!(names.len() >= 14, "{names:?}");
    for name in names {
        assert!(help.contains(&format!("[env: {name}=")), "{name} is no setting of musubi run");
    }
}

#[test]
fn who_reads_metrics_is_asked_by_the_chart_and_the_component_alike() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("metrics-auth-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let kustomization = read("deploy/kustomize/example/kustomization.yaml");
    let with = kustomization.replace("resources: [../base]", "resources: [base]\ncomponents: [metrics-auth]");
    for part in ["base", "metrics-auth"] {
        let copied = Command::new("cp").arg("-r").arg(root().join("deploy/kustomize").join(part)).arg(&folder).status();
        assert!(copied.expect("cp").success());
    }
    std::fs::write(folder.join("kustomization.yaml"), with).expect("written");
    let folder_text = folder.to_string_lossy().into_owned();
    let kustomize = objects(&run(Command::new(tool("kubectl")).args(["kustomize", &folder_text])));
    std::fs::remove_dir_all(&folder).expect("removed");
    let rules = |objects: &[Value]| {
        let roles = objects.iter().filter(|object| {
            object["kind"].as_str().is_some_and(|kind| kind.starts_with("ClusterRole"))
                && object["metadata"]["name"].as_str().is_some_and(|name| name.starts_with("musubi-metrics-"))
        });
        roles.map(|role| (key(role), role["rules"].clone())).collect::<BTreeMap<_, _>>()
    };
    let chart = chart(&["--set", "metricsAuth.enabled=true"]);
    assert_eq!(rules(&kustomize), rules(&chart));
    assert_eq!(rules(&chart).len(), 3);
    let setting = |objects: &[Value]| {
        let settings = objects.iter().find(|object| object["kind"] == "ConfigMap").expect("settings");
        settings["data"]["MUSUBI_METRICS_AUTH"].clone()
    };
    assert_eq!((setting(&kustomize), setting(&chart)), (json!("true"), json!("true")));
}

#[test]
fn an_endpoint_of_its_own_is_let_through_the_network_policy() {
    let ports = |endpoint: &str| {
        let all = chart(&["--set", &format!("aws.endpointUrl={endpoint}")]);
        let policy = all.into_iter().find(|object| object["kind"] == "NetworkPolicy").expect("a policy");
        let rules = policy["spec"]["egress"].as_array().cloned().unwrap_or_default();
        let ports = rules.iter().flat_map(|rule| rule["ports"].as_array().cloned().unwrap_or_default());
        ports.filter_map(|port| port["port"].as_u64()).collect::<BTreeSet<_>>()
    };
    assert!(ports("http://localstack.dev:4566").contains(&4566));
    assert!(ports("http://store").contains(&80));
    assert!(!ports("https://store").contains(&4566));
}

/// Each metric in use once: one that nothing was counted in is not written.
fn used() -> Metrics {
    let (metrics, kind, second) = (Metrics::default(), "bucket", Duration::from_secs(1));
    metrics.reconciled(kind, "in_sync", second);
    metrics.first_reconciled(kind, second);
    metrics.became_ready(kind, second);
    metrics.objects(kind, &BTreeMap::new());
    metrics.resyncs_every(kind, second);
    metrics.watch_progressed(kind);
    metrics.watch_error(kind);
    metrics.drift_corrected(kind);
    metrics.write_loop(kind);
    metrics.oldest_deletion(kind, std::time::Duration::ZERO);
    let call = AwsCall { service: "S3".into(), operation: "CreateBucket".into(), outcome: "ok" };
    metrics.aws_request(call, second);
    metrics.endpoint_unreachable("S3", "eu-west-1", Some(true));
    metrics.waited("eu-west-1", kind, second);
    metrics.called("eu-west-1", kind, 1, Some(1.0));
    metrics
}

#[test]
fn every_metric_has_the_labels_that_its_row_names() {
    let text = used().text().expect("metrics");
    for metric in METRICS {
        let name = metric.name();
        let samples = [name.clone(), format!("{name}_count")];
        let labels = text.lines().find_map(|line| {
            let (sample, rest) = line.split_once([' ', '{'])?;
            let labels = rest.split_once('}').map_or("", |(labels, _)| labels);
            samples.contains(&sample.to_owned()).then(|| {
                let pairs = labels.split(',').filter_map(|pair| pair.split_once('='));
                pairs.map(|(label, _)| label).collect::<Vec<_>>()
            })
        });
        assert_eq!(labels.as_deref(), Some(metric.labels), "{name}");
    }
}

/// Alerts and dashboards go stale in silence: nobody notices a query that finds nothing.
#[test]
fn every_query_asks_for_metrics_that_there_are() {
    let known: BTreeSet<String> = used()
        .text()
        .expect("metrics")
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '))
        .flat_map(|(name, kind)| match kind {
            "counter" => vec![format!("{name}_total")],
            "histogram" => vec![format!("{name}_bucket"), format!("{name}_sum"), format!("{name}_count")],
            _ => vec![name.to_owned()],
        })
        .collect();
    assert!(known.len() > 15, "{known:?}");
    let switches = "serviceMonitor.enabled=true,prometheusRule.enabled=true,dashboard.enabled=true";
    let all = chart(&["--set", switches]);
    for kind in ["ServiceMonitor", "PrometheusRule"] {
        assert!(all.iter().any(|object| object["kind"] == kind), "no {kind}");
    }
    let dashboard = all.iter().find(|object| object["metadata"]["name"] == "musubi-dashboard").expect("a dashboard");
    let dashboard: Value =
        serde_json::from_str(dashboard["data"]["musubi.json"].as_str().expect("JSON")).expect("JSON");
    let mut queries = Vec::new();
    collect(&dashboard, "expr", &mut queries);
    let panels = queries.len();
    let rules = all.iter().find(|object| object["kind"] == "PrometheusRule").expect("rules");
    collect(&rules["spec"], "expr", &mut queries);
    assert!(panels >= 12 && queries.len() - panels >= 8, "{queries:#?}");
    for query in &queries {
        let names =
            query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| word.starts_with("musubi_"));
        for name in names {
            assert!(known.contains(name), "{query} asks for {name}, of {known:?}");
        }
    }
}

fn collect(value: &Value, key: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match inner.as_str() {
                    Some(text) if name == key => found.push(text.to_owned()),
                    _ => collect(inner, key, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, key, found)),
        _ => {}
    }
}

/// The bundle for OperatorHub: what the chart installs, in the form that the Operator Lifecycle Manager wants.
/// `UPDATE_GENERATED=1 cargo test --test manifests` writes it anew.
#[test]
fn the_bundle_for_operatorhub_is_what_the_chart_installs() {
    let chart = chart(&[]);
    let one = |kind: &str, name: &str| {
        let found = chart.iter().find(|object| key(object) == (kind.to_owned(), name.to_owned()));
        plain(found.unwrap_or_else(|| panic!("no {kind} {name}")).clone())
    };
    let mut deployment = one("Deployment", "musubi")["spec"].take();
    let container = &mut deployment["template"]["spec"]["containers"][0];
    let settings = one("ConfigMap", "musubi-settings")["data"].take();
    // Who subscribes says these two, in the Subscription's spec.config.env.
    let own = ["MUSUBI_CLUSTER_NAME", "MUSUBI_REGION"];
    let settings = settings.as_object().expect("settings").iter().filter(|(name, _)| !own.contains(&name.as_str()));
    let mut env: Vec<Value> = settings.map(|(name, value)| json!({"name": name, "value": value})).collect();
    env.extend(container["env"].as_array().cloned().unwrap_or_default());
    container["env"] = json!(env);
    container.as_object_mut().expect("a container").remove("envFrom");
    let image = container["image"].clone();

    let owned = |kind: &Kind| {
        let crd = serde_json::to_value(kind.crd().expect("a CRD")).expect("JSON");
        let (name, version) = (&crd["spec"]["names"]["kind"], &crd["spec"]["versions"][0]);
        json!({
            "name": kind.crd_name(), "kind": name, "version": version["name"], "displayName": name,
            "description": version["schema"]["openAPIV3Schema"]["description"],
        })
    };
    let example = |kind: &Kind| -> Value {
        let path = root().join(format!("examples/minimal-{}.yaml", kind.noun));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_saphyr::from_str(&text).expect("YAML")
    };
    let examples: Vec<Value> = kinds::ALL.iter().map(example).collect();
    let keywords: Vec<String> =
        [String::from("aws")].into_iter().chain(kinds::ALL.iter().map(|kind| kind.service.to_lowercase())).collect();
    let version = env!("CARGO_PKG_VERSION");
    let rules =
        |kind: &str, name: &str| json!([{"serviceAccountName": "musubi", "rules": one(kind, name)["rules"].take()}]);
    let mut csv = json!({
        "apiVersion": "operators.coreos.com/v1alpha1", "kind": "ClusterServiceVersion",
        "metadata": {
            "name": format!("musubi.v{version}"), "namespace": "placeholder",
            "annotations": {
                "alm-examples": serde_json::to_string_pretty(&examples).expect("JSON"),
                "capabilities": "Full Lifecycle", "categories": "Cloud Provider, Storage, Database", "containerImage": image,
                "description": "Kubernetes operator that manages S3 buckets and DynamoDB tables as Bucket and Table \
                                resources",
                "operatorframework.io/suggested-namespace": "musubi-system",
            },
        },
        "spec": {
            "displayName": "Musubi", "version": version, "minKubeVersion": "1.30.0", "maturity": "alpha",
            "description": "Declare a Bucket or a Table; Musubi creates the S3 bucket or DynamoDB table in AWS, \
                            keeps it in sync, and writes the connection details into status and a connection \
                            Secret.\n\nSet MUSUBI_CLUSTER_NAME and MUSUBI_REGION in the Subscription's \
                            spec.config.env, and give the ServiceAccount `musubi` an IAM role.",
            "keywords": keywords, "provider": {"name": "Musubi"},
            "icon": [{"mediatype": "image/svg+xml", "base64data": ICON}],
            "installModes": [
                {"type": "OwnNamespace", "supported": false}, {"type": "SingleNamespace", "supported": false},
                {"type": "MultiNamespace", "supported": false}, {"type": "AllNamespaces", "supported": true},
            ],
            "customresourcedefinitions": {"owned": kinds::ALL.iter().map(owned).collect::<Vec<_>>()},
            "install": {"strategy": "deployment", "spec": {
                "clusterPermissions": rules("ClusterRole", "musubi"), "permissions": rules("Role", "musubi-lease"),
                "deployments": [{"name": "musubi", "spec": deployment}],
            }},
        },
    });
    whole(&mut csv);
    let header = "# Generated from the chart by `UPDATE_GENERATED=1 cargo test --test manifests`; do not edit.\n";
    let yaml = format!("{header}{}", serde_saphyr::to_string(&csv).expect("YAML"));
    is_up_to_date("deploy/olm/manifests/musubi.clusterserviceversion.yaml", &yaml);
}

/// Numbers that are whole, written so.
fn whole(value: &mut Value) {
    match value {
        #[allow(clippy::cast_possible_truncation)]
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0) {
                *value = json!(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(fields) => fields.values_mut().for_each(whole),
        _ => {}
    }
}

/// A knot of two strands.
const ICON: &str = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCA2NCA2NCI+PGcgZmlsbD0ibm9uZSIgc3Ryb2tlLXdpZHRoPSI2IiBzdHJva2UtbGluZWNhcD0icm91bmQiPjxwYXRoIHN0cm9rZT0iI2MwMzkyYiIgZD0iTTggMjBjMTYgMCAyNCAyNCA0OCAyNCIvPjxwYXRoIHN0cm9rZT0iIzJjM2U1MCIgZD0iTTggNDRjMTYgMCAyNC0yNCA0OC0yNCIvPjwvZz48L3N2Zz4=";

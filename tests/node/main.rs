//! From the image to the uninstall, as a platform team would do it: the shipped Deployment on a real node,
//! installed by Helm, with LocalStack behind it.
//!
//! `cargo test --test node -- --ignored --nocapture`, as root, with the packages that it names when they are
//! missing.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod node;
#[path = "../support/mod.rs"]
mod support;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use futures::TryStreamExt as _;
use kube::{
    Api, ResourceExt as _,
    api::{Patch, PatchParams},
    runtime::watcher::{self, Event},
};
use musubi::api::Bucket;
use serde_json::{Value, json};

use tokio::sync::watch;

use node::{Node, load};
use support::{
    pages::{Content, Page, desk::Desk},
    programs::output,
    read,
    rig::client,
    root,
};

const NAMESPACE: &str = "musubi-system";
const PODS: &str = "app.kubernetes.io/name=musubi";

/// The longest time in which nothing becomes Ready while replicas take over from each other.
const MAX_GAP: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs root and takes a node of this machine; .ci/run calls it"]
async fn a_platform_team_installs_uses_updates_and_uninstalls_it() {
    let archive = image();
    let node = Node::start();
    load(&archive);
    node.kubectl(&["create", "namespace", NAMESPACE]);
    let restricted = "pod-security.kubernetes.io/enforce=restricted";
    node.kubectl(&["label", "namespace", NAMESPACE, restricted]);
    let keys = ["--from-literal=AWS_ACCESS_KEY_ID=test", "--from-literal=AWS_SECRET_ACCESS_KEY=test"];
    node.kubectl(&["-n", NAMESPACE, "create", "secret", "generic", "aws", keys[0], keys[1]]);

    installed(&node);
    examples_become_ready(&node);
    the_tutorial_of_the_application_works(&node);
    tells_of_itself(&node);
    roles_grant_what_they_say(&node);
    rolls_over_under_load(&node).await;
    an_upgrade_rewrites_nothing(&node);
    an_uninstall_takes_nothing_along(&node);
}

/// The image of the operator, or the archive that `MUSUBI_IMAGE_ARCHIVE` names.
fn image() -> PathBuf {
    let given = std::env::var_os("MUSUBI_IMAGE_ARCHIVE").map(PathBuf::from);
    let archive = given.unwrap_or_else(|| build("musubi"));
    let size = std::fs::metadata(&archive).expect("there is an image").len();
    println!("image: {size} bytes");
    assert!(size < 30_000_000, "{size} bytes");
    archive
}

/// The image of a program, as `deploy/image/build` makes it.
fn build(program: &str) -> PathBuf {
    let archive = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{program}-image.tar"));
    let mut build = Command::new(root().join("deploy/image/build"));
    build.args(["--program", program, "--engine", "buildah", "--tag", &format!("local/{program}:dev"), "--archive"]);
    assert!(build.arg(&archive).status().expect("the build can be run").success(), "no image was built; see above");
    archive
}

fn values(node: &Node) -> Vec<String> {
    [
        "image.repository=local/musubi".to_owned(),
        "image.tag=dev".to_owned(),
        "image.pullPolicy=Never".to_owned(),
        "cluster.name=node-test".to_owned(),
        "aws.region=us-east-1".to_owned(),
        format!("aws.endpointUrl={}", node.get("AWS_ENDPOINT_URL")),
        "aws.credentialsSecret=aws".to_owned(),
    ]
    .into_iter()
    .flat_map(|value| ["--set".to_owned(), value])
    .collect()
}

/// `helm upgrade --install --wait`, which believes kstatus.
fn deploy(node: &Node, more: &[&str]) {
    let fixed = ["upgrade", "--install", "musubi", "deploy/helm/musubi", "-n", NAMESPACE, "--wait", "--timeout", "3m"];
    let values = values(node);
    let all: Vec<&str> =
        fixed.into_iter().chain(values.iter().map(String::as_str)).chain(more.iter().copied()).collect();
    node.helm(&all);
}

fn pods(node: &Node) -> Vec<Value> {
    let list = node.kubectl(&["-n", NAMESPACE, "get", "pods", "-l", PODS, "-o", "json"]);
    let list: Value = serde_json::from_str(&list).expect("JSON");
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.into_iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).collect()
}

fn name(pod: &Value) -> &str {
    pod["metadata"]["name"].as_str().expect("a pod has a name")
}

/// Nothing has been restarted, whether for a probe, for memory or by itself.
fn assert_well(node: &Node) {
    let pods = pods(node);
    assert_eq!(pods.len(), 2, "two replicas: {pods:#?}");
    for pod in &pods {
        let status = &pod["status"]["containerStatuses"][0];
        assert_eq!(status["restartCount"], 0, "{status:#}");
        assert_eq!(status["ready"], true, "{status:#}");
    }
}

fn installed(node: &Node) {
    let started = Instant::now();
    deploy(node, &[]);
    println!("helm install --wait: {:?}", started.elapsed());
    assert_well(node);
    for pod in pods(node) {
        let uid = output(Command::new("pgrep").args(["-u", "65532", "-x", "musubi"]));
        assert_eq!(uid.lines().count(), 2, "both run as nobody in particular: {uid}");
        assert_eq!(pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
    }
}

fn examples_become_ready(node: &Node) {
    let started = Instant::now();
    node.kubectl(&["create", "namespace", "demo"]);
    node.kubectl(&["apply", "--server-side", "-n", "demo", "-f", "examples/"]);
    node.kubectl(&["wait", "-n", "demo", "--for=jsonpath={.status.plan.hash}", "--timeout=60s", "bucket/planned"]);
    let hash = node.kubectl(&["get", "-n", "demo", "bucket/planned", "-o", "jsonpath={.status.plan.hash}"]);
    node.kubectl(&["annotate", "-n", "demo", "bucket/planned", &format!("musubi.dev/approve={hash}")]);
    node.kubectl(&["wait", "-n", "demo", "--for=condition=Ready", "--timeout=120s", "buckets,tables", "--all"]);
    let all = node.kubectl(&["get", "aws", "-n", "demo", "-o", "name"]);
    println!("{} examples Ready: {:?}", all.lines().count(), started.elapsed());
}

/// The application of `examples/app`, by the page that shows it.
fn the_tutorial_of_the_application_works(node: &Node) {
    load(&build("shop"));
    let desk = Desk::new(node, Path::new(env!("CARGO_BIN_EXE_musubi")));
    let page = Page::parse(&read("docs/tutorial/app.md"));
    let commands = page.blocks.iter().filter(|block| matches!(block.content, Content::Node(_))).count();
    assert!(commands > 0, "the page shows the application at work");
    if let Some((line, mistake)) = desk.sit_down().on_a_node().follow(&page) {
        panic!("docs/tutorial/app.md:{line}: {mistake}");
    }
}

fn tells_of_itself(node: &Node) {
    let mut leaders = 0;
    for pod in pods(node) {
        let path = format!("/api/v1/namespaces/{NAMESPACE}/pods/{}:8080/proxy/metrics", name(&pod));
        let metrics = node.kubectl(&["get", "--raw", &path]);
        let leads = metrics.lines().any(|line| line == "musubi_leader 1");
        leaders += usize::from(leads);
        let log = node.kubectl(&["-n", NAMESPACE, "logs", name(&pod)]);
        for line in log.lines() {
            assert!(
                serde_json::from_str::<Value>(line).is_ok_and(|line| line["level"].is_string()),
                "not JSON: {line}"
            );
        }
        if leads {
            assert!(metrics.contains("musubi_objects{kind=\"bucket\",state=\"in_sync\"}"), "{metrics}");
            let created = log.lines().filter(|line| line.contains("\"operation\":\"CreateBucket\"")).count();
            assert!(created > 5, "each write to AWS is a line: {log}");
        }
    }
    assert_eq!(leaders, 1, "one of the two leads");
    println!("most memory so far, of the 256 MiB that a pod may have: {:?} MiB", most_memory());
}

/// Who may do what, by the roles that the chart brings: the built-in `edit` writes no Bucket, since whoever does
/// writes to AWS.
fn roles_grant_what_they_say(node: &Node) {
    for (user, role) in [("reader", "view"), ("developer", "edit"), ("platform", "musubi-edit")] {
        let (role, user) = (format!("--clusterrole={role}"), user);
        node.kubectl(&["-n", "demo", "create", "rolebinding", user, &role, &format!("--user={user}")]);
    }
    let account = format!("system:serviceaccount:{NAMESPACE}:musubi");
    for (user, verb, what, may) in [
        ("reader", "list", "buckets.s3.musubi.dev", "yes"),
        ("reader", "create", "buckets.s3.musubi.dev", "no"),
        ("developer", "get", "tables.dynamodb.musubi.dev", "yes"),
        ("developer", "patch", "tables.dynamodb.musubi.dev", "no"),
        ("developer", "create", "buckets.s3.musubi.dev", "no"),
        ("platform", "create", "buckets.s3.musubi.dev", "yes"),
        ("platform", "delete", "tables.dynamodb.musubi.dev", "yes"),
        ("platform", "patch", "buckets.s3.musubi.dev/status", "no"),
        ("developer", "update", "tables.dynamodb.musubi.dev/status", "no"),
        (&account, "patch", "buckets.s3.musubi.dev/status", "yes"),
        (&account, "delete", "buckets.s3.musubi.dev", "no"),
        (&account, "list", "secrets", "no"),
        (&account, "watch", "secrets", "no"),
        (&account, "get", "configmaps", "no"),
        (&account, "create", "pods", "no"),
    ] {
        assert_eq!(node.can(user, verb, what), may, "{user}: {verb} {what}");
    }
}

/// Of each process of ours, in MiB.
fn most_memory() -> Vec<u64> {
    let pids = output(Command::new("pgrep").args(["-u", "65532", "-x", "musubi"]));
    let peak = |pid: &str| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().to_owned();
        line.split(' ').next()?.parse::<u64>().ok()
    };
    pids.lines().filter_map(peak).map(|kib| kib / 1024).collect()
}

/// Buckets come in all the time while both replicas are replaced.
async fn rolls_over_under_load(node: &Node) {
    const PACE: Duration = Duration::from_millis(250);
    let client = client(node.get("KUBECONFIG")).await;
    node.kubectl(&["create", "namespace", "load"]);
    let created = created_buckets(node);
    let buckets: Api<Bucket> = Api::namespaced(client, "load");

    let (stop, mut stopped) = watch::channel(false);
    let load = tokio::spawn({
        let buckets = buckets.clone();
        async move {
            let mut number = 0_usize;
            let mut ticks = tokio::time::interval(PACE);
            while !*stopped.borrow_and_update() {
                ticks.tick().await;
                let name = format!("load-{number}");
                let bucket = json!({
                    "apiVersion": "s3.musubi.dev/v1alpha1", "kind": "Bucket", "metadata": {"name": name},
                    "spec": {"name": format!("node-test-{name}"), "tags": {"number": number.to_string()}},
                });
                let applied = buckets.patch(&name, &PatchParams::apply("load"), &Patch::Apply(bucket)).await;
                applied.expect("the API server takes it");
                number += 1;
            }
            number
        }
    });
    let (moments, mut observed) = watch::channel(BTreeMap::new());
    let watching = tokio::spawn(watch_ready(buckets, moments));
    let mut all_ready = async |wanted: usize| {
        let waited =
            tokio::time::timeout(Duration::from_secs(60), observed.wait_for(|moments| moments.len() >= wanted)).await;
        waited.expect("the load becomes Ready").expect("somebody watches").clone()
    };
    let before = all_ready(10).await.len();
    let started = Instant::now();
    node.kubectl(&["-n", NAMESPACE, "rollout", "restart", "deployment/musubi"]);
    node.kubectl(&["-n", NAMESPACE, "rollout", "status", "deployment/musubi", "--timeout=120s"]);
    // Whoever leads now is one of the new ones, and goes on.
    let made_meanwhile = usize::try_from(started.elapsed().as_millis() / PACE.as_millis()).expect("not that many");
    all_ready(before + made_meanwhile + 10).await;
    let took = started.elapsed();
    stop.send_replace(true);
    let made = load.await.expect("the load goes on to the end");
    let mut times: Vec<Instant> = all_ready(made).await.into_values().collect();
    watching.abort();
    times.sort();
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    let longest = gaps.max().expect("there are many");
    println!("rolling update in {took:?}: {made} buckets made, the longest time without one Ready {longest:?}");
    assert!(longest <= MAX_GAP, "{longest:?}");
    assert_well(node);
    println!("most memory after that: {:?} MiB", most_memory());

    assert_eq!(created_buckets(node) - created, made, "each bucket is created once");
}

/// How many buckets LocalStack has created so far.
fn created_buckets(node: &Node) -> usize {
    let log = std::fs::read_to_string(node.get("LOCALSTACK_LOG")).expect("LocalStack has a log");
    log.matches("AWS s3.CreateBucket => 200").count()
}

/// Notes when each bucket was Ready for the first time.
async fn watch_ready(buckets: Api<Bucket>, moments: watch::Sender<BTreeMap<String, Instant>>) {
    let mut events = std::pin::pin!(watcher::watcher(buckets, watcher::Config::default()));
    while let Ok(event) = events.try_next().await {
        let Some(Event::Apply(bucket) | Event::InitApply(bucket)) = event else { continue };
        if bucket.status.as_ref().is_some_and(|status| status.is_true("Ready")) {
            moments.send_modify(|moments| {
                moments.entry(bucket.name_any()).or_insert_with(Instant::now);
            });
        }
    }
}

fn an_upgrade_rewrites_nothing(node: &Node) {
    let objects = || {
        node.kubectl(&[
            "get",
            "aws",
            "-A",
            "-o",
            "jsonpath={range .items[*]}{.metadata.name} {.metadata.generation} {.spec}{\"\\n\"}{end}",
        ])
    };
    let (writes, before) = (node.aws_writes().len(), objects());
    // Other settings make other pods, and everything is looked at anew.
    deploy(
        node,
        &["--set", "concurrency=8", "--set", "resyncIntervalSeconds=1", "--set", "minResyncIntervalSeconds=1"],
    );
    let token = "musubi.dev/reconcile-at=after-the-upgrade";
    node.kubectl(&["annotate", "-n", "demo", "buckets,tables", "--all", token]);
    let handled = "--for=jsonpath={.status.lastHandledReconcileAt}=after-the-upgrade";
    node.kubectl(&["wait", "-n", "demo", handled, "--timeout=60s", "buckets,tables", "--all"]);
    let after = node.aws_writes();
    assert_eq!(after[writes..], [] as [String; 0], "nothing is written to AWS");
    assert_eq!(objects(), before, "nor to any object");
}

fn an_uninstall_takes_nothing_along(node: &Node) {
    let objects = || node.kubectl(&["get", "aws", "-A", "-o", "name"]);
    let (writes, before) = (node.aws_writes().len(), objects());
    node.helm(&["uninstall", "musubi", "-n", NAMESPACE, "--wait"]);
    assert_eq!(objects(), before, "CRDs and objects stay");
    assert_eq!(node.aws_writes()[writes..], [] as [String; 0], "and so does AWS");
    let left = node.kubectl(&["get", "clusterroles,clusterrolebindings", "-o", "name"]);
    assert!(!left.contains("musubi"), "{left}");
    // Who comes back finds everything as it was.
    deploy(node, &[]);
    node.kubectl(&["wait", "-n", "demo", "--for=condition=Ready", "--timeout=60s", "buckets,tables", "--all"]);
    assert_eq!(node.aws_writes()[writes..], [] as [String; 0]);
}

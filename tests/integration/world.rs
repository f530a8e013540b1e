//! A test's own corner of the shared rig: a namespace, names in AWS, a proxy and an operator.

use std::{fmt::Debug, time::Duration};

use futures::TryStreamExt as _;
use k8s_openapi::{
    api::core::v1::{Namespace, Secret},
    apimachinery::pkg::apis::meta::v1::Condition,
};
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ApiResource, DeleteParams, DynamicObject, ObjectMeta, Patch, PatchParams, PostParams, ValidationDirective},
    core::{NamespaceResourceScope, object::HasStatus},
    runtime::{
        wait::{Condition as Awaited, await_condition},
        watcher::Event,
    },
};
use musubi::api::{APPROVE, Bucket, Status, Table};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    audit,
    aws::Aws,
    operator::Operator,
    proxy::Proxy,
    rig::{Rig, client},
};

pub struct World {
    pub rig: &'static Rig,
    pub client: Client,
    pub namespace: String,
    pub proxy: Proxy,
    pub operator: Operator,
    pub aws: Aws,
    flags: Vec<String>,
}

/// A generous limit for whatever is waited for: what fails to come fails the test.
const TIMEOUT: Duration = Duration::from_mins(2);

/// A kind of Musubi's, as tests handle it.
pub trait Kind:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + HasStatus<Status = Status>
    + Clone
    + Debug
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
}

impl Kind for Bucket {}
impl Kind for Table {}

impl World {
    /// On the shared rig, with a resync so far away that it plays no part.
    pub async fn new(name: &str) -> Self {
        Self::with(name, &[]).await
    }

    /// With a resync of a second: drift is put right at once.
    pub async fn eager(name: &str) -> Self {
        Self::with(name, &["--resync-interval-seconds=1"]).await
    }

    pub async fn with(name: &str, flags: &[&str]) -> Self {
        Self::on(Rig::shared(), name, flags).await
    }

    /// Of operators that work only while they hold a lease, which they need a moment to be allowed.
    pub async fn electing(name: &str) -> Self {
        let mut world = Self::new(name).await;
        world.allow_lease();
        let namespace = format!("--lease-namespace={}", world.namespace);
        world.restart_operator_with(&["--leader-elect", &namespace]);
        world
    }

    pub async fn on(rig: &'static Rig, name: &str, flags: &[&str]) -> Self {
        let client = client(rig.get("KUBECONFIG")).await;
        let namespace = format!("{name}-{:06x}", fastrand::u32(..0x0100_0000));
        create_namespace(&client, &namespace).await;
        let proxy = Proxy::start(rig.get("AWS_ENDPOINT_URL")).await;
        let mut all = vec![
            format!("--watch-namespace={namespace}"),
            format!("--cluster-name=tests-{namespace}"),
            format!("--aws-endpoint-url={}", proxy.url),
            "--creation-grace-seconds=0".to_owned(),
            "--visibility-seconds=1".to_owned(),
        ];
        all.extend(flags.iter().map(|flag| (*flag).to_owned()));
        let operator = Operator::start(rig.get("OPERATOR_KUBECONFIG"), &all);
        let aws = Aws::new(rig.get("AWS_ENDPOINT_URL"));
        Self { rig, client, namespace, proxy, operator, aws, flags: all }
    }

    /// Lets the operator have a lease in this namespace, by the shipped role.
    pub fn allow_lease(&self) {
        let role = format!("{}/deploy/kustomize/base/rbac/lease.yaml", env!("CARGO_MANIFEST_DIR"));
        self.rig.kubectl(&["apply", "-n", &self.namespace, "-f", &role]);
        let binding = ["create", "rolebinding", "musubi-lease", "--role=musubi-lease", "--user=musubi"];
        self.rig.kubectl(&[&["-n", &self.namespace], &binding[..]].concat());
    }

    /// Another operator for the same namespace, which goes to the same AWS by a proxy of its own.
    pub async fn another_operator(&self) -> (Operator, Proxy) {
        let proxy = self.proxy.beside().await;
        let endpoint = format!("--aws-endpoint-url={}", proxy.url);
        let other = |flag: &String| {
            if flag.starts_with("--aws-endpoint-url=") { endpoint.clone() } else { flag.clone() }
        };
        let flags: Vec<String> = self.flags.iter().map(other).collect();
        (Operator::start(self.rig.get("OPERATOR_KUBECONFIG"), &flags), proxy)
    }

    /// The operator again, as it was started before.
    pub fn restart_operator(&mut self) {
        self.operator.kill();
        self.operator = Operator::start(self.rig.get("OPERATOR_KUBECONFIG"), &self.flags);
    }

    /// The operator again, with these flags besides.
    pub fn restart_operator_with(&mut self, flags: &[&str]) {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self.restart_operator();
    }

    /// The operator again, with credentials of another account.
    pub fn restart_operator_as(&mut self, account: &str) {
        self.operator.kill();
        self.operator = Operator::start_as(account, self.rig.get("OPERATOR_KUBECONFIG"), &self.flags);
    }

    /// A name in AWS that nobody else has.
    pub fn name(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.namespace)
    }

    pub fn api<K: Kind>(&self) -> Api<K> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    pub fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// `kubectl apply --server-side` of a whole manifest.
    pub async fn apply<K: Kind>(&self, name: &str, spec: Value) -> K {
        self.try_apply(name, spec).await.unwrap_or_else(|error| panic!("{name} was refused: {error}"))
    }

    /// The same, and what the API server says against it.
    pub async fn try_apply<K: Kind>(&self, name: &str, spec: Value) -> Result<K, String> {
        let object = json!({
            "apiVersion": K::api_version(&()), "kind": K::kind(&()), "metadata": {"name": name}, "spec": spec,
        });
        let params =
            PatchParams { field_validation: Some(ValidationDirective::Strict), ..PatchParams::apply("a-user").force() };
        let api =
            Api::<DynamicObject>::namespaced_with(self.client.clone(), &self.namespace, &ApiResource::erase::<K>(&()));
        let applied = api.patch(name, &params, &Patch::Apply(object)).await.map_err(|error| error.to_string())?;
        applied.try_parse().map_err(|error| error.to_string())
    }

    /// Waits, by a watch, for an object to satisfy a condition.
    pub async fn wait<K: Kind>(&self, name: &str, what: &str, condition: impl Awaited<K>) -> K {
        let waited = tokio::time::timeout(TIMEOUT, await_condition(self.api::<K>(), name, condition)).await;
        match waited {
            Ok(Ok(Some(object))) => object,
            Ok(other) => panic!("waiting for {name} to be {what}: {other:?}"),
            Err(_elapsed) => {
                panic!("{name} is not {what} within {TIMEOUT:?}: {:#?}", self.api::<K>().get_opt(name).await)
            }
        }
    }

    /// As `kubectl wait --for=condition=Ready` does: True, at the generation there is now.
    pub async fn ready<K: Kind>(&self, name: &str) -> K {
        self.wait(name, "Ready", |object: Option<&K>| {
            object.is_some_and(|object| {
                let ready = condition(object, "Ready");
                ready.is_some_and(|ready| {
                    ready.status == "True" && ready.observed_generation == object.meta().generation
                })
            })
        })
        .await
    }

    /// Waits until a look has shown that all is in place: only what differs after that is drift, and not a write that
    /// AWS does not show yet. For those that are looked at all the time.
    pub async fn seen_in_place<K: Kind>(&self, about: &str) {
        let look = if K::kind(&()) == "Bucket" { "GetBucketTagging" } else { "DescribeTable" };
        self.proxy.wait_for_more(look, about, 2).await;
    }

    /// Stalled for this reason, at the generation there is now; the message.
    pub async fn stalled<K: Kind>(&self, name: &str, reason: &str) -> String {
        let found = self
            .wait(name, reason, |object: Option<&K>| {
                object.is_some_and(|object| {
                    let stalled = condition(object, "Stalled");
                    stalled.is_some_and(|stalled| {
                        stalled.reason == reason && stalled.observed_generation == object.meta().generation
                    })
                })
            })
            .await;
        assert!(condition(&found, "Reconciling").is_none(), "never Stalled and Reconciling at once");
        condition(&found, "Stalled").map(|stalled| stalled.message.clone()).unwrap_or_default()
    }

    /// Synced is False for this reason.
    pub async fn unsynced<K: Kind>(&self, name: &str, reason: &str) -> K {
        self.wait(name, reason, |object: Option<&K>| {
            object.and_then(|object| condition(object, "Synced")).is_some_and(|synced| synced.reason == reason)
        })
        .await
    }

    /// Gives approval to whatever waits for one.
    pub async fn approve<K: Kind>(&self, name: &str) {
        let object: K = self.api().get(name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let hash = &status(&object).plan.as_ref().expect("what waits for approval").hash;
        let patch = json!({"metadata": {"annotations": {APPROVE: hash}}});
        let patched = self.api::<K>().patch(name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    pub async fn delete<K: Kind>(&self, name: &str) {
        self.api::<K>().delete(name, &DeleteParams::default()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// Waits until the object is gone.
    pub async fn gone<K: Kind>(&self, name: &str) {
        let gone = |object: Option<&K>| object.is_none();
        let waited = tokio::time::timeout(TIMEOUT, await_condition(self.api::<K>(), name, gone)).await;
        let left = if waited.is_err() { self.api::<K>().get_opt(name).await.ok() } else { None };
        assert!(waited.is_ok(), "{name} is not gone within {TIMEOUT:?}: {left:#?}");
    }

    /// The entries of a Secret as text.
    pub async fn secret(&self, name: &str) -> std::collections::BTreeMap<String, String> {
        let secret = self.secrets().get(name).await.unwrap_or_else(|error| panic!("Secret {name}: {error}"));
        let data = secret.data.into_iter().flatten();
        data.map(|(key, value)| (key, String::from_utf8_lossy(&value.0).into_owned())).collect()
    }

    /// Waits until the Secret is gone.
    pub async fn secret_gone(&self, name: &str) {
        let gone = |secret: Option<&Secret>| secret.is_none();
        let waited = tokio::time::timeout(TIMEOUT, await_condition(self.secrets(), name, gone)).await;
        assert!(waited.is_ok(), "Secret {name} is not gone within {TIMEOUT:?}");
    }

    /// Waits for an Event with this reason on an object; its note.
    pub async fn event(&self, name: &str, reason: &str) -> String {
        let api: Api<k8s_openapi::api::events::v1::Event> = Api::namespaced(self.client.clone(), &self.namespace);
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        let mut events = std::pin::pin!(kube::runtime::watcher(api, kube::runtime::watcher::Config::default()));
        loop {
            let event = tokio::time::timeout_at(deadline, events.try_next()).await;
            let event = event.unwrap_or_else(|_| panic!("no Event {reason} on {name} within {TIMEOUT:?}"));
            if let Ok(Some(Event::Apply(event) | Event::InitApply(event))) = event {
                let regarding = event.regarding.as_ref().and_then(|object| object.name.as_deref());
                if regarding == Some(name) && event.reason.as_deref() == Some(reason) {
                    return event.note.unwrap_or_default();
                }
            }
        }
    }

    /// Kubernetes writes of the operator so far: those that count, and Events.
    pub fn kubernetes_writes(&self) -> (Vec<audit::Request>, Vec<audit::Request>) {
        audit::writes(self.rig.get("AUDIT_LOG"), &self.namespace)
    }
}

/// Asks until it is so: for what the API server does a moment later, and has no event for.
pub async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    while !ask().await {
        assert!(tokio::time::Instant::now() < deadline, "not within {TIMEOUT:?}: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

pub fn condition<'a, K: Kind>(object: &'a K, type_: &str) -> Option<&'a Condition> {
    object.status()?.condition(type_)
}

pub fn status<K: Kind>(object: &K) -> &Status {
    object.status().expect("the operator has written a status")
}

pub async fn create_namespace(client: &Client, name: &str) {
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    Api::all(client.clone()).create(&PostParams::default(), &namespace).await.expect("a namespace can be made");
}

/// The object's uid, which its resources carry in AWS.
pub fn uid<K: Kind>(object: &K) -> String {
    object.uid().expect("a stored object has a uid")
}

//! The API server as far as the operator uses it: objects with uids, resourceVersions, generations
//! and finalizers, a status sub-resource, Secrets, and the history that watches are fed from.
//!
//! It is served to the real kube client as a service in memory, so `managed::cluster` runs as it is.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Method, Request, Response};
use kube::client::Body;
use serde_json::{Value, json};

use super::world::{Leg, World};

/// What the API server holds.
#[derive(Clone, Debug, Default)]
pub struct Store {
    /// Custom objects by (plural, name). There is one namespace.
    pub objects: BTreeMap<(String, String), Value>,
    pub secrets: BTreeMap<String, Value>,
    /// Every state that a custom object ever had, in order: what watches see.
    pub history: Vec<Change>,
    version: u64,
    uids: u64,
}

/// One event of a watch.
#[derive(Clone, Debug)]
pub enum Change {
    Applied(Value),
    Deleted(Value),
}

/// An answer that is no success.
#[derive(Clone, Debug)]
pub struct Refused {
    pub code: u16,
    pub reason: &'static str,
}

const fn refused(code: u16, reason: &'static str) -> Refused {
    Refused { code, reason }
}

impl Store {
    fn next_version(&mut self) -> String {
        self.version += 1;
        self.version.to_string()
    }

    fn next_uid(&mut self) -> String {
        self.uids += 1;
        format!("uid-{}", self.uids)
    }

    /// A user applies a manifest: made, or its spec replaced.
    pub fn apply(&mut self, plural: &str, mut object: Value) {
        let name = text(&object["metadata"]["name"]);
        let key = (plural.to_owned(), name);
        if let Some(before) = self.objects.get(&key) {
            let mut after = before.clone();
            after["spec"] = object["spec"].clone();
            if after["spec"] != before["spec"] {
                self.put(&key, after, true);
            }
            return;
        }
        object["metadata"]["uid"] = self.next_uid().into();
        object["metadata"]["generation"] = 0.into();
        object["metadata"]["namespace"] = "shop".into();
        object["status"] = json!({"observedGeneration": -1});
        self.put(&key, object, true);
    }

    /// A user sets an annotation.
    pub fn annotate(&mut self, plural: &str, name: &str, annotation: &str, value: Value) {
        let key = (plural.to_owned(), name.to_owned());
        let Some(mut object) = self.objects.get(&key).cloned() else { return };
        object["metadata"]["annotations"][annotation] = value;
        self.put(&key, object, false);
    }

    /// A user deletes an object.
    pub fn delete(&mut self, plural: &str, name: &str, now: &str) {
        let key = (plural.to_owned(), name.to_owned());
        let Some(mut object) = self.objects.get(&key).cloned() else { return };
        if finalizers(&object).is_empty() {
            self.remove(&key);
        } else if object["metadata"]["deletionTimestamp"].is_null() {
            object["metadata"]["deletionTimestamp"] = now.into();
            self.put(&key, object, true);
        }
    }

    fn put(&mut self, key: &(String, String), mut object: Value, edited: bool) {
        object["metadata"]["resourceVersion"] = self.next_version().into();
        if edited {
            let generation = object["metadata"]["generation"].as_i64().unwrap_or_default();
            object["metadata"]["generation"] = (generation + 1).into();
        }
        if !object["metadata"]["deletionTimestamp"].is_null() && finalizers(&object).is_empty() {
            self.objects.insert(key.clone(), object);
            return self.remove(key);
        }
        self.history.push(Change::Applied(object.clone()));
        self.objects.insert(key.clone(), object);
    }

    fn remove(&mut self, key: &(String, String)) {
        let Some(mut object) = self.objects.remove(key) else { return };
        object["metadata"]["resourceVersion"] = self.next_version().into();
        self.history.push(Change::Deleted(object));
    }

    fn patch(&mut self, key: &(String, String), status: bool, apply: bool, patch: &Value) -> Result<Value, Refused> {
        let Some(before) = self.objects.get(key).cloned() else { return Err(refused(404, "NotFound")) };
        let mut after = before.clone();
        if apply {
            if patch["metadata"]["uid"].as_str().is_some_and(|uid| before["metadata"]["uid"] != uid) {
                return Err(refused(409, "Conflict"));
            }
            if !before["metadata"]["deletionTimestamp"].is_null() {
                return Err(refused(422, "Invalid"));
            }
            let mut all = finalizers(&before);
            for finalizer in finalizers(patch) {
                if !all.contains(&finalizer) {
                    all.push(finalizer);
                }
            }
            after["metadata"]["finalizers"] = json!(all);
        } else {
            let operations: json_patch::Patch =
                serde_json::from_value(patch.clone()).map_err(|_| refused(400, "BadRequest"))?;
            json_patch::patch(&mut after, &operations).map_err(|_| refused(422, "Invalid"))?;
            if status {
                let written = after["status"].clone();
                after = before.clone();
                after["status"] = written;
            } else {
                after["status"] = before["status"].clone();
            }
        }
        if after != before {
            self.put(key, after.clone(), false);
        }
        Ok(self.objects.get(key).cloned().unwrap_or(after))
    }

    fn secret(&mut self, method: &Method, name: &str, body: &Value) -> Result<Value, Refused> {
        match *method {
            Method::POST => {
                let name = text(&body["metadata"]["name"]);
                if self.secrets.contains_key(&name) {
                    return Err(refused(409, "AlreadyExists"));
                }
                let mut secret = body.clone();
                secret["metadata"]["uid"] = self.next_uid().into();
                secret["metadata"]["resourceVersion"] = self.next_version().into();
                self.secrets.insert(name, secret.clone());
                Ok(secret)
            }
            Method::GET => self.secrets.get(name).cloned().ok_or(refused(404, "NotFound")),
            Method::PUT => {
                let current = self.secrets.get(name).ok_or(refused(404, "NotFound"))?;
                if current["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"] {
                    return Err(refused(409, "Conflict"));
                }
                let mut secret = body.clone();
                secret["metadata"]["resourceVersion"] = self.next_version().into();
                self.secrets.insert(name.to_owned(), secret.clone());
                Ok(secret)
            }
            Method::DELETE => {
                let current = self.secrets.get(name).ok_or(refused(404, "NotFound"))?;
                let wanted = &body["preconditions"]["uid"];
                if !wanted.is_null() && current["metadata"]["uid"] != *wanted {
                    return Err(refused(409, "Conflict"));
                }
                self.secrets.remove(name).ok_or(refused(404, "NotFound"))
            }
            _ => Err(refused(405, "MethodNotAllowed")),
        }
    }

    /// The garbage collector: what belongs to nobody goes.
    pub fn collect_garbage(&mut self) {
        let alive: Vec<&Value> = self.objects.values().map(|object| &object["metadata"]["uid"]).collect();
        self.secrets.retain(|_, secret| alive.contains(&&secret["metadata"]["ownerReferences"][0]["uid"]));
    }

    /// Answers one request.
    pub fn answer(&mut self, call: &Call) -> Result<Value, Refused> {
        match call.path.as_slice() {
            // The namespace itself.
            [""] if call.method == Method::GET => Ok(json!({
                "apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata",
                "metadata": {"name": "shop", "uid": "namespace-1"},
            })),
            ["secrets"] => self.secret(&call.method, "", &call.body),
            ["secrets", name] => self.secret(&call.method, name, &call.body),
            [plural, name, rest @ ..] => {
                let key = ((*plural).to_owned(), (*name).to_owned());
                match call.method {
                    Method::GET => self.objects.get(&key).cloned().ok_or(refused(404, "NotFound")),
                    Method::PATCH => self.patch(&key, *rest == ["status"], call.apply, &call.body),
                    _ => Err(refused(405, "MethodNotAllowed")),
                }
            }
            _ => Err(refused(404, "NotFound")),
        }
    }
}

/// Finalizers of an object.
pub fn finalizers(object: &Value) -> Vec<String> {
    object["metadata"]["finalizers"].as_array().into_iter().flatten().map(text).collect()
}

/// A string, or nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// One request, taken apart: `path` is what follows the namespace.
#[derive(Debug)]
pub struct Call<'a> {
    pub method: Method,
    pub path: Vec<&'a str>,
    pub apply: bool,
    pub body: Value,
}

impl Call<'_> {
    /// In few words, for the record of a run.
    pub fn words(&self) -> String {
        let apply = if self.apply { " apply" } else { "" };
        format!("{} {}{apply}", self.method, self.path.join("/"))
    }
}

/// The API server as the kube client reaches it.
#[derive(Clone)]
pub struct Service {
    pub world: Arc<World>,
    /// Which process asks: a dead one gets no answers.
    pub process: usize,
}

impl tower::Service<Request<Body>> for Service {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (world, process) = (self.world.clone(), self.process);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect_bytes().await.unwrap_or_default();
            let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
            let path = parts.uri.path().to_owned();
            let mut words = path.split("/namespaces/shop/");
            let path: Vec<&str> = words.nth(1).unwrap_or_default().split('/').collect();
            if path.first() == Some(&"events") {
                return Ok(respond(201, &body));
            }
            let kind = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let call = Call { method: parts.method, path, apply: kind.contains("apply-patch"), body };
            let write = call.method != Method::GET;
            let answer =
                world.call(process, Leg::Kube, write, &call.words(), |state| state.serve(process, &call)).await;
            Ok(match answer {
                Ok(value) => respond(200, &value),
                Err(refused) => respond(
                    refused.code,
                    &json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": refused.code,
                        "reason": refused.reason, "message": refused.reason}),
                ),
            })
        })
    }
}

fn respond(code: u16, body: &Value) -> Response<Body> {
    let bytes = serde_json::to_vec(body).unwrap_or_default();
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    response
}

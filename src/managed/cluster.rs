//! The effects on Kubernetes, each guarded by the uid of the object that the reconciliation is about.
//!
//! A name is not an identity: an object can be deleted and made again under the same name while a
//! pass is under way (Sieve, OSDI'22, found operators destroying the second one's data for the
//! first one's deletion). Every write here fails on another uid.

use std::{sync::Arc, time::Duration};

use k8s_openapi::{
    ByteString,
    api::core::v1::{Namespace, Secret},
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference},
};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions},
};
use serde_json::json;
use thiserror::Error;

use crate::api::{FINALIZER, Status};

use super::{
    error::{Error, ErrorKind, Reason},
    object::ManagedObject,
    secret::Wanted,
};

/// The field manager of our server-side applies.
const MANAGER: &str = "musubi";

/// How long one call to the API server may take. kube has no timeout of its own on responses: a
/// call on a dead connection would hold a worker for ever.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Why an effect on Kubernetes did not come about.
#[derive(Debug, Error)]
pub enum ClusterError {
    /// The object is gone, or another one bears its name now. There is nothing left to do for it.
    #[error("the object was deleted, or replaced by another one of the same name")]
    Superseded,
    /// The object has changed since it was read; a new reconciliation sees the change.
    #[error("the object was changed since it was read")]
    Changed,
    /// The API server did not answer in time.
    #[error("the API server did not respond within {TIMEOUT:?}")]
    TimedOut,
    /// The API server refused, or could not be reached.
    #[error("API server: {0}")]
    Api(#[source] Box<kube::Error>),
}

impl ClusterError {
    /// Why the API server does not let the operator do it, if that is what it says.
    fn forbidden(&self) -> Option<&str> {
        match self {
            Self::Api(error) => match &**error {
                kube::Error::Api(status) if status.code == 403 => Some(&status.reason),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<kube::Error> for ClusterError {
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if status.code == 404 => Self::Superseded,
            kube::Error::Api(status) if status.code == 409 => Self::Changed,
            _ => Self::Api(Box::new(error)),
        }
    }
}

/// What is kept of an object in memory: managed fields, the last applied manifest, and labels and annotations of
/// others are half of it, and of no use here.
pub fn pruned<K: ManagedObject>(mut object: K) -> K {
    object.managed_fields_mut().clear();
    object.labels_mut().clear();
    object.annotations_mut().retain(|key, _| key.starts_with("musubi.dev/"));
    object
}

async fn bounded<T>(call: impl Future<Output = Result<T, kube::Error>>) -> Result<T, ClusterError> {
    tokio::time::timeout(TIMEOUT, call).await.map_err(|_| ClusterError::TimedOut)?.map_err(ClusterError::from)
}

/// The API server, as one object's pass sees it.
pub struct Cluster<K: ManagedObject> {
    objects: Api<K>,
    secrets: Api<Secret>,
    namespaces: Api<Namespace>,
    namespace: String,
    name: String,
    uid: String,
}

impl<K: ManagedObject> Cluster<K> {
    /// For this object, which must come from the API server.
    pub fn of(client: &Client, object: &K) -> Self {
        let namespace = object.namespace().unwrap_or_default();
        Self {
            objects: Api::namespaced(client.clone(), &namespace),
            secrets: Api::namespaced(client.clone(), &namespace),
            namespaces: Api::all(client.clone()),
            namespace,
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
        }
    }

    /// Reads the object from the API server rather than from a cache, which may be from the past.
    ///
    /// # Errors
    /// [`ClusterError::Superseded`] if it is gone or another bears its name.
    pub async fn read_live(&self) -> Result<Arc<K>, ClusterError> {
        let object = bounded(self.objects.get(&self.name)).await?;
        if object.uid().as_deref() == Some(&self.uid) {
            Ok(Arc::new(pruned(object)))
        } else {
            Err(ClusterError::Superseded)
        }
    }

    /// The uid of the object's namespace, from the API server rather than from a cache.
    ///
    /// # Errors
    /// When the API server does not answer. A role that lacks the permission, such as that of an earlier version, is
    /// a [`Error`] for the status.
    pub async fn namespace_uid(&self) -> Result<Result<String, Error>, ClusterError> {
        match bounded(self.namespaces.get_metadata(&self.namespace)).await {
            Ok(namespace) => Ok(Ok(namespace.uid().unwrap_or_default())),
            Err(error) if error.forbidden().is_some() => Ok(Err(Error::new(
                ErrorKind::Denied,
                Reason::NamespaceForbidden,
                format!(
                    "The operator has no permission to read namespace {}. Grant its role the verb get on namespaces, \
                     as the manifests and the chart of this version do",
                    self.namespace
                ),
            ))),
            Err(error) => Err(error),
        }
    }

    /// Puts our finalizer on the object. Server-side apply refuses another uid, and an object that is
    /// being deleted takes no new finalizer: the answer is as good as a live read.
    ///
    /// # Errors
    /// [`ClusterError::Changed`] if another object bears the name.
    pub async fn add_finalizer(&self) -> Result<Arc<K>, ClusterError> {
        let apply = json!({
            "apiVersion": K::api_version(&()),
            "kind": K::kind(&()),
            "metadata": {"name": self.name, "uid": self.uid, "finalizers": [FINALIZER]},
        });
        let params = PatchParams::apply(MANAGER).force();
        Ok(Arc::new(pruned(bounded(self.objects.patch(&self.name, &params, &Patch::Apply(apply))).await?)))
    }

    /// Takes our finalizer off. What other finalizers there are must be what `object` says.
    ///
    /// # Errors
    /// [`ClusterError::Changed`] if the finalizers have changed; gone already counts as success.
    pub async fn remove_finalizer(&self, object: &K) -> Result<Option<Arc<K>>, ClusterError> {
        let before = object.finalizers();
        let after: Vec<&String> = before.iter().filter(|finalizer| *finalizer != FINALIZER).collect();
        let patch = json!([
            self.uid_test(),
            {"op": "test", "path": "/metadata/finalizers", "value": before},
            {"op": "replace", "path": "/metadata/finalizers", "value": after},
        ]);
        match self.json_patch(patch, false).await {
            Ok(object) => Ok(Some(object)),
            Err(ClusterError::Superseded) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the status. Not by apply or merge: on the status sub-resource those ignore a wrong uid
    /// (tried on Kubernetes 1.36) and would write into a successor of the same name. And only onto
    /// `object` as it was read: a status made from an older one would forget approvals that were
    /// counted since, or blocks that are to be reset.
    ///
    /// # Errors
    /// [`ClusterError::Changed`] if the uid is another's, or the object has changed.
    pub async fn write_status(&self, object: &K, status: &Status) -> Result<Arc<K>, ClusterError> {
        let patch = json!([
            self.uid_test(),
            {"op": "test", "path": "/metadata/resourceVersion", "value": object.resource_version()},
            {"op": "add", "path": "/status", "value": status},
        ]);
        self.json_patch(patch, true).await
    }

    /// The operation that keeps a JSON Patch off another object of this name.
    fn uid_test(&self) -> serde_json::Value {
        json!({"op": "test", "path": "/metadata/uid", "value": self.uid})
    }

    async fn json_patch(&self, patch: serde_json::Value, status: bool) -> Result<Arc<K>, ClusterError> {
        let patch: json_patch::Patch = serde_json::from_value(patch)
            .map_err(|error| ClusterError::Api(Box::new(kube::Error::SerdeError(error))))?;
        let patch = Patch::<()>::Json(patch);
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        let answer = if status {
            bounded(self.objects.patch_status(&self.name, &params, &patch)).await
        } else {
            bounded(self.objects.patch(&self.name, &params, &patch)).await
        };
        match answer {
            Ok(object) => Ok(Arc::new(pruned(object))),
            // A JSON Patch whose test fails is answered with 422 and no causes.
            Err(ClusterError::Api(error)) if matches!(&*error, kube::Error::Api(status) if status.code == 422 && status.details.as_ref().is_none_or(|details| details.causes.is_empty())) => {
                Err(ClusterError::Changed)
            }
            Err(error) => Err(error),
        }
    }

    /// Brings the Secret to what is wanted, and touches none that this object does not control.
    ///
    /// `known` says that it was written before, so that an object in sync costs a read and no
    /// refused write.
    ///
    /// # Errors
    /// The outer error ends the reconciliation; the inner error is for the user.
    pub async fn write_secret(&self, wanted: &Wanted, known: bool) -> Result<Result<(), Error>, ClusterError> {
        if !known {
            match bounded(self.secrets.create(&PostParams::default(), &self.secret(wanted))).await {
                Ok(_) => return Ok(Ok(())),
                Err(ClusterError::Changed) => {}
                Err(error) => return Self::explained(wanted, error),
            }
        }
        let Some(mut current) = bounded(self.secrets.get_opt(&wanted.name)).await? else {
            return match bounded(self.secrets.create(&PostParams::default(), &self.secret(wanted))).await {
                Ok(_) => Ok(Ok(())),
                Err(error) => Self::explained(wanted, error),
            };
        };
        if let Err(error) = self.controls(&current) {
            return Ok(Err(error));
        }
        if current.type_.as_deref() != Some(&wanted.type_) {
            // The type of a Secret is immutable; ours with another one is replaced.
            self.delete_controlled(&current).await?;
            return Ok(Err(Error::new(
                ErrorKind::Pending,
                Reason::SecretReplaced,
                "The connection Secret is being replaced, because the type of a Secret is immutable",
            )));
        }
        let data = self.secret(wanted).data;
        if current.data != data {
            current.data = data;
            // With the resourceVersion that was read: Secrets accept unconditional updates.
            bounded(self.secrets.replace(&wanted.name, &PostParams::default(), &current)).await?;
        }
        Ok(Ok(()))
    }

    /// A namespace that is going away takes no new Secret; that must not read as the user's mistake.
    fn explained(wanted: &Wanted, error: ClusterError) -> Result<Result<(), Error>, ClusterError> {
        match error.forbidden() {
            Some(reason) => Ok(Err(Error::new(
                ErrorKind::Denied,
                Reason::SecretForbidden,
                format!(
                    "The operator has no permission to create Secret {}. Bind its ServiceAccount to its role, or check \
                     whether the namespace is being deleted. API server: \"{reason}\"",
                    wanted.name
                ),
            ))),
            None => Err(error),
        }
    }

    /// Deletes a Secret that an earlier generation of this object had, if this object controls it.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn delete_secret(&self, name: &str) -> Result<(), ClusterError> {
        match bounded(self.secrets.get_opt(name)).await? {
            Some(secret) if self.controls(&secret).is_ok() => self.delete_controlled(&secret).await,
            _ => Ok(()),
        }
    }

    async fn delete_controlled(&self, secret: &Secret) -> Result<(), ClusterError> {
        let params = DeleteParams {
            preconditions: Some(Preconditions { uid: secret.uid(), resource_version: secret.resource_version() }),
            ..DeleteParams::default()
        };
        match bounded(self.secrets.delete(&secret.name_any(), &params)).await {
            Ok(_) | Err(ClusterError::Superseded) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether this very object controls the Secret.
    fn controls(&self, secret: &Secret) -> Result<(), Error> {
        let controller = secret.owner_references().iter().find(|owner| owner.controller == Some(true));
        match controller {
            Some(owner) if owner.uid == self.uid => Ok(()),
            Some(owner) if owner.kind == K::kind(&()) && owner.name == self.name => Err(Error::new(
                ErrorKind::Pending,
                Reason::SecretBeingDeleted,
                format!(
                    "Secret {}/{} belongs to an earlier {} of this name and is being deleted",
                    self.namespace,
                    secret.name_any(),
                    K::NAMES.kind
                ),
            )),
            _ => Err(Error::user(
                Reason::SecretConflict,
                format!(
                    "Secret {}/{} exists and was not created by this {}. Set connectionSecret.name to another name, \
                     or delete the Secret",
                    self.namespace,
                    secret.name_any(),
                    K::NAMES.kind
                ),
            )),
        }
    }

    fn secret(&self, wanted: &Wanted) -> Secret {
        let owner = OwnerReference {
            api_version: K::api_version(&()).into_owned(),
            kind: K::kind(&()).into_owned(),
            name: self.name.clone(),
            uid: self.uid.clone(),
            controller: Some(true),
            block_owner_deletion: None,
        };
        let data = wanted.data.iter().map(|(key, value)| (key.clone(), ByteString(value.clone().into_bytes())));
        Secret {
            metadata: ObjectMeta {
                name: Some(wanted.name.clone()),
                owner_references: Some(vec![owner]),
                labels: Some([("app.kubernetes.io/managed-by".to_owned(), MANAGER.to_owned())].into()),
                ..ObjectMeta::default()
            },
            type_: Some(wanted.type_.clone()),
            data: Some(data.collect()),
            ..Secret::default()
        }
    }
}

#[cfg(test)]
mod tests;

//! What must be in place in the cluster before the operator starts.

use k8s_openapi::api::core::v1::Namespace;
use kube::{
    Api, Client,
    api::{DynamicObject, ListParams},
};

use crate::kinds::{self, Kind};

use super::{error::RunError, operator::scopes};

/// Asks for one object of each kind: the answer tells a missing CRD from a missing permission.
///
/// # Errors
/// When a CRD or a permission is missing, or the API server does not answer.
pub(super) async fn check_crds(client: &Client, namespaces: &[String]) -> Result<(), RunError> {
    let mut missing = Vec::new();
    for kind in kinds::ALL {
        if !is_served(kind, client, namespaces).await? {
            missing.push(kind.crd_name());
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(RunError::MissingCrds(missing)) }
}

async fn is_served(kind: &Kind, client: &Client, namespaces: &[String]) -> Result<bool, RunError> {
    let resource = kind.resource();
    for scope in scopes(namespaces) {
        let api: Api<DynamicObject> = match scope {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        match api.list(&ListParams::default().limit(1)).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(false),
            Err(kube::Error::Api(status)) if status.code == 403 => return Err(RunError::Forbidden(kind.crd_name())),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(true)
}

/// The name of this cluster in ownership tags, and its uid, empty if that cannot be told.
///
/// # Errors
/// When no name is given and the uid cannot be read, which would be the name.
pub(super) async fn cluster(client: &Client, name: Option<&str>) -> Result<(String, String), RunError> {
    match (name, kube_system_uid(client).await) {
        (None, uid) => uid.map(|uid| (uid.clone(), uid)),
        (Some(name), Ok(uid)) => Ok((name.to_owned(), uid)),
        (Some(name), Err(error)) => {
            tracing::warn!(
                %error,
                "cannot read namespace kube-system: after the cluster is rebuilt, its resources can only be adopted \
                 with --allow-adoption"
            );
            Ok((name.to_owned(), String::new()))
        }
    }
}

async fn kube_system_uid(client: &Client) -> Result<String, RunError> {
    let namespace = Api::<Namespace>::all(client.clone())
        .get("kube-system")
        .await
        .map_err(|error| RunError::ClusterName(Box::new(error)))?;
    Ok(namespace.metadata.uid.unwrap_or_default())
}

use std::net::SocketAddr;

use thiserror::Error;

use crate::aws;

/// Why the operator could not start, or not go on.
#[derive(Debug, Error)]
pub enum RunError {
    /// There is no usable kubeconfig and this is no pod.
    #[error("cannot connect to the API server: {0}")]
    Config(#[source] Box<kube::config::InferConfigError>),
    /// The API server refused or did not answer.
    #[error("the API server: {0}")]
    Api(#[source] Box<kube::Error>),
    /// AWS's SDK would call another endpoint than the operator was told of.
    #[error("{0}")]
    Elsewhere(#[from] aws::Elsewhere),
    /// CRDs are missing.
    #[error("CRDs are not installed: {}. Install them with `kubectl apply --server-side -f crds/`", .0.join(", "))]
    MissingCrds(Vec<String>),
    /// A permission is missing.
    #[error("the operator has no permission to list {0}: bind it to the ClusterRole in deploy/kustomize/base/rbac")]
    Forbidden(String),
    /// `kube-system` could not be read and no name was given.
    #[error("cannot use the UID of namespace kube-system as the cluster name ({0}): set --cluster-name")]
    ClusterName(#[source] Box<kube::Error>),
    /// The lease cannot be read.
    #[error(
        "cannot read the Lease; the operator needs the verbs get, create and update on it \
         (deploy/kustomize/base/rbac): {0}"
    )]
    Lease(#[source] Box<kube::Error>),
    /// The API server could not be reached for too long, or another process leads.
    #[error("lost the Lease; another replica takes over")]
    LeaseLost,
    /// A part of the operator has died.
    #[error("{0} ended unexpectedly ({1}); please report this")]
    Broken(&'static str, String),
    /// The address of the HTTP server cannot be listened on.
    #[error("cannot serve on {0}: {1}")]
    Http(SocketAddr, #[source] std::io::Error),
}

impl From<kube::Error> for RunError {
    fn from(error: kube::Error) -> Self {
        Self::Api(Box::new(error))
    }
}

//! What the administrator has set, as far as decisions rest on it.

use globset::GlobMatcher;
use k8s_openapi::jiff::SignedDuration;

use crate::managed::{adoption::AdoptionRule, references::ReferenceAllowance};

/// What the administrator has set, as far as decisions rest on it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this cluster in ownership tags.
    pub cluster: String,
    /// Uid of `kube-system`; empty where the operator may not read it.
    pub cluster_uid: String,
    /// Earlier names of this cluster.
    pub also_owns: Vec<String>,
    /// Which namespaces may adopt which names.
    pub allow_adoption: Vec<AdoptionRule>,
    /// Which namespaces may delete resources together with what they hold.
    pub allow_force_delete: Vec<GlobMatcher>,
    /// Which namespaces may name what in AWS; nothing but what is copied is checked without one.
    pub allow_references: Vec<ReferenceAllowance>,
    /// How long after our own create "does not exist" is not believed.
    pub creation_grace: SignedDuration,
    /// How long after a write AWS may go on showing what was there before.
    pub visibility: SignedDuration,
}

#[cfg(test)]
impl Settings {
    /// Of a cluster `c` whose administrator has allowed nothing.
    pub(crate) fn sample() -> Self {
        Self {
            cluster: "c".into(),
            cluster_uid: "kube-system-1".into(),
            also_owns: Vec::new(),
            allow_adoption: Vec::new(),
            allow_force_delete: Vec::new(),
            allow_references: Vec::new(),
            creation_grace: SignedDuration::from_mins(2),
            visibility: SignedDuration::from_mins(3),
        }
    }
}

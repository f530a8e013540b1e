use std::{net::SocketAddr, time::Duration};

use globset::GlobMatcher;

use crate::{
    aws,
    lease::LeaseOptions,
    managed::{adoption::AdoptionRule, references::ReferenceAllowance},
};

/// How the operator runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The region of objects that name none.
    pub region: String,
    /// How AWS is reached.
    pub aws: aws::Options,
    /// Name of this cluster in ownership tags; the uid of `kube-system` when absent.
    pub cluster_name: Option<String>,
    /// Earlier names of this cluster.
    pub also_owns: Vec<String>,
    /// Namespaces that are watched; all of them when empty.
    pub watch_namespaces: Vec<String>,
    /// How often an object in sync is looked at.
    pub resync: Duration,
    /// How often at most, whatever an object asks for.
    pub resync_floor: Duration,
    /// How many objects are worked on at once, as long as AWS answers quickly.
    pub concurrency: usize,
    /// Which namespaces may adopt which names.
    pub allow_adoption: Vec<AdoptionRule>,
    /// Which namespaces may delete resources together with what they hold.
    pub allow_force_delete: Vec<GlobMatcher>,
    /// Which namespaces may name what in AWS.
    pub allow_references: Vec<ReferenceAllowance>,
    /// Whether `/metrics` answers only those whom the API server knows and lets.
    pub metrics_auth: bool,
    /// How long after our own create "does not exist" is not believed.
    pub creation_grace: Duration,
    /// How long after a write AWS may go on showing what was there before.
    pub visibility: Duration,
    /// The lease that must be held to work, where several processes run.
    pub lease: Option<LeaseOptions>,
    /// Where probes and metrics are served.
    pub http_address: SocketAddr,
}

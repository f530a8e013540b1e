//! The kinds a user writes: their spec, their status and the rules of their schema.
//!
//! Everything a schema can refuse is refused here, before the operator ever sees the object:
//! AWS's naming rules, immutable fields, the bounds on every string, list and map. `crds/` is
//! generated from these types by [`crate::kinds::crds`] and a test holds the two together.

/// A CEL rule on an object as a whole that holds once something was made for it, or may have been. Before that nothing in
/// AWS speaks against another value, and "choose another name" must be advice that can be followed.
macro_rules! once_made {
    ($rule:literal) => {
        concat!(
            "!has(oldSelf.status) || !(has(oldSelf.status.external) || has(oldSelf.status.creationIntent)) || ",
            $rule
        )
    };
}

mod adoption_policy;
mod bucket;
mod connection_secret;
pub mod crd;
mod deletion_policy;
mod management_policy;
mod status;
mod table;
pub mod tags;

pub use adoption_policy::AdoptionPolicy;
pub use bucket::*;
pub use connection_secret::ConnectionSecret;
pub use deletion_policy::DeletionPolicy;
pub use management_policy::ManagementPolicy;
pub use status::{
    Approved, Binding, CreationIntent, ExternalRef, Impact, ImportStatus, IndexStatus, Managed, Plan, PlannedChange,
    ReplicaStatus, Status,
};
pub use table::*;

/// The name in AWS, as resolved, stays what it was once something was made.
const NAME_STAYS: &str = once_made!(
    "(has(self.spec.name) ? self.spec.name : self.metadata.name) == (has(oldSelf.spec.name) ? oldSelf.spec.name : oldSelf.metadata.name)"
);

/// Prefix of everything Musubi names for itself: annotations, the finalizer and the tags in AWS.
pub const DOMAIN: &str = "musubi.dev";

/// The finalizer that keeps an object until the resource in AWS is released or gone.
pub const FINALIZER: &str = "musubi.dev/external-resource";

/// Annotation whose change makes the operator reconcile at once; its value comes back in
/// `status.lastHandledReconcileAt`.
pub const RECONCILE_AT: &str = "musubi.dev/reconcile-at";

/// Annotation that has a plan carried out, once: its value is the plan's `status.plan.hash`.
pub const APPROVE: &str = "musubi.dev/approve";

/// Schema of `ignoreChanges`: what it can name is added from the kind's blocks, see [`crd::finish`].
fn ignore_changes(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}})
}

/// Schema of `resyncIntervalSeconds`.
fn resync_interval(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": "integer", "format": "int32", "minimum": 60, "maximum": 86_400})
}

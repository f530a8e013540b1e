//! A Kubernetes object that stands for a resource in AWS.

use std::{fmt::Debug, time::Duration};

use kube::{
    Resource, ResourceExt as _,
    core::object::{HasSpec, HasStatus},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::api::{AdoptionPolicy, ConnectionSecret, DeletionPolicy, ManagementPolicy, Status, tags::Tags};

use super::{error::Error, references::Field};

/// The fields that every kind's spec has, by the names that they have there.
///
/// Not one struct that both specs flatten: serde cannot deny unknown fields then.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is described in the spec")]
pub struct Common<'a> {
    pub name: Option<&'a str>,
    pub region: Option<&'a str>,
    pub tags: Option<&'a Tags>,
    pub management_policy: ManagementPolicy,
    pub ignore_changes: &'a [String],
    pub resync_interval_seconds: Option<u32>,
    pub adoption_policy: AdoptionPolicy,
    pub deletion_policy: DeletionPolicy,
    pub connection_secret: Option<&'a ConnectionSecret>,
}

/// The [`Common`] fields of a spec. A macro, since the specs share no type.
macro_rules! common {
    ($spec:expr) => {{
        let spec = &$spec;
        $crate::managed::object::Common {
            name: spec.name.as_deref(),
            region: spec.region.as_deref(),
            tags: spec.tags.as_ref(),
            management_policy: spec.management_policy,
            ignore_changes: spec.ignore_changes.as_deref().unwrap_or_default(),
            resync_interval_seconds: spec.resync_interval_seconds,
            adoption_policy: spec.adoption_policy,
            deletion_policy: spec.deletion_policy,
            connection_secret: spec.connection_secret.as_ref(),
        }
    }};
}

pub(crate) use common;

/// What a kind, and what it stands for in AWS, are called in messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Names {
    /// `Bucket`.
    pub kind: &'static str,
    /// `S3 bucket`.
    pub resource: &'static str,
}

impl Names {
    /// `S3 bucket shop-assets`.
    pub fn resource(self, name: &str) -> String {
        format!("{} {name}", self.resource)
    }

    /// `Bucket shop/assets`.
    pub fn object(self, namespace: &str, name: &str) -> String {
        format!("{} {namespace}/{name}", self.kind)
    }
}

/// A Kubernetes kind whose objects stand for resources in AWS.
pub trait ManagedObject:
    Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
    + HasSpec<Spec: Serialize>
    + HasStatus<Status = Status>
    + Clone
    + Debug
    + PartialEq
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Ends the default name of the connection Secret: `bucket`, `table`.
    const NOUN: &'static str;

    /// What messages call it.
    const NAMES: Names;

    /// The fields of the spec that name something in AWS beside the resource itself.
    const REFERENCES: &'static [Field];

    /// Whether making the resource copies what something else holds.
    fn copies(&self) -> bool {
        false
    }

    /// What every kind declares alike.
    fn common(&self) -> Common<'_>;

    /// The name that the manifest gives it: `spec.name`, or that of the object.
    fn declared_name(&self) -> String {
        self.common().name.map_or_else(|| self.name_any(), str::to_owned)
    }
    /// Its whole name in AWS.
    ///
    /// # Errors
    /// When AWS would not take it.
    fn name_in(&self, _region: &str, _account_id: &str) -> Result<String, Error> {
        Ok(self.declared_name())
    }
    /// `spec.region`, if it is set.
    fn region(&self) -> Option<&str> {
        self.common().region
    }
    /// `spec.tags`, if they are set.
    fn tags(&self) -> Option<&Tags> {
        self.common().tags
    }
    /// `spec.managementPolicy`.
    fn management_policy(&self) -> ManagementPolicy {
        self.common().management_policy
    }
    /// `spec.ignoreChanges`: names of blocks, or of parts of them.
    fn ignored(&self) -> &[String] {
        self.common().ignore_changes
    }
    /// `spec.resyncIntervalSeconds`, if it is set.
    fn resync_interval(&self) -> Option<Duration> {
        self.common().resync_interval_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
    /// `spec.adoptionPolicy`.
    fn adoption_policy(&self) -> AdoptionPolicy {
        self.common().adoption_policy
    }
    /// `spec.deletionPolicy`.
    fn deletion_policy(&self) -> DeletionPolicy {
        self.common().deletion_policy
    }
    /// `spec.connectionSecret`, if it is set.
    fn connection_secret(&self) -> Option<&ConnectionSecret> {
        self.common().connection_secret
    }
    /// Names of the blocks that the spec declares, `tags` excepted.
    fn declared_blocks(&self) -> Vec<&'static str>;
    /// Names of those among them that an endpoint which lacks the feature is in accord with: they declare it to be off.
    fn blocks_off(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Bucket, Table};

    #[test]
    fn kinds_are_called_as_the_api_server_calls_them() {
        assert_eq!(Bucket::NAMES.kind, Bucket::kind(&()));
        assert_eq!(Table::NAMES.kind, Table::kind(&()));
        assert_eq!(Bucket::NAMES.object("shop", "assets"), "Bucket shop/assets");
        assert_eq!(Table::NAMES.resource("orders"), "DynamoDB table orders");
    }
}

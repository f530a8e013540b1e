//! The blocks of a bucket's spec by name.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A block of a bucket's spec that `ignoreChanges` can name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "each is the block of its name")]
pub enum BucketBlock {
    ObjectOwnership,
    Encryption,
    Versioning,
    ObjectLock,
    Acl,
    Policy,
    PublicAccessBlock,
    Lifecycle,
    Cors,
    Website,
    Logging,
    Notifications,
    Replication,
    Acceleration,
    RequestPayer,
    IntelligentTiering,
    Inventory,
    Analytics,
    Metrics,
    Abac,
}

impl BucketBlock {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::ObjectOwnership,
        Self::Encryption,
        Self::Versioning,
        Self::ObjectLock,
        Self::Acl,
        Self::Policy,
        Self::PublicAccessBlock,
        Self::Lifecycle,
        Self::Cors,
        Self::Website,
        Self::Logging,
        Self::Notifications,
        Self::Replication,
        Self::Acceleration,
        Self::RequestPayer,
        Self::IntelligentTiering,
        Self::Inventory,
        Self::Analytics,
        Self::Metrics,
        Self::Abac,
    ];

    /// Its name in the spec.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ObjectOwnership => "objectOwnership",
            Self::Encryption => "encryption",
            Self::Versioning => "versioning",
            Self::ObjectLock => "objectLock",
            Self::Acl => "acl",
            Self::Policy => "policy",
            Self::PublicAccessBlock => "publicAccessBlock",
            Self::Lifecycle => "lifecycle",
            Self::Cors => "cors",
            Self::Website => "website",
            Self::Logging => "logging",
            Self::Notifications => "notifications",
            Self::Replication => "replication",
            Self::Acceleration => "acceleration",
            Self::RequestPayer => "requestPayer",
            Self::IntelligentTiering => "intelligentTiering",
            Self::Inventory => "inventory",
            Self::Analytics => "analytics",
            Self::Metrics => "metrics",
            Self::Abac => "abac",
        }
    }

    pub(super) fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "maxItems": Self::ALL.len(),
            "x-kubernetes-list-type": "set",
            "items": {"type": "string", "enum": Self::ALL.map(Self::name)},
        })
    }
}

//! Copies in other buckets.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ObjectFilter, Switch};

/// Replication to other buckets. Requires versioning on the source and the destination.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.role) || size(self.rules) == 0").message("`replication.role` must be set when `replication.rules` is not empty"))]
pub struct Replication {
    /// ARN of the IAM role that S3 assumes to replicate objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z0-9-]+:iam::[0-9]{12}:role/[!-~]+$"))]
    pub role: Option<String>,
    /// The rules, identified by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub rules: Vec<ReplicationRule>,
}

/// A replication rule.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.deleteMarkerReplication) || self.deleteMarkerReplication.status == 'Disabled' || !has(self.filter) || !has(self.filter.tags) || size(self.filter.tags) == 0")
    .message("`deleteMarkerReplication` may only be 'Enabled' in a rule without `filter.tags`"))]
#[x_kube(validation = Rule::new("(has(self.destination.encryptionConfiguration)) == (has(self.sourceSelectionCriteria) && has(self.sourceSelectionCriteria.sseKmsEncryptedObjects) && self.sourceSelectionCriteria.sseKmsEncryptedObjects.status == 'Enabled')")
    .message("`destination.encryptionConfiguration` must be set when `sourceSelectionCriteria.sseKmsEncryptedObjects` is 'Enabled', and must not be set otherwise"))]
pub struct ReplicationRule {
    /// ID of the rule, unique in the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// Whether the rule is enabled.
    pub status: Switch,
    /// Priority. If several rules with the same destination match an object, the rule with the highest number applies.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub priority: i32,
    /// Objects that the rule applies to. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ObjectFilter>,
    /// Destination of the replicas.
    pub destination: ReplicationDestination,
    /// Whether delete markers are replicated. Defaults to Disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_marker_replication: Option<ReplicationStatus>,
    /// Objects that are only replicated if enabled here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_selection_criteria: Option<SourceSelectionCriteria>,
}

/// Whether it is enabled.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicationStatus {
    /// Enabled or Disabled.
    pub status: Switch,
}

/// Objects that are only replicated if enabled here.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceSelectionCriteria {
    /// Objects encrypted with an AWS KMS key. Defaults to Disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sse_kms_encrypted_objects: Option<ReplicationStatus>,
    /// Metadata changes on replicas, which are replicated back to the source. Defaults to Disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_modifications: Option<ReplicationStatus>,
}

/// Destination of replicas.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.accessControlTranslation) || has(self.account)")
    .message("`destination.account` must be set when `destination.accessControlTranslation` is set"))]
#[x_kube(validation = Rule::new("!has(self.replicationTime) || self.replicationTime.status == 'Disabled' || (has(self.metrics) && self.metrics.status == 'Enabled')")
    .message("`destination.metrics.status` must be 'Enabled' when `destination.replicationTime.status` is 'Enabled'"))]
pub struct ReplicationDestination {
    /// ARN of the bucket.
    #[schemars(length(max = 128), regex(pattern = r"^arn:[a-z0-9-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// AWS account ID of the bucket owner, if it is a different account: twelve digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<String>,
    /// Storage class of the replicas. Defaults to that of the source object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<ReplicaStorageClass>,
    /// Owner of the replicas. Defaults to the owner of the source object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_control_translation: Option<AccessControlTranslation>,
    /// Encryption of replicas of objects that are encrypted with AWS KMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_configuration: Option<ReplicaEncryption>,
    /// S3 Replication Time Control: replication within 15 minutes, with an event if it takes longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_time: Option<ReplicationStatus>,
    /// Replication metrics in Amazon CloudWatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ReplicationStatus>,
}

/// Owner of replicas.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessControlTranslation {
    /// Owner of the replicas.
    pub owner: OwnerOverride,
}

/// Owner of replicas.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum OwnerOverride {
    /// The account of the destination bucket.
    Destination,
}

/// Encryption of replicas.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicaEncryption {
    /// ARN or alias of an AWS KMS key in the region of the destination.
    #[serde(rename = "replicaKmsKeyId")]
    #[schemars(length(min = 1, max = 2048))]
    pub replica_kms_key_id: String,
}

/// Storage classes of replicas.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReplicaStorageClass {
    /// S3 Standard.
    Standard,
    /// Reduced redundancy.
    ReducedRedundancy,
    /// S3 Standard-IA.
    StandardIa,
    /// S3 One Zone-IA.
    OnezoneIa,
    /// S3 Intelligent-Tiering.
    IntelligentTiering,
    /// S3 Glacier Instant Retrieval.
    GlacierIr,
    /// S3 Glacier Flexible Retrieval.
    Glacier,
    /// S3 Glacier Deep Archive.
    DeepArchive,
}

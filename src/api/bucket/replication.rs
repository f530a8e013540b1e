//! Copies in other buckets.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ObjectFilter, Switch};

/// Replication to other buckets. Needs versioning on both sides.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.role) || size(self.rules) == 0").message("replication.role is needed where there are rules"))]
pub struct Replication {
    /// ARN of the IAM role that S3 takes on to copy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^arn:[a-z0-9-]+:iam::[0-9]{12}:role/[!-~]+$"))]
    pub role: Option<String>,
    /// The rules, matched by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub rules: Vec<ReplicationRule>,
}

/// What is copied where.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.deleteMarkerReplication) || self.deleteMarkerReplication.status == 'Disabled' || !has(self.filter) || !has(self.filter.tags) || size(self.filter.tags) == 0")
    .message("S3 replicates delete markers only in a rule that is not filtered by tags"))]
#[x_kube(validation = Rule::new("(has(self.destination.encryptionConfiguration)) == (has(self.sourceSelectionCriteria) && has(self.sourceSelectionCriteria.sseKmsEncryptedObjects) && self.sourceSelectionCriteria.sseKmsEncryptedObjects.status == 'Enabled')")
    .message("destination.encryptionConfiguration and sourceSelectionCriteria.sseKmsEncryptedObjects go together"))]
pub struct ReplicationRule {
    /// Name of the rule, unique in the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// Whether the rule acts.
    pub status: Switch,
    /// Which rule counts where several fit and go to one bucket: the one with the highest number.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub priority: i32,
    /// Which objects; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ObjectFilter>,
    /// Where to.
    pub destination: ReplicationDestination,
    /// Whether delete markers are copied; no when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_marker_replication: Option<ReplicationStatus>,
    /// Objects that need a word of their own to be copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_selection_criteria: Option<SourceSelectionCriteria>,
}

/// A switch of its own.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicationStatus {
    /// On or off.
    pub status: Switch,
}

/// Objects that need a word of their own to be copied.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceSelectionCriteria {
    /// Objects encrypted with a key in AWS KMS; not copied when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sse_kms_encrypted_objects: Option<ReplicationStatus>,
    /// Changes of metadata made to replicas; not copied back when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica_modifications: Option<ReplicationStatus>,
}

/// Where replicas go.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.accessControlTranslation) || has(self.account)")
    .message("destination.accessControlTranslation needs account"))]
#[x_kube(validation = Rule::new("!has(self.replicationTime) || self.replicationTime.status == 'Disabled' || (has(self.metrics) && self.metrics.status == 'Enabled')")
    .message("destination.replicationTime needs metrics with status Enabled"))]
pub struct ReplicationDestination {
    /// ARN of the bucket.
    #[schemars(length(max = 128), regex(pattern = r"^arn:[a-z0-9-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// AWS account of the bucket, where it is another one: twelve digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<String>,
    /// Storage class of the replicas; that of the source when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<ReplicaStorageClass>,
    /// Who owns the replicas; the owner of the source when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_control_translation: Option<AccessControlTranslation>,
    /// How replicas of objects encrypted with AWS KMS are encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption_configuration: Option<ReplicaEncryption>,
    /// S3 Replication Time Control: copied within 15 minutes, or an event tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_time: Option<ReplicationStatus>,
    /// Metrics of the replication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<ReplicationStatus>,
}

/// Who owns replicas.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessControlTranslation {
    /// The account of the destination.
    pub owner: OwnerOverride,
}

/// Owner of replicas.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum OwnerOverride {
    /// The account of the destination.
    Destination,
}

/// How replicas are encrypted.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicaEncryption {
    /// ARN or alias of a key in AWS KMS, in the region of the destination.
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

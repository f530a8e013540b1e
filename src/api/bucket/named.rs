//! Lists of named configurations: S3 reads them in pages and writes them one by one.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{ObjectFilter, Switch};

/// Archive tiers of S3 Intelligent-Tiering.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntelligentTiering {
    /// The configurations, keyed by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<IntelligentTieringConfiguration>,
}

/// When objects in S3 Intelligent-Tiering go to an archive tier.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntelligentTieringConfiguration {
    /// Name of the configuration, unique in the bucket.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Whether it acts.
    pub status: Switch,
    /// Which objects; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ObjectFilter>,
    /// The tiers, keyed by accessTier.
    #[schemars(length(min = 1, max = 2))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["accessTier".into()]))]
    pub tierings: Vec<Tiering>,
}

/// When objects go to one archive tier.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.accessTier != 'DEEP_ARCHIVE_ACCESS' || self.days >= 180")
    .message("objects go to DEEP_ARCHIVE_ACCESS after at least 180 days"))]
pub struct Tiering {
    /// The tier.
    pub access_tier: AccessTier,
    /// Days without access: 90 at least, for DEEP_ARCHIVE_ACCESS 180.
    #[schemars(range(min = 90, max = 730))]
    pub days: i32,
}

/// Archive tiers of S3 Intelligent-Tiering.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessTier {
    /// Restored in hours.
    ArchiveAccess,
    /// Restored in half a day.
    DeepArchiveAccess,
}

/// Inventory reports.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// The configurations, keyed by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<InventoryConfiguration>,
}

/// A list of objects that S3 writes every day or week.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InventoryConfiguration {
    /// Name of the configuration, unique in the bucket.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Whether it is written.
    pub enabled: bool,
    /// Where to.
    pub destination: InventoryDestination,
    /// Whether it lists all versions of objects or the current ones.
    pub included_object_versions: IncludedObjectVersions,
    /// How often.
    pub schedule: InventorySchedule,
    /// Which objects; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<PrefixFilter>,
    /// What it tells of each object beside its key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "optional_fields_schema")]
    pub optional_fields: Option<Vec<String>>,
}

/// Amazon S3 API Reference, "InventoryConfiguration".
fn optional_fields_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 19,
        "x-kubernetes-list-type": "set",
        "items": {"type": "string", "enum": [
            "BucketKeyStatus", "ChecksumAlgorithm", "ETag", "EncryptionStatus", "IntelligentTieringAccessTier",
            "IntelligentTieringReferenceDate", "IsMultipartUploaded", "LastModifiedDate", "LifecycleExpirationDate",
            "ObjectAccessControlList", "ObjectLockEventHoldDuration", "ObjectLockEventHoldStatus",
            "ObjectLockLegalHoldStatus", "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectOwner",
            "ReplicationStatus", "Size", "StorageClass",
        ]},
    })
}

/// Where an inventory is written.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InventoryDestination {
    /// ARN of the bucket.
    #[schemars(length(max = 128), regex(pattern = r"^arn:[a-z0-9-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// AWS account that owns the bucket, checked before anything is written: twelve digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub account_id: Option<String>,
    /// Format of the list.
    pub format: InventoryFormat,
    /// Begins the key of each list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub prefix: Option<String>,
    /// How lists are encrypted; by the rules of their bucket when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<InventoryEncryption>,
}

/// How lists are encrypted.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.kmsKeyId) == (self.type == 'SSE-KMS')")
    .message("inventory encryption needs kmsKeyId with type SSE-KMS, and takes it with no other"))]
pub struct InventoryEncryption {
    /// Whose keys.
    #[serde(rename = "type")]
    pub type_: InventoryEncryptionType,
    /// ARN of a key in AWS KMS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
}

/// Whose keys encrypt a list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InventoryEncryptionType {
    /// Keys of S3.
    #[serde(rename = "SSE-S3")]
    SseS3,
    /// A key in AWS KMS.
    #[serde(rename = "SSE-KMS")]
    SseKms,
}

/// Format of a list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InventoryFormat {
    /// Comma-separated values.
    #[serde(rename = "CSV")]
    Csv,
    /// Apache ORC.
    #[serde(rename = "ORC")]
    Orc,
    /// Apache Parquet.
    Parquet,
}

/// Which versions a list holds.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum IncludedObjectVersions {
    /// All of them.
    All,
    /// The current ones.
    Current,
}

/// How often a list is written.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InventorySchedule {
    /// Every day or every week.
    pub frequency: InventoryFrequency,
}

/// How often a list is written.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InventoryFrequency {
    /// Every day.
    Daily,
    /// Every week.
    Weekly,
}

/// Which objects, by their keys alone. `{}` means all.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixFilter {
    /// Keys that begin with this. `""` means every key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
}

/// Storage class analysis.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analytics {
    /// The configurations, keyed by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<AnalyticsConfiguration>,
}

/// Watches how objects are used, to say which storage class would suit them.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyticsConfiguration {
    /// Name of the configuration, unique in the bucket.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Which objects; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ObjectFilter>,
    /// Where the findings are written to, as CSV; nowhere when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_export: Option<AnalyticsExport>,
}

/// Where findings are written to.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyticsExport {
    /// ARN of the bucket.
    #[schemars(length(max = 128), regex(pattern = r"^arn:[a-z0-9-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// AWS account that owns the bucket, checked before anything is written: twelve digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub bucket_account_id: Option<String>,
    /// Begins the key of each export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub prefix: Option<String>,
}

/// Request metrics in Amazon CloudWatch.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metrics {
    /// The configurations, keyed by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<MetricsConfiguration>,
}

/// Requests that are counted under one name.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsConfiguration {
    /// Name of the configuration, unique in the bucket, and of the metric's FilterId.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Which requests; all when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<MetricsFilter>,
}

/// Which requests: those that meet everything that is said here. `{}` means all.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsFilter {
    /// For keys that begin with this. `""` means every key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
    /// For objects that carry all these tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::lifecycle::filter_tags_schema")]
    pub tags: Option<BTreeMap<String, String>>,
    /// Through this access point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 256),
        regex(pattern = r"^arn:[a-z0-9-]+:s3:[a-z0-9-]*:[0-9]{12}:accesspoint[/:][a-zA-Z0-9._/-]+$")
    )]
    pub access_point_arn: Option<String>,
}

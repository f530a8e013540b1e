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
    /// The configurations, identified by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<IntelligentTieringConfiguration>,
}

/// When objects move to the archive tiers.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntelligentTieringConfiguration {
    /// ID of the configuration, unique in the bucket.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Whether the configuration is enabled.
    pub status: Switch,
    /// Objects that the configuration applies to. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ObjectFilter>,
    /// The tiers, identified by accessTier.
    #[schemars(length(min = 1, max = 2))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["accessTier".into()]))]
    pub tierings: Vec<Tiering>,
}

/// When objects move to an archive tier.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.accessTier != 'DEEP_ARCHIVE_ACCESS' || self.days >= 180")
    .message("`days` must be at least 180 when `accessTier` is 'DEEP_ARCHIVE_ACCESS'"))]
pub struct Tiering {
    /// Archive tier.
    pub access_tier: AccessTier,
    /// Days without access: at least 90, or 180 for DEEP_ARCHIVE_ACCESS.
    #[schemars(range(min = 90, max = 730))]
    pub days: i32,
}

/// Archive tiers of S3 Intelligent-Tiering.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccessTier {
    /// Archive Access. Objects are restored within hours.
    ArchiveAccess,
    /// Deep Archive Access. Objects are restored within 12 hours.
    DeepArchiveAccess,
}

/// Inventory reports.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Inventory {
    /// The configurations, identified by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<InventoryConfiguration>,
}

/// An inventory report: a list of objects that S3 writes daily or weekly.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InventoryConfiguration {
    /// ID of the configuration, unique in the bucket.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Whether the report is enabled.
    pub enabled: bool,
    /// Destination of the reports.
    pub destination: InventoryDestination,
    /// Whether the report includes all object versions or only current ones.
    pub included_object_versions: IncludedObjectVersions,
    /// Schedule of the reports.
    pub schedule: InventorySchedule,
    /// Objects that the configuration applies to. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<PrefixFilter>,
    /// Fields to include in addition to the object key.
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

/// Destination of inventory reports.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InventoryDestination {
    /// ARN of the bucket.
    #[schemars(length(max = 128), regex(pattern = r"^arn:[a-z0-9-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// AWS account ID of the bucket owner: twelve digits. S3 checks it before it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub account_id: Option<String>,
    /// Format of the reports.
    pub format: InventoryFormat,
    /// Key prefix of the reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub prefix: Option<String>,
    /// Encryption of the reports. Defaults to the encryption of the destination bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<InventoryEncryption>,
}

/// Encryption of inventory reports.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.kmsKeyId) == (self.type == 'SSE-KMS')")
    .message("`kmsKeyId` must be set when `type` is 'SSE-KMS', and must not be set otherwise"))]
pub struct InventoryEncryption {
    /// Encryption type.
    #[serde(rename = "type")]
    pub type_: InventoryEncryptionType,
    /// ARN of the AWS KMS key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
}

/// Encryption type of inventory reports.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InventoryEncryptionType {
    /// Amazon S3 managed keys.
    #[serde(rename = "SSE-S3")]
    SseS3,
    /// AWS KMS key.
    #[serde(rename = "SSE-KMS")]
    SseKms,
}

/// Format of inventory reports.
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

/// Object versions in inventory reports.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum IncludedObjectVersions {
    /// All versions.
    All,
    /// Current versions only.
    Current,
}

/// Schedule of inventory reports.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InventorySchedule {
    /// Daily or Weekly.
    pub frequency: InventoryFrequency,
}

/// Schedule of inventory reports.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InventoryFrequency {
    /// Daily.
    Daily,
    /// Weekly.
    Weekly,
}

/// Objects that match the prefix. `{}` matches all objects.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixFilter {
    /// Key prefix. `""` matches all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
}

/// Storage class analysis.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Analytics {
    /// The configurations, identified by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<AnalyticsConfiguration>,
}

/// Analyzes access patterns to recommend a storage class.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyticsConfiguration {
    /// ID of the configuration, unique in the bucket.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Objects that the configuration applies to. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<ObjectFilter>,
    /// Destination for exports of the results as CSV. Defaults to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_export: Option<AnalyticsExport>,
}

/// Destination of the exports.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyticsExport {
    /// ARN of the bucket.
    #[schemars(length(max = 128), regex(pattern = r"^arn:[a-z0-9-]+:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"))]
    pub bucket: String,
    /// AWS account ID of the bucket owner: twelve digits. S3 checks it before it writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub bucket_account_id: Option<String>,
    /// Key prefix of the exports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 512))]
    pub prefix: Option<String>,
}

/// Request metrics in Amazon CloudWatch.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metrics {
    /// The configurations, identified by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub configurations: Vec<MetricsConfiguration>,
}

/// A metrics configuration.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsConfiguration {
    /// ID of the configuration, unique in the bucket. It is the FilterId of the CloudWatch metrics.
    #[schemars(length(max = 64), regex(pattern = r"^[a-zA-Z0-9_.-]{1,64}$"))]
    pub id: String,
    /// Requests to count. Defaults to all requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<MetricsFilter>,
}

/// Requests that match all of these conditions. `{}` matches all requests.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MetricsFilter {
    /// Key prefix. `""` matches all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
    /// Tags of the object. All must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::lifecycle::filter_tags_schema")]
    pub tags: Option<BTreeMap<String, String>>,
    /// ARN of the access point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(max = 256),
        regex(pattern = r"^arn:[a-z0-9-]+:s3:[a-z0-9-]*:[0-9]{12}:accesspoint[/:][a-zA-Z0-9._/-]+$")
    )]
    pub access_point_arn: Option<String>,
}

//! What becomes of objects with age.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::Switch;

/// Lifecycle configuration.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifecycle {
    /// The rules, identified by id. `[]` means none.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub rules: Vec<LifecycleRule>,
    /// Minimum object size for transitions of rules without a size filter. Defaults to 128 KiB for all storage classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_default_minimum_object_size: Option<TransitionDefaultMinimumObjectSize>,
}

/// Minimum object size for transitions.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum TransitionDefaultMinimumObjectSize {
    /// 128 KiB for all storage classes. AWS default.
    #[serde(rename = "all_storage_classes_128K")]
    AllStorageClasses128K,
    /// 128 KiB, but any size for the Glacier storage classes.
    #[serde(rename = "varies_by_storage_class")]
    VariesByStorageClass,
}

/// A lifecycle rule.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.expiration) || (has(self.transitions) && size(self.transitions) > 0) || has(self.noncurrentVersionExpiration) || (has(self.noncurrentVersionTransitions) && size(self.noncurrentVersionTransitions) > 0) || has(self.abortIncompleteMultipartUpload)")
    .message("a lifecycle rule must have at least one of `expiration`, `transitions`, `noncurrentVersionExpiration`, `noncurrentVersionTransitions`, `abortIncompleteMultipartUpload`"))]
#[x_kube(validation = Rule::new("!has(self.abortIncompleteMultipartUpload) || !has(self.filter) || ((!has(self.filter.tags) || size(self.filter.tags) == 0) && !has(self.filter.objectSizeGreaterThanBytes) && !has(self.filter.objectSizeLessThanBytes))")
    .message("`abortIncompleteMultipartUpload` may only be set in a rule without `filter.tags`, `filter.objectSizeGreaterThanBytes` and `filter.objectSizeLessThanBytes`"))]
#[x_kube(validation = Rule::new("!has(self.expiration) || !has(self.expiration.expiredObjectDeleteMarker) || !self.expiration.expiredObjectDeleteMarker || !has(self.filter) || !has(self.filter.tags) || size(self.filter.tags) == 0")
    .message("`expiredObjectDeleteMarker` may only be true in a rule without `filter.tags`"))]
#[x_kube(validation = Rule::new("!((has(self.expiration) && has(self.expiration.days)) || (has(self.transitions) && self.transitions.exists(t, has(t.days)))) || !((has(self.expiration) && has(self.expiration.date)) || (has(self.transitions) && self.transitions.exists(t, has(t.date))))")
    .message("a lifecycle rule must use either days or dates, not both"))]
#[x_kube(validation = Rule::new("!has(self.expiration) || !has(self.expiration.days) || !has(self.transitions) || self.transitions.all(t, !has(t.days) || t.days < self.expiration.days)")
    .message("`expiration.days` must be greater than `days` of every transition"))]
pub struct LifecycleRule {
    /// ID of the rule, unique in the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// Whether the rule is enabled.
    pub status: Switch,
    /// Objects that the rule applies to. Defaults to all objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<LifecycleFilter>,
    /// When current object versions expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// When current object versions change their storage class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub transitions: Option<Vec<Transition>>,
    /// When noncurrent object versions expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// When noncurrent object versions change their storage class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub noncurrent_version_transitions: Option<Vec<NoncurrentVersionTransition>>,
    /// When incomplete multipart uploads are deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<AbortIncompleteMultipartUpload>,
}

/// Objects that match all of these conditions. `{}` matches all objects.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.objectSizeGreaterThanBytes) || !has(self.objectSizeLessThanBytes) || self.objectSizeGreaterThanBytes < self.objectSizeLessThanBytes")
    .message("`filter.objectSizeGreaterThanBytes` must be less than `objectSizeLessThanBytes`"))]
pub struct LifecycleFilter {
    /// Key prefix. `""` matches all keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
    /// Tags of the object. All must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "filter_tags_schema")]
    pub tags: Option<BTreeMap<String, String>>,
    /// Minimum object size in bytes, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 53_687_091_200_000_i64))]
    pub object_size_greater_than_bytes: Option<i64>,
    /// Maximum object size in bytes, exclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 53_687_091_200_000_i64))]
    pub object_size_less_than_bytes: Option<i64>,
}

/// An object carries at most ten tags (Amazon S3 User Guide, "Categorizing your objects using tags").
pub(super) fn filter_tags_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 10,
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
}

/// Of the form alone a pattern would take 2026-02-31. A rule sees such a field as a timestamp.
fn date_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date", "maxLength": 10, "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
}

/// When current object versions expire. Set exactly one field.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(has(self.days) ? 1 : 0) + (has(self.date) ? 1 : 0) + (has(self.expiredObjectDeleteMarker) ? 1 : 0) == 1")
    .message("exactly one of `expiration.days`, `expiration.date` and `expiration.expiredObjectDeleteMarker` must be set"))]
pub struct Expiration {
    /// Days after the object was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub days: Option<i32>,
    /// Date in the format `YYYY-MM-DD`, from midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub date: Option<String>,
    /// Whether to remove delete markers without noncurrent versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_object_delete_marker: Option<bool>,
}

/// When current object versions change their storage class. Set exactly one of `days` and `date`.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.days) != has(self.date)")
    .message("exactly one of `days` and `date` must be set in a transition"))]
#[x_kube(validation = Rule::new("!has(self.days) || self.days >= 30 || !(self.storageClass in ['STANDARD_IA', 'ONEZONE_IA'])")
    .message("`days` must be at least 30 when `storageClass` is 'STANDARD_IA' or 'ONEZONE_IA'"))]
pub struct Transition {
    /// Days after the object was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub days: Option<i32>,
    /// Date in the format `YYYY-MM-DD`, from midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub date: Option<String>,
    /// Target storage class.
    pub storage_class: StorageClass,
}

/// When noncurrent object versions expire.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoncurrentVersionExpiration {
    /// Days after the version became noncurrent.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub noncurrent_days: i32,
    /// Number of newer noncurrent versions to retain regardless of age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub newer_noncurrent_versions: Option<i32>,
}

/// When noncurrent object versions change their storage class.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.noncurrentDays >= 30 || !(self.storageClass in ['STANDARD_IA', 'ONEZONE_IA'])")
    .message("`noncurrentDays` must be at least 30 when `storageClass` is 'STANDARD_IA' or 'ONEZONE_IA'"))]
pub struct NoncurrentVersionTransition {
    /// Days after the version became noncurrent.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub noncurrent_days: i32,
    /// Number of newer noncurrent versions that keep their storage class regardless of age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub newer_noncurrent_versions: Option<i32>,
    /// Target storage class.
    pub storage_class: StorageClass,
}

/// When incomplete multipart uploads are deleted.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AbortIncompleteMultipartUpload {
    /// Days after the upload was started.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub days_after_initiation: i32,
}

/// Storage classes for transitions.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub enum StorageClass {
    /// S3 Standard-IA.
    #[serde(rename = "STANDARD_IA")]
    StandardIa,
    /// S3 One Zone-IA.
    #[serde(rename = "ONEZONE_IA")]
    OnezoneIa,
    /// S3 Intelligent-Tiering.
    #[serde(rename = "INTELLIGENT_TIERING")]
    IntelligentTiering,
    /// S3 Glacier Instant Retrieval.
    #[serde(rename = "GLACIER_IR")]
    GlacierIr,
    /// S3 Glacier Flexible Retrieval.
    #[serde(rename = "GLACIER")]
    Glacier,
    /// S3 Glacier Deep Archive.
    #[serde(rename = "DEEP_ARCHIVE")]
    DeepArchive,
}

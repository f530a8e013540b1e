//! What becomes of objects with age.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::Switch;

/// Lifecycle of objects.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifecycle {
    /// The rules, keyed by id.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub rules: Vec<LifecycleRule>,
    /// From which size on objects change their storage class, where a rule does not say it; from 128
    /// KiB on for every class when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transition_default_minimum_object_size: Option<TransitionDefaultMinimumObjectSize>,
}

/// From which size on objects change their storage class.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum TransitionDefaultMinimumObjectSize {
    /// From 128 KiB on. What AWS gives a new configuration.
    #[serde(rename = "all_storage_classes_128K")]
    AllStorageClasses128K,
    /// From 128 KiB on, but of any size to the Glacier classes.
    #[serde(rename = "varies_by_storage_class")]
    VariesByStorageClass,
}

/// One lifecycle rule.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.expiration) || (has(self.transitions) && size(self.transitions) > 0) || has(self.noncurrentVersionExpiration) || (has(self.noncurrentVersionTransitions) && size(self.noncurrentVersionTransitions) > 0) || has(self.abortIncompleteMultipartUpload)")
    .message("a lifecycle rule needs at least one of expiration, transitions, noncurrentVersionExpiration, noncurrentVersionTransitions, abortIncompleteMultipartUpload"))]
#[x_kube(validation = Rule::new("!has(self.abortIncompleteMultipartUpload) || !has(self.filter) || ((!has(self.filter.tags) || size(self.filter.tags) == 0) && !has(self.filter.objectSizeGreaterThanBytes) && !has(self.filter.objectSizeLessThanBytes))")
    .message("S3 accepts abortIncompleteMultipartUpload only in a rule filtered by prefix alone"))]
#[x_kube(validation = Rule::new("!has(self.expiration) || !has(self.expiration.expiredObjectDeleteMarker) || !self.expiration.expiredObjectDeleteMarker || !has(self.filter) || !has(self.filter.tags) || size(self.filter.tags) == 0")
    .message("S3 accepts expiredObjectDeleteMarker only in a rule that is not filtered by tags"))]
#[x_kube(validation = Rule::new("!((has(self.expiration) && has(self.expiration.days)) || (has(self.transitions) && self.transitions.exists(t, has(t.days)))) || !((has(self.expiration) && has(self.expiration.date)) || (has(self.transitions) && self.transitions.exists(t, has(t.date))))")
    .message("S3 takes either days or dates in one rule, not both"))]
#[x_kube(validation = Rule::new("!has(self.expiration) || !has(self.expiration.days) || !has(self.transitions) || self.transitions.all(t, !has(t.days) || t.days < self.expiration.days)")
    .message("expiration.days must be greater than the days of every transition"))]
pub struct LifecycleRule {
    /// Name of the rule, unique in the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// Whether the rule acts.
    pub status: Switch,
    /// Which objects it acts on; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<LifecycleFilter>,
    /// When current objects expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// When current objects change their storage class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub transitions: Option<Vec<Transition>>,
    /// When versions that are no longer current expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// When versions that are no longer current change their storage class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16))]
    pub noncurrent_version_transitions: Option<Vec<NoncurrentVersionTransition>>,
    /// When uploads that were begun and never finished are thrown away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<AbortIncompleteMultipartUpload>,
}

/// Which objects a rule acts on: those that meet everything that is said here. `{}` means all.
#[derive(Clone, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.objectSizeGreaterThanBytes) || !has(self.objectSizeLessThanBytes) || self.objectSizeGreaterThanBytes < self.objectSizeLessThanBytes")
    .message("filter.objectSizeGreaterThanBytes must be less than objectSizeLessThanBytes"))]
pub struct LifecycleFilter {
    /// Keys that begin with this. `""` means every key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub prefix: Option<String>,
    /// Objects that carry all these tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "filter_tags_schema")]
    pub tags: Option<BTreeMap<String, String>>,
    /// Objects larger than this many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 53_687_091_200_000_i64))]
    pub object_size_greater_than_bytes: Option<i64>,
    /// Objects smaller than this many bytes.
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

/// When current objects expire: by exactly one of the three.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("(has(self.days) ? 1 : 0) + (has(self.date) ? 1 : 0) + (has(self.expiredObjectDeleteMarker) ? 1 : 0) == 1")
    .message("expiration needs exactly one of days, date, expiredObjectDeleteMarker"))]
pub struct Expiration {
    /// Days after the object was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub days: Option<i32>,
    /// A day, as `YYYY-MM-DD`; it begins at midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub date: Option<String>,
    /// Whether delete markers that hide nothing any more are taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_object_delete_marker: Option<bool>,
}

/// When current objects change their storage class: by exactly one of days and date.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.days) != has(self.date)")
    .message("a transition needs exactly one of days, date"))]
#[x_kube(validation = Rule::new("!has(self.days) || self.days >= 30 || !(self.storageClass in ['STANDARD_IA', 'ONEZONE_IA'])")
    .message("objects go to STANDARD_IA and ONEZONE_IA after at least 30 days"))]
pub struct Transition {
    /// Days after the object was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub days: Option<i32>,
    /// A day, as `YYYY-MM-DD`; it begins at midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub date: Option<String>,
    /// The class the objects go to.
    pub storage_class: StorageClass,
}

/// When versions that are no longer current expire.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoncurrentVersionExpiration {
    /// Days after the version was superseded.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub noncurrent_days: i32,
    /// How many newer superseded versions are kept whatever their age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub newer_noncurrent_versions: Option<i32>,
}

/// When versions that are no longer current change their storage class.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("self.noncurrentDays >= 30 || !(self.storageClass in ['STANDARD_IA', 'ONEZONE_IA'])")
    .message("versions go to STANDARD_IA and ONEZONE_IA after at least 30 days"))]
pub struct NoncurrentVersionTransition {
    /// Days after the version was superseded.
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub noncurrent_days: i32,
    /// How many newer superseded versions stay where they are whatever their age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub newer_noncurrent_versions: Option<i32>,
    /// The class the versions go to.
    pub storage_class: StorageClass,
}

/// When unfinished uploads are thrown away.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AbortIncompleteMultipartUpload {
    /// Days after the upload was begun.
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub days_after_initiation: i32,
}

/// Storage classes that a lifecycle rule can move objects to.
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

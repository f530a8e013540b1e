use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{AdoptionPolicy, ConnectionSecret, DeletionPolicy, ManagementPolicy, Status, tags};

/// An S3 general purpose bucket.
///
/// A block that is declared is enforced, a block that is absent is left alone, and a block that was
/// declared and is taken away goes back to what AWS gives a new bucket.
#[derive(Clone, CustomResource, Debug, Default, Deserialize, KubeSchema, PartialEq, Serialize)]
#[kube(
    group = "s3.musubi.dev",
    version = "v1alpha1",
    kind = "Bucket",
    plural = "buckets",
    shortname = "bkt",
    category = "aws",
    category = "musubi",
    namespaced,
    status = "Status",
    doc = "An S3 bucket that Musubi makes, keeps equal to this manifest and connects to applications.",
    derive = "PartialEq",
    cel,
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Synced", type_ = "string", json_path = r#".status.conditions[?(@.type=="Synced")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Synced")].reason"#),
    printcolumn(name = "Bucket", type_ = "string", json_path = ".status.external.name"),
    printcolumn(name = "Region", type_ = "string", json_path = ".status.external.region"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ARN", type_ = "string", priority = 1, json_path = ".status.external.arn"),
    printcolumn(name = "Policy", type_ = "string", priority = 1, json_path = ".spec.deletionPolicy"),
    validation = Rule::new("(has(self.spec.name) ? self.spec.name : self.metadata.name) == (has(oldSelf.spec.name) ? oldSelf.spec.name : oldSelf.metadata.name)")
        .message("the name of a bucket in AWS is immutable: make a new Bucket under another metadata.name")
        .field_path(".spec.name"),
    validation = Rule::new("(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$')")
        .message("an S3 bucket name has 3 to 63 characters out of a-z, 0-9, '.' and '-', and begins and ends with a letter or digit: change metadata.name or set spec.name"),
    validation = Rule::new("!(has(self.spec.name) ? self.spec.name : self.metadata.name).contains('..') && !(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$')")
        .message("an S3 bucket name holds no two dots in a row and does not look like an IP address"),
    validation = Rule::new("!(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('^(xn--|sthree-|amzn-s3-demo-)')")
        .message("AWS reserves bucket names that begin with xn--, sthree- or amzn-s3-demo-"),
    validation = Rule::new("!(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('(-s3alias|--ol-s3|[.]mrap|--x-s3|--table-s3)$')")
        .message("AWS reserves bucket names that end in -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3; directory and table buckets are not supported")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.connectionSecret) || !has(self.connectionSecret.keys) || self.connectionSecret.keys.all(k, self.connectionSecret.keys[k] in ['type', 'provider', 'bucket', 'region', 'arn', 'endpoint', 'uri'])")
    .message("the values of connectionSecret.keys are outputs of a bucket: type, provider, bucket, region, arn, endpoint or uri"))]
pub struct BucketSpec {
    /// Name of the bucket in AWS, unique in the whole world; `metadata.name` when absent. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 63))]
    pub name: Option<String>,

    /// AWS region; the operator's own when absent. Fixed once the bucket is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: Option<String>,

    /// Who owns objects that others upload, and whether ACLs count at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_ownership: Option<ObjectOwnership>,

    /// Switches that override any ACL or policy that would make the bucket public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_block: Option<PublicAccessBlock>,

    /// Default encryption of new objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,

    /// Whether overwritten and deleted objects are kept as versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,

    /// Tags on the bucket. Keys declared here are owned; others on the bucket are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags::schema")]
    #[x_kube(validation = Rule::new(tags::KEYS_RULE).message(tags::KEYS_MESSAGE))]
    #[x_kube(validation = Rule::new(tags::CHARACTERS_RULE).message(tags::CHARACTERS_MESSAGE))]
    pub tags: Option<tags::Tags>,

    /// Rules that move or expire objects with age. `rules: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifecycle: Option<Lifecycle>,

    /// Bucket policy as JSON text, compared by meaning, so that order and white space do not count.
    /// `""` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20_480))]
    pub policy: Option<String>,

    /// How far the operator goes: Enforce, Plan (write nothing to AWS, say what would be done) or
    /// Paused (do not call AWS).
    #[serde(default)]
    pub management_policy: ManagementPolicy,

    /// Blocks that are set at creation and left alone afterwards, for others to manage: neither drift
    /// nor edits of them are applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "BucketBlock::schema")]
    pub ignore_changes: Option<Vec<BucketBlock>>,

    /// Seconds between two looks at an object in sync; the operator's own interval when absent. The
    /// operator may have a floor of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::resync_interval")]
    pub resync_interval_seconds: Option<u32>,

    /// What to do when a bucket of this name exists without ownership tags.
    #[serde(default)]
    pub adoption_policy: AdoptionPolicy,

    /// What happens in AWS when this object is deleted. S3 refuses to delete a bucket with content,
    /// so the default cannot lose data.
    #[serde(default = "DeletionPolicy::for_bucket")]
    pub deletion_policy: DeletionPolicy,

    /// The Secret that tells applications how to reach the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<ConnectionSecret>,
}

impl Default for DeletionPolicy {
    /// For building a [`BucketSpec`] in code; a manifest's default comes from the schema.
    fn default() -> Self {
        Self::for_bucket()
    }
}

/// Who owns objects that others upload.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ObjectOwnership {
    /// The bucket's owner owns everything and ACLs are off. What AWS gives a new bucket.
    BucketOwnerEnforced,
    /// The bucket's owner owns what is uploaded with the canned ACL bucket-owner-full-control.
    BucketOwnerPreferred,
    /// The uploader owns what it uploads.
    ObjectWriter,
}

/// The four switches of S3 Block Public Access. A switch that is absent is left as it is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicAccessBlock {
    /// Refuse new public ACLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_public_acls: Option<bool>,
    /// Ignore public ACLs that exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_public_acls: Option<bool>,
    /// Refuse a bucket policy that makes the bucket public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_public_policy: Option<bool>,
    /// Restrict a public bucket to its owner's account and AWS services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_public_buckets: Option<bool>,
}

/// Default encryption of new objects.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.kmsKeyId) || self.algorithm != 'AES256'")
    .message("encryption.kmsKeyId goes with algorithm aws:kms or aws:kms:dsse only"))]
#[x_kube(validation = Rule::new("!has(self.bucketKeyEnabled) || !self.bucketKeyEnabled || self.algorithm == 'aws:kms'")
    .message("encryption.bucketKeyEnabled goes with algorithm aws:kms only"))]
pub struct Encryption {
    /// How objects are encrypted.
    pub algorithm: EncryptionAlgorithm,
    /// ARN, id or alias of the KMS key; the AWS managed key aws/s3 when absent. S3 does not check that
    /// it exists: uploads fail if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 2048))]
    pub kms_key_id: Option<String>,
    /// Whether a bucket-level key saves calls to KMS. Left as it is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
}

/// Server-side encryption, in S3's own values.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum EncryptionAlgorithm {
    /// Keys that S3 manages. What AWS gives a new bucket.
    #[serde(rename = "AES256")]
    Aes256,
    /// A key in AWS KMS.
    #[serde(rename = "aws:kms")]
    Kms,
    /// A key in AWS KMS, two layers.
    #[serde(rename = "aws:kms:dsse")]
    KmsDsse,
}

/// Versioning of objects.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Versioning {
    /// Enabled or Suspended: a bucket that was versioned once can never be unversioned again.
    pub status: VersioningStatus,
}

/// State of versioning.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum VersioningStatus {
    /// New versions are kept.
    Enabled,
    /// Versions that exist stay, new ones are not made.
    Suspended,
}

/// Lifecycle of objects.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lifecycle {
    /// The rules, keyed by id.
    #[schemars(length(max = 1000))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub rules: Vec<LifecycleRule>,
}

/// One lifecycle rule.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.expiration) || has(self.transitions) || has(self.noncurrentVersionExpiration) || has(self.noncurrentVersionTransitions) || has(self.abortIncompleteMultipartUpload)")
    .message("a lifecycle rule needs at least one of expiration, transitions, noncurrentVersionExpiration, noncurrentVersionTransitions, abortIncompleteMultipartUpload"))]
#[x_kube(validation = Rule::new("!has(self.abortIncompleteMultipartUpload) || !has(self.filter) || (!has(self.filter.tags) && !has(self.filter.objectSizeGreaterThanBytes) && !has(self.filter.objectSizeLessThanBytes))")
    .message("S3 accepts abortIncompleteMultipartUpload only in a rule filtered by prefix alone"))]
#[x_kube(validation = Rule::new("!has(self.expiration) || !has(self.expiration.expiredObjectDeleteMarker) || !self.expiration.expiredObjectDeleteMarker || !has(self.filter) || !has(self.filter.tags)")
    .message("S3 accepts expiredObjectDeleteMarker only in a rule that is not filtered by tags"))]
pub struct LifecycleRule {
    /// Name of the rule, unique in the bucket.
    #[schemars(length(min = 1, max = 255))]
    pub id: String,
    /// Whether the rule acts.
    pub status: RuleStatus,
    /// Which objects it acts on; all of them when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<LifecycleFilter>,
    /// When current objects expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiration: Option<Expiration>,
    /// When current objects change their storage class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub transitions: Option<Vec<Transition>>,
    /// When versions that are no longer current expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noncurrent_version_expiration: Option<NoncurrentVersionExpiration>,
    /// When versions that are no longer current change their storage class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 16))]
    pub noncurrent_version_transitions: Option<Vec<NoncurrentVersionTransition>>,
    /// When uploads that were begun and never finished are thrown away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abort_incomplete_multipart_upload: Option<AbortIncompleteMultipartUpload>,
}

/// Whether a rule acts.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum RuleStatus {
    /// It acts.
    Enabled,
    /// It is kept and does nothing.
    Disabled,
}

/// Which objects a rule acts on: those that meet everything that is said here.
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
fn filter_tags_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "minProperties": 1,
        "maxProperties": 10,
        "additionalProperties": {"type": "string", "maxLength": 256},
    })
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
    #[schemars(length(max = 10), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
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
pub struct Transition {
    /// Days after the object was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 2_147_483_647))]
    pub days: Option<i32>,
    /// A day, as `YYYY-MM-DD`; it begins at midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 10), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
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
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
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

/// A block of a bucket's spec that `ignoreChanges` can name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum BucketBlock {
    /// `objectOwnership`.
    ObjectOwnership,
    /// `encryption`.
    Encryption,
    /// `versioning`.
    Versioning,
    /// `policy`.
    Policy,
    /// `publicAccessBlock`.
    PublicAccessBlock,
    /// `lifecycle`.
    Lifecycle,
}

impl BucketBlock {
    /// Its name in the spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::ObjectOwnership => "objectOwnership",
            Self::Encryption => "encryption",
            Self::Versioning => "versioning",
            Self::Policy => "policy",
            Self::PublicAccessBlock => "publicAccessBlock",
            Self::Lifecycle => "lifecycle",
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "maxItems": 6,
            "x-kubernetes-list-type": "set",
            "items": {"type": "string", "enum": ["objectOwnership", "encryption", "versioning", "policy", "publicAccessBlock", "lifecycle"]},
        })
    }
}

//! S3 buckets.

mod access;
mod cors;
mod encryption;
mod filter;
mod lifecycle;
mod logging;
mod named;
mod notifications;
mod replication;
mod text;
mod versioning;
mod website;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use access::*;
pub use cors::*;
pub use encryption::*;
pub use filter::*;
pub use lifecycle::*;
pub use logging::*;
pub use named::*;
pub use notifications::*;
pub use replication::*;
pub use text::*;
pub use versioning::*;
pub use website::*;

use super::{AdoptionPolicy, ConnectionSecret, DeletionPolicy, ManagementPolicy, NAME_STAYS, Status, tags};

/// An S3 general purpose bucket.
///
/// A field that is set is enforced, a field that is not set is left unchanged, and a field that is removed is reset to the
/// AWS default of a new bucket.
// Blocks whose off value is `{}` or an empty keyed list are taken whole (atomic): server-side apply drops a map whose
// every field goes, and a keyed list that is emptied with all above it that holds nothing else
// (kubernetes-sigs/structured-merge-diff), and the off value would be lost or refused.
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
    doc = "An S3 bucket that Musubi creates, keeps in sync with this manifest and connects to applications.",
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
    validation = Rule::new(NAME_STAYS)
        .message("the name of a bucket is immutable after it is created; to use another name, create a new Bucket object")
        .field_path(".spec.name"),
    validation = Rule::new(once_made!("(has(self.spec.nameScope) ? self.spec.nameScope : 'Global') == (has(oldSelf.spec.nameScope) ? oldSelf.spec.nameScope : 'Global')"))
        .message("`nameScope` is immutable after the bucket is created, because it is part of the name in AWS")
        .field_path(".spec.nameScope"),
    validation = Rule::new("!has(self.spec.acceleration) || self.spec.acceleration.status == 'Suspended' || !(has(self.spec.name) ? self.spec.name : self.metadata.name).contains('.')")
        .message("`acceleration` must not be 'Enabled' for a bucket with dots in its name")
        .field_path(".spec.acceleration"),
    validation = Rule::new("(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$')")
        .message("an S3 bucket name must have 3 to 63 characters, only a-z, 0-9, '.' and '-', and must begin and end with a letter or digit; change `metadata.name` or set `spec.name`"),
    validation = Rule::new("!(has(self.spec.name) ? self.spec.name : self.metadata.name).contains('..') && !(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('^[0-9]+[.][0-9]+[.][0-9]+[.][0-9]+$')")
        .message("an S3 bucket name must not contain two dots in a row or be formatted as an IP address"),
    validation = Rule::new("!(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('^(xn--|sthree-|amzn-s3-demo-)')")
        .message("an S3 bucket name must not begin with xn--, sthree- or amzn-s3-demo-, which AWS reserves"),
    validation = Rule::new("!(has(self.spec.name) ? self.spec.name : self.metadata.name).matches('(-s3alias|--ol-s3|[.]mrap|--x-s3|--table-s3)$')")
        .message("an S3 bucket name must not end with -s3alias, --ol-s3, .mrap, --x-s3 or --table-s3, which AWS reserves; directory and table buckets are not supported")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new(CONNECTION_KEYS_RULE).message(CONNECTION_KEYS_MESSAGE))]
#[x_kube(validation = Rule::new("!has(self.acl) || !has(self.objectOwnership) || self.objectOwnership != 'BucketOwnerEnforced' || (has(self.acl.canned) ? self.acl.canned == 'private' : size(self.acl.grants) == 0)")
    .message("`acl` must be {canned: private} when `objectOwnership` is 'BucketOwnerEnforced', which disables ACLs"))]
#[x_kube(validation = Rule::new("!has(self.objectLock) || !self.objectLock.enabled || (has(self.versioning) && self.versioning.status == 'Enabled')")
    .message("`versioning.status` must be 'Enabled' when `objectLock` is enabled"))]
#[x_kube(validation = Rule::new("!has(self.replication) || size(self.replication.rules) == 0 || (has(self.versioning) && self.versioning.status == 'Enabled')")
    .message("`versioning.status` must be 'Enabled' when `replication` has rules"))]
#[x_kube(validation = Rule::new("!has(oldSelf.objectLock) || !oldSelf.objectLock.enabled || !has(self.versioning) || self.versioning.status == 'Enabled'")
    .message("`versioning.status` must be 'Enabled' when object lock has been enabled, because S3 cannot suspend versioning then"))]
pub struct BucketSpec {
    /// Name of the bucket in AWS. Defaults to `metadata.name`. Immutable after the bucket is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 63))]
    pub name: Option<String>,

    /// Whether the name is unique globally, or within the account and region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_scope: Option<NameScope>,

    /// AWS region. Defaults to the region of the operator. Immutable after the bucket is created. The administrator can
    /// restrict the allowed regions with `--allow-region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: Option<String>,

    /// Ownership of uploaded objects, and whether ACLs are enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_ownership: Option<ObjectOwnership>,

    /// Access control list of the bucket. AWS recommends bucket policies instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acl: Option<Acl>,

    /// S3 Block Public Access settings. They override ACLs and policies that grant public access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_block: Option<PublicAccessBlock>,

    /// Default encryption of new objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,

    /// Whether S3 keeps previous versions of overwritten and deleted objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,

    /// S3 Object Lock, and the default retention of objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<ObjectLock>,

    /// Tags on the bucket. Only the keys declared here are managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags::schema")]
    #[x_kube(validation = Rule::new(tags::KEYS_RULE).message(tags::KEYS_MESSAGE))]
    #[x_kube(validation = Rule::new(tags::CHARACTERS_RULE).message(tags::CHARACTERS_MESSAGE))]
    pub tags: Option<tags::Tags>,

    /// Lifecycle rules that transition or expire objects. `rules: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub lifecycle: Option<Lifecycle>,

    /// Bucket policy as JSON. Compared by meaning, so order and white space are ignored. `""` means none. Maximum size:
    /// 20 KiB without white space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 102_400))]
    pub policy: Option<String>,

    /// Cross-origin resource sharing (CORS). `rules: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,

    /// Static website hosting. `{}` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub website: Option<Website>,

    /// Server access logging. `{}` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub logging: Option<Logging>,

    /// Event notification targets. `{}` means none. S3 checks that each target exists and accepts its messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic, validation = Rule::new("(has(self.queues) ? self.queues.map(q, q.id) : []).all(i, !(has(self.topics) ? self.topics : []).exists(t, t.id == i) && !(has(self.functions) ? self.functions : []).exists(f, f.id == i)) && (has(self.topics) ? self.topics.map(t, t.id) : []).all(i, !(has(self.functions) ? self.functions : []).exists(f, f.id == i))")
        .message("each id of `notifications` must be unique across queues, topics and functions"))]
    pub notifications: Option<Notifications>,

    /// Replication to other buckets. `rules: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub replication: Option<Replication>,

    /// S3 Transfer Acceleration, which uses the nearest edge location.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acceleration: Option<Acceleration>,

    /// Who pays for requests and downloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_payer: Option<RequestPayer>,

    /// Archive tiers of S3 Intelligent-Tiering. `configurations: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub intelligent_tiering: Option<IntelligentTiering>,

    /// Inventory reports. `configurations: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub inventory: Option<Inventory>,

    /// Storage class analysis. `configurations: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub analytics: Option<Analytics>,

    /// Request metrics in Amazon CloudWatch. `configurations: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub metrics: Option<Metrics>,

    /// Attribute-based access control: whether IAM policies can use the bucket's tags. If enabled, tags are written with
    /// the S3 Control API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abac: Option<Abac>,

    /// What the operator does in AWS: Enforce (apply the spec), Plan (only show what would change) or Paused (do not call
    /// AWS).
    #[serde(default)]
    pub management_policy: ManagementPolicy,

    /// Fields that are applied at creation only and then managed by others. Drift and edits of them are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::ignore_changes")]
    pub ignore_changes: Option<Vec<String>>,

    /// Interval between resyncs in seconds. Defaults to the interval of the operator, which also sets a minimum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::resync_interval")]
    pub resync_interval_seconds: Option<u32>,

    /// What to do if a bucket of this name exists in AWS and no object owns it.
    #[serde(default)]
    pub adoption_policy: AdoptionPolicy,

    /// What happens to the bucket when this object is deleted. The default, DeleteIfEmpty, never deletes data: S3 rejects
    /// deleting a bucket that is not empty.
    #[serde(default = "DeletionPolicy::for_bucket")]
    pub deletion_policy: DeletionPolicy,

    /// Secret with the connection details of the bucket for applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<ConnectionSecret>,
}

impl Default for DeletionPolicy {
    /// For building a [`BucketSpec`] in code; a manifest's default comes from the schema.
    fn default() -> Self {
        Self::for_bucket()
    }
}

/// Values that `connectionSecret.keys` can name: the outputs of a bucket.
const CONNECTION_KEYS_RULE: &str = "!has(self.connectionSecret) || !has(self.connectionSecret.keys) || self.connectionSecret.keys.all(k, self.connectionSecret.keys[k] in ['type', 'provider', 'bucket', 'region', 'arn', 'endpoint', 'uri', 'account', 'virtual-host-endpoint', 'path-style-endpoint', 'domain-name', 'regional-domain-name', 'website-endpoint', 'website-domain'])";

/// What [`CONNECTION_KEYS_RULE`] says when it refuses.
const CONNECTION_KEYS_MESSAGE: &str = "each value of `connectionSecret.keys` must be an output of a bucket: type, provider, bucket, region, arn, endpoint, uri, account, virtual-host-endpoint, path-style-endpoint, domain-name, regional-domain-name, website-endpoint or website-domain";

/// Whether the name is unique globally, or within the account and region. Defaults to Global. Immutable after the bucket
/// is created.
///
/// In the account regional namespace, no other account can use the name. The full name is `<name>-<account>-<region>-an`, is
/// shown in `status.external.name`, has at most 63 characters, and may also be given as the name. Names that end with `-an`
/// are reserved for this namespace. It is not available in Middle East (Bahrain) and Middle East (UAE).
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum NameScope {
    /// Unique globally.
    Global,
    /// Unique within one account and region.
    AccountRegional,
}

/// S3 Transfer Acceleration.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Acceleration {
    /// Enabled or Suspended.
    pub status: AccelerationStatus,
}

/// State of acceleration.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum AccelerationStatus {
    /// On.
    Enabled,
    /// Off.
    Suspended,
}

/// Who pays for requests and downloads. The AWS default is BucketOwner.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum RequestPayer {
    /// The bucket owner. AWS default.
    BucketOwner,
    /// The requester.
    Requester,
}

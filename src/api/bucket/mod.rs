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
/// A block that is declared is enforced, a block that is absent is left alone, and a block that was
/// declared and is taken away goes back to what AWS gives a new bucket.
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
    validation = Rule::new(NAME_STAYS)
        .message("the name of a bucket is immutable once it was made: make a new Bucket under another metadata.name")
        .field_path(".spec.name"),
    validation = Rule::new(once_made!("(has(self.spec.nameScope) ? self.spec.nameScope : 'Global') == (has(oldSelf.spec.nameScope) ? oldSelf.spec.nameScope : 'Global')"))
        .message("nameScope is immutable once the bucket was made: it is part of the name in AWS")
        .field_path(".spec.nameScope"),
    validation = Rule::new("!has(self.spec.acceleration) || self.spec.acceleration.status == 'Suspended' || !(has(self.spec.name) ? self.spec.name : self.metadata.name).contains('.')")
        .message("S3 Transfer Acceleration does not work for a bucket with dots in its name")
        .field_path(".spec.acceleration"),
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
#[x_kube(validation = Rule::new(CONNECTION_KEYS_RULE).message(CONNECTION_KEYS_MESSAGE))]
#[x_kube(validation = Rule::new("!has(self.acl) || !has(self.objectOwnership) || self.objectOwnership != 'BucketOwnerEnforced' || (has(self.acl.canned) ? self.acl.canned == 'private' : size(self.acl.grants) == 0)")
    .message("objectOwnership BucketOwnerEnforced switches ACLs off: acl can only be {canned: private} with it"))]
#[x_kube(validation = Rule::new("!has(self.objectLock) || !self.objectLock.enabled || (has(self.versioning) && self.versioning.status == 'Enabled')")
    .message("objectLock needs versioning: {status: Enabled}"))]
#[x_kube(validation = Rule::new("!has(self.replication) || size(self.replication.rules) == 0 || (has(self.versioning) && self.versioning.status == 'Enabled')")
    .message("replication needs versioning: {status: Enabled}"))]
#[x_kube(validation = Rule::new("!has(oldSelf.objectLock) || !oldSelf.objectLock.enabled || !has(self.versioning) || self.versioning.status == 'Enabled'")
    .message("S3 cannot suspend versioning where object lock was switched on"))]
pub struct BucketSpec {
    /// Name of the bucket in AWS; `metadata.name` when absent. Immutable once the bucket was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 63))]
    pub name: Option<String>,

    /// Where the name is unique: in the whole world, or in the account and region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_scope: Option<NameScope>,

    /// AWS region; the operator's own when absent. Fixed once the bucket is made. The administrator's `--allow-region`
    /// says which there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: Option<String>,

    /// Who owns objects that others upload, and whether ACLs count at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_ownership: Option<ObjectOwnership>,

    /// Access control list of the bucket. A policy does all that it can do, and more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acl: Option<Acl>,

    /// Switches that override any ACL or policy that would make the bucket public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_access_block: Option<PublicAccessBlock>,

    /// Default encryption of new objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<Encryption>,

    /// Whether overwritten and deleted objects are kept as versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub versioning: Option<Versioning>,

    /// Whether objects can be locked against deletion, and how long they are by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object_lock: Option<ObjectLock>,

    /// Tags on the bucket. Keys declared here are owned; others on the bucket are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags::schema")]
    #[x_kube(validation = Rule::new(tags::KEYS_RULE).message(tags::KEYS_MESSAGE))]
    #[x_kube(validation = Rule::new(tags::CHARACTERS_RULE).message(tags::CHARACTERS_MESSAGE))]
    pub tags: Option<tags::Tags>,

    /// Rules that move or expire objects with age. `rules: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub lifecycle: Option<Lifecycle>,

    /// Bucket policy as JSON text, compared by meaning, so that order and white space do not count.
    /// `""` means none. S3 takes 20 KiB, without the white space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 102_400))]
    pub policy: Option<String>,

    /// Which web pages of other origins may use the bucket. `rules: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors: Option<Cors>,

    /// The bucket as a static website. `{}` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub website: Option<Website>,

    /// Server access logging. `{}` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub logging: Option<Logging>,

    /// Whom S3 tells of what happens to objects. `{}` means nobody. S3 checks that each target exists
    /// and lets it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic, validation = Rule::new("(has(self.queues) ? self.queues.map(q, q.id) : []).all(i, !(has(self.topics) ? self.topics : []).exists(t, t.id == i) && !(has(self.functions) ? self.functions : []).exists(f, f.id == i)) && (has(self.topics) ? self.topics.map(t, t.id) : []).all(i, !(has(self.functions) ? self.functions : []).exists(f, f.id == i))")
        .message("the ids of all notifications of a bucket differ from each other"))]
    pub notifications: Option<Notifications>,

    /// Replication to other buckets. `rules: []` means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(merge_strategy = MapMerge::Atomic)]
    pub replication: Option<Replication>,

    /// S3 Transfer Acceleration: uploads and downloads through the nearest edge location.
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

    /// Whether the bucket's tags count in IAM policies (attribute-based access control). Once enabled,
    /// tags are written by the operations of S3 Control.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub abac: Option<Abac>,

    /// How far the operator goes: Enforce, Plan (write nothing to AWS, say what would be done) or
    /// Paused (do not call AWS).
    #[serde(default)]
    pub management_policy: ManagementPolicy,

    /// Blocks that are set at creation and left alone afterwards, for others to manage: neither drift
    /// nor edits of them are applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::ignore_changes")]
    pub ignore_changes: Option<Vec<String>>,

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

/// Values that `connectionSecret.keys` can name: the outputs of a bucket.
const CONNECTION_KEYS_RULE: &str = "!has(self.connectionSecret) || !has(self.connectionSecret.keys) || self.connectionSecret.keys.all(k, self.connectionSecret.keys[k] in ['type', 'provider', 'bucket', 'region', 'arn', 'endpoint', 'uri', 'account', 'virtual-host-endpoint', 'path-style-endpoint', 'domain-name', 'regional-domain-name', 'website-endpoint', 'website-domain'])";

/// What [`CONNECTION_KEYS_RULE`] says when it refuses.
const CONNECTION_KEYS_MESSAGE: &str = "the values of connectionSecret.keys are outputs of a bucket: type, provider, bucket, region, arn, endpoint, uri, account, virtual-host-endpoint, path-style-endpoint, domain-name, regional-domain-name, website-endpoint or website-domain";

/// Where the name of a bucket is unique; Global when absent. Immutable once the bucket was made.
///
/// In the account-regional namespace nobody else can take the name, and the whole name,
/// `<name>-<account>-<region>-an`, stands in `status.external.name`. It has at most 63 characters, too, and can be given
/// as the name instead. Names that end in `-an` are reserved for this namespace, which Middle East (Bahrain) and Middle
/// East (UAE) do not have.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum NameScope {
    /// The whole world.
    Global,
    /// One account in one region.
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

/// Who pays for requests and downloads; the bucket's owner on a new bucket.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum RequestPayer {
    /// The bucket's owner. What AWS gives a new bucket.
    BucketOwner,
    /// Who asks.
    Requester,
}

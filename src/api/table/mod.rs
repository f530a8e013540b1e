//! A DynamoDB table: the spec, one file for each group of blocks.

mod block;
mod create_from;
mod encryption;
mod indexes;
mod items;
mod keys;
mod replicas;
mod streams;
mod throughput;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::{AdoptionPolicy, ConnectionSecret, DeletionPolicy, ManagementPolicy, NAME_STAYS, Status, tags};

pub use block::TableBlock;
pub use create_from::*;
pub use encryption::*;
pub use indexes::*;
pub use items::*;
pub use keys::*;
pub use replicas::*;
pub use streams::*;
pub use throughput::*;

/// A DynamoDB table.
///
/// A field that is set is enforced, a field that is not set is left unchanged, and a field that is removed is reset to the
/// AWS default of a new table.
#[derive(Clone, CustomResource, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[kube(
    group = "dynamodb.musubi.dev",
    version = "v1alpha1",
    kind = "Table",
    plural = "tables",
    shortname = "tbl",
    category = "aws",
    category = "musubi",
    namespaced,
    status = "Status",
    doc = "A DynamoDB table that Musubi creates, keeps in sync with this manifest and connects to applications.",
    derive = "PartialEq",
    cel,
    printcolumn(name = "Ready", type_ = "string", json_path = r#".status.conditions[?(@.type=="Ready")].status"#),
    printcolumn(name = "Synced", type_ = "string", json_path = r#".status.conditions[?(@.type=="Synced")].status"#),
    printcolumn(name = "Reason", type_ = "string", json_path = r#".status.conditions[?(@.type=="Synced")].reason"#),
    printcolumn(name = "Table", type_ = "string", json_path = ".status.external.name"),
    printcolumn(name = "Region", type_ = "string", json_path = ".status.external.region"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "ARN", type_ = "string", priority = 1, json_path = ".status.external.arn"),
    printcolumn(name = "Policy", type_ = "string", priority = 1, json_path = ".spec.deletionPolicy"),
    validation = Rule::new(NAME_STAYS)
        .message("the name of a table is immutable after it is created; to use another name, create a new Table object")
        .field_path(".spec.name"),
    validation = Rule::new(once_made!("self.spec.partitionKey == oldSelf.spec.partitionKey"))
        .message("`partitionKey` is immutable after the table is created")
        .field_path(".spec.partitionKey"),
    validation = Rule::new(once_made!("(has(self.spec.sortKey) == has(oldSelf.spec.sortKey) && (!has(self.spec.sortKey) || self.spec.sortKey == oldSelf.spec.sortKey))"))
        .message("`sortKey` is immutable after the table is created: it must not be added, changed or removed")
        .field_path(".spec.sortKey"),
    validation = Rule::new(once_made!("(has(self.spec.localSecondaryIndexes) == has(oldSelf.spec.localSecondaryIndexes) && (!has(self.spec.localSecondaryIndexes) || self.spec.localSecondaryIndexes == oldSelf.spec.localSecondaryIndexes))"))
        .message("`localSecondaryIndexes` is immutable after the table is created: indexes must not be added, changed or removed")
        .field_path(".spec.localSecondaryIndexes"),
    validation = Rule::new("!has(self.spec.createFrom) || !has(self.status) || !has(self.status.external) || (has(oldSelf.spec.createFrom) && self.spec.createFrom == oldSelf.spec.createFrom)")
        .message("`createFrom` must not be added or changed after the table is created; it may be removed")
        .field_path(".spec.createFrom"),
    validation = Rule::new("has(self.spec.name) || (size(self.metadata.name) >= 3 && size(self.metadata.name) <= 253)")
        .message("a DynamoDB table name must have at least 3 characters; use a longer `metadata.name` or set `spec.name`")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.sortKey) || self.sortKey.name != self.partitionKey.name")
    .message("`partitionKey` and `sortKey` must name different attributes"))]
#[x_kube(validation = Rule::new("!has(self.billingMode) || self.billingMode != 'PROVISIONED' || has(self.provisionedThroughput)")
    .message("`provisionedThroughput` must be set when `billingMode` is 'PROVISIONED'"))]
#[x_kube(validation = Rule::new("!has(self.billingMode) || self.billingMode != 'PAY_PER_REQUEST' || !has(self.provisionedThroughput)")
    .message("`provisionedThroughput` must not be set when `billingMode` is 'PAY_PER_REQUEST'"))]
#[x_kube(validation = Rule::new("!has(self.connectionSecret) || !has(self.connectionSecret.keys) || self.connectionSecret.keys.all(k, self.connectionSecret.keys[k] in ['type', 'provider', 'table', 'region', 'arn', 'endpoint', 'uri', 'stream-arn', 'stream-label', 'table-id'])")
    .message("each value of `connectionSecret.keys` must be an output of a table: type, provider, table, region, arn, endpoint, uri, stream-arn, stream-label or table-id"))]
#[x_kube(validation = Rule::new("!has(self.localSecondaryIndexes) || has(self.sortKey)")
    .message("`sortKey` must be set when `localSecondaryIndexes` is set"))]
#[x_kube(validation = Rule::new("!has(self.onDemandThroughput) || !has(self.provisionedThroughput)")
    .message("`onDemandThroughput` must not be set when `provisionedThroughput` is set"))]
#[x_kube(validation = Rule::new("!has(self.globalSecondaryIndexes) || self.globalSecondaryIndexes.all(i, has(i.provisionedThroughput) == has(self.provisionedThroughput))")
    .message("`provisionedThroughput` must be set in each global secondary index when it is set for the table, and must not be set otherwise"))]
#[x_kube(validation = Rule::new("!has(self.globalSecondaryIndexes) || !has(self.provisionedThroughput) || self.globalSecondaryIndexes.all(i, !has(i.onDemandThroughput))")
    .message("`onDemandThroughput` of an index must not be set when the table has `provisionedThroughput`"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || size(self.replicas) == 0 || !has(self.stream) || (self.stream.enabled && self.stream.viewType == 'NEW_AND_OLD_IMAGES')")
    .message("`stream` must be unset, or enabled with `viewType` 'NEW_AND_OLD_IMAGES', when `replicas` is not empty"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || !has(self.region) || self.replicas.all(r, r.regionName != self.region)")
    .message("`replicas` must not contain the region of the table"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || !has(self.encryption) || self.replicas.all(r, has(r.kmsKeyId) == (self.encryption.type == 'CustomerManaged'))")
    .message("`kmsKeyId` must be set in each replica when `encryption.type` is 'CustomerManaged', and must not be set otherwise"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || has(self.provisionedThroughput) || self.replicas.all(r, !has(r.provisionedThroughputOverride))")
    .message("`provisionedThroughputOverride` of a replica must not be set when the table has no `provisionedThroughput`"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || !has(self.provisionedThroughput) || self.replicas.all(r, !has(r.onDemandThroughputOverride))")
    .message("`onDemandThroughputOverride` of a replica must not be set when the table has `provisionedThroughput`"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || size(self.replicas) == 0 || !has(self.provisionedThroughput) || (has(self.ignoreChanges) && 'provisionedThroughput' in self.ignoreChanges)")
    .message("`provisionedThroughput` must be in `ignoreChanges` when a PROVISIONED table has replicas, because AWS requires auto scaling for it; set up auto scaling, or use `billingMode` 'PAY_PER_REQUEST'"))]
pub struct TableSpec {
    /// Name of the table in AWS, unique per account and region. Defaults to `metadata.name`. Immutable after the table is
    /// created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub name: Option<String>,

    /// AWS region. Defaults to the region of the operator. Immutable after the table is created. The administrator can
    /// restrict the allowed regions with `--allow-region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: Option<String>,

    /// The partition key. Immutable after the table is created.
    pub partition_key: KeyAttribute,

    /// The sort key. Immutable after the table is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<KeyAttribute>,

    /// Local secondary indexes: up to five. Immutable after the table is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub local_secondary_indexes: Option<Vec<LocalSecondaryIndex>>,

    /// Global secondary indexes: up to 20. An index that is not in the list is deleted, after approval. AWS creates and
    /// deletes indexes one at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // No list of the type `map`, as with `replicas`: a server-side apply that empties one drops it whole
    // (structured-merge-diff), and the off value would be read as a block taken away.
    #[schemars(length(max = 20))]
    #[x_kube(validation = Rule::new("self.all(i, self.exists_one(j, j.name == i.name))").message("each name of `globalSecondaryIndexes` must be unique"))]
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndex>>,

    /// How reads and writes are charged. If not set, a new table is PROVISIONED if `provisionedThroughput` is set, and
    /// PAY_PER_REQUEST otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_mode: Option<BillingMode>,

    /// Capacity of a PROVISIONED table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput: Option<ProvisionedThroughput>,

    /// Maximum throughput of a PAY_PER_REQUEST table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput: Option<OnDemandThroughput>,

    /// Throughput that the table can instantly support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_throughput: Option<WarmThroughput>,

    /// Table class, which determines the cost of storage and requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_class: Option<TableClass>,

    /// DynamoDB stream of item changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,

    /// Encryption at rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<TableEncryption>,

    /// Time to live (TTL) of items. AWS allows one change per hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<TimeToLive>,

    /// Point-in-time recovery (continuous backups).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_in_time_recovery: Option<PointInTimeRecovery>,

    /// CloudWatch Contributor Insights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contributor_insights: Option<ContributorInsights>,

    /// Resource policy as JSON. Compared by meaning, so order and white space are ignored. `""` means none. Maximum size:
    /// 20 KiB without white space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 102_400))]
    pub resource_policy: Option<String>,

    /// Kinesis data stream for item changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinesis_stream: Option<KinesisStream>,

    /// Replicas in other regions. A replica that is not in the list is deleted, after approval. AWS changes replicas one
    /// at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    #[x_kube(validation = Rule::new("self.all(r, self.exists_one(s, s.regionName == r.regionName))").message("each `regionName` of `replicas` must be unique"))]
    pub replicas: Option<Vec<Replica>>,

    /// Deletion protection: whether AWS rejects all requests to delete the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,

    /// Source of the initial items: a backup, a point in time of another table, or an import from S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_from: Option<CreateFrom>,

    /// Tags on the table. Only the keys declared here are managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags::schema")]
    #[x_kube(validation = Rule::new(tags::KEYS_RULE).message(tags::KEYS_MESSAGE))]
    #[x_kube(validation = Rule::new(tags::CHARACTERS_RULE).message(tags::CHARACTERS_MESSAGE))]
    pub tags: Option<tags::Tags>,

    /// What the operator does in AWS: Enforce (apply the spec), Plan (only show what would change) or Paused (do not call
    /// AWS).
    #[serde(default)]
    pub management_policy: ManagementPolicy,

    /// Fields that are applied at creation only and then managed by others. Drift and edits of them are ignored. For the
    /// throughput of a single index, use globalSecondaryIndexes/by-customer/provisionedThroughput.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::ignore_changes")]
    pub ignore_changes: Option<Vec<String>>,

    /// Interval between resyncs in seconds. Defaults to the interval of the operator, which also sets a minimum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::resync_interval")]
    pub resync_interval_seconds: Option<u32>,

    /// What to do if a table of this name exists in AWS and no object owns it.
    #[serde(default)]
    pub adoption_policy: AdoptionPolicy,

    /// What happens to the table when this object is deleted. The default, Retain, keeps the table and its items.
    #[serde(default = "DeletionPolicy::for_table")]
    pub deletion_policy: DeletionPolicy,

    /// Secret with the connection details of the table for applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<ConnectionSecret>,
}

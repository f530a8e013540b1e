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
/// A block that is declared is enforced, a block that is absent is left alone, and a block that was
/// declared and is taken away goes back to what AWS gives a new table.
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
    doc = "A DynamoDB table that Musubi makes, keeps equal to this manifest and connects to applications.",
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
        .message("the name of a table is immutable once it was made: make a new Table under another metadata.name")
        .field_path(".spec.name"),
    validation = Rule::new(once_made!("self.spec.partitionKey == oldSelf.spec.partitionKey"))
        .message("the key schema of a table is immutable once it was made")
        .field_path(".spec.partitionKey"),
    validation = Rule::new(once_made!("(has(self.spec.sortKey) == has(oldSelf.spec.sortKey) && (!has(self.spec.sortKey) || self.spec.sortKey == oldSelf.spec.sortKey))"))
        .message("the key schema of a table is immutable once it was made: a sort key can be neither added, changed nor removed")
        .field_path(".spec.sortKey"),
    validation = Rule::new(once_made!("(has(self.spec.localSecondaryIndexes) == has(oldSelf.spec.localSecondaryIndexes) && (!has(self.spec.localSecondaryIndexes) || self.spec.localSecondaryIndexes == oldSelf.spec.localSecondaryIndexes))"))
        .message("local secondary indexes are made with the table: once it was made they can be neither added, changed nor removed")
        .field_path(".spec.localSecondaryIndexes"),
    validation = Rule::new("!has(self.spec.createFrom) || !has(self.status) || !has(self.status.external) || (has(oldSelf.spec.createFrom) && self.spec.createFrom == oldSelf.spec.createFrom)")
        .message("createFrom is read when the table is made: after that it can be taken out, and neither added nor changed")
        .field_path(".spec.createFrom"),
    validation = Rule::new("has(self.spec.name) || (size(self.metadata.name) >= 3 && size(self.metadata.name) <= 253)")
        .message("a DynamoDB table name has at least 3 characters: lengthen metadata.name or set spec.name")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.sortKey) || self.sortKey.name != self.partitionKey.name")
    .message("partitionKey and sortKey must name different attributes"))]
#[x_kube(validation = Rule::new("!has(self.billingMode) || self.billingMode != 'PROVISIONED' || has(self.provisionedThroughput)")
    .message("billingMode PROVISIONED needs provisionedThroughput"))]
#[x_kube(validation = Rule::new("!has(self.billingMode) || self.billingMode != 'PAY_PER_REQUEST' || !has(self.provisionedThroughput)")
    .message("provisionedThroughput goes with billingMode PROVISIONED only: remove it or change the mode"))]
#[x_kube(validation = Rule::new("!has(self.connectionSecret) || !has(self.connectionSecret.keys) || self.connectionSecret.keys.all(k, self.connectionSecret.keys[k] in ['type', 'provider', 'table', 'region', 'arn', 'endpoint', 'uri', 'stream-arn', 'stream-label', 'table-id'])")
    .message("the values of connectionSecret.keys are outputs of a table: type, provider, table, region, arn, endpoint, uri, stream-arn, stream-label or table-id"))]
#[x_kube(validation = Rule::new("!has(self.localSecondaryIndexes) || has(self.sortKey)")
    .message("a table with local secondary indexes needs a sortKey"))]
#[x_kube(validation = Rule::new("!has(self.onDemandThroughput) || !has(self.provisionedThroughput)")
    .message("onDemandThroughput goes with billingMode PAY_PER_REQUEST: remove it or provisionedThroughput"))]
#[x_kube(validation = Rule::new("!has(self.globalSecondaryIndexes) || self.globalSecondaryIndexes.all(i, has(i.provisionedThroughput) == has(self.provisionedThroughput))")
    .message("each global secondary index has provisionedThroughput if the table has, and not otherwise"))]
#[x_kube(validation = Rule::new("!has(self.globalSecondaryIndexes) || !has(self.provisionedThroughput) || self.globalSecondaryIndexes.all(i, !has(i.onDemandThroughput))")
    .message("onDemandThroughput of an index goes with billingMode PAY_PER_REQUEST"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || size(self.replicas) == 0 || !has(self.stream) || (self.stream.enabled && self.stream.viewType == 'NEW_AND_OLD_IMAGES')")
    .message("replicas need the stream: leave stream out, or declare it with viewType NEW_AND_OLD_IMAGES"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || !has(self.region) || self.replicas.all(r, r.regionName != self.region)")
    .message("replicas are in other regions than the table itself"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || !has(self.encryption) || self.replicas.all(r, has(r.kmsKeyId) == (self.encryption.type == 'CustomerManaged'))")
    .message("each replica has a kmsKeyId of its own region if encryption is CustomerManaged, and not otherwise"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || has(self.provisionedThroughput) || self.replicas.all(r, !has(r.provisionedThroughputOverride))")
    .message("provisionedThroughputOverride of a replica goes with provisionedThroughput of the table"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || !has(self.provisionedThroughput) || self.replicas.all(r, !has(r.onDemandThroughputOverride))")
    .message("onDemandThroughputOverride of a replica goes with billingMode PAY_PER_REQUEST"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || size(self.replicas) == 0 || !has(self.provisionedThroughput) || (has(self.ignoreChanges) && 'provisionedThroughput' in self.ignoreChanges)")
    .message("AWS makes replicas of a PROVISIONED table only where its capacity is auto scaled: set up auto scaling and name provisionedThroughput in ignoreChanges, or use billingMode PAY_PER_REQUEST"))]
pub struct TableSpec {
    /// Name of the table in AWS, unique per account and region; `metadata.name` when absent. Immutable once the table
    /// was made, and so are the keys and the local secondary indexes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub name: Option<String>,

    /// AWS region; the operator's own when absent. Fixed once the table is made. The administrator's `--allow-region`
    /// says which there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: Option<String>,

    /// The partition key. Immutable once the table was made.
    pub partition_key: KeyAttribute,

    /// The sort key. Immutable once the table was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort_key: Option<KeyAttribute>,

    /// Indexes with the table's partition key and another sort key: up to five. Immutable once the table was
    /// made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 5))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub local_secondary_indexes: Option<Vec<LocalSecondaryIndex>>,

    /// Indexes with keys of their own: up to 20. The whole list: an index that it does not name is deleted, after
    /// approval. AWS builds and deletes them one after another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    // No list of the type `map`, as with `replicas`: a server-side apply that empties one drops it whole
    // (structured-merge-diff), and the off value would be read as a block taken away.
    #[schemars(length(max = 20))]
    #[x_kube(validation = Rule::new("self.all(i, self.exists_one(j, j.name == i.name))").message("duplicate name: each global secondary index has its own"))]
    pub global_secondary_indexes: Option<Vec<GlobalSecondaryIndex>>,

    /// How reads and writes are charged. A table made without it is PROVISIONED if
    /// `provisionedThroughput` is there and PAY_PER_REQUEST if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_mode: Option<BillingMode>,

    /// Capacity of a PROVISIONED table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput: Option<ProvisionedThroughput>,

    /// The most that a PAY_PER_REQUEST table takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_throughput: Option<OnDemandThroughput>,

    /// What the table can take at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_throughput: Option<WarmThroughput>,

    /// What storage and requests cost in relation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_class: Option<TableClass>,

    /// A stream of the changes of items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Stream>,

    /// Which key encrypts the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encryption: Option<TableEncryption>,

    /// Expiry of items by an attribute. AWS allows one change an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<TimeToLive>,

    /// Continuous backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_in_time_recovery: Option<PointInTimeRecovery>,

    /// CloudWatch Contributor Insights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contributor_insights: Option<ContributorInsights>,

    /// The resource policy, as JSON; `""` means none. Compared by what it says, not by its text. DynamoDB takes 20 KiB,
    /// without the white space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 102_400))]
    pub resource_policy: Option<String>,

    /// A Kinesis data stream that the changes of items go to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinesis_stream: Option<KinesisStream>,

    /// Copies in other regions. The whole list: a replica that it does not name is deleted, after approval. AWS
    /// changes them one after another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 40))]
    #[x_kube(validation = Rule::new("self.all(r, self.exists_one(s, s.regionName == r.regionName))").message("duplicate regionName: a table has one replica in a region"))]
    pub replicas: Option<Vec<Replica>>,

    /// Whether AWS refuses to delete the table, whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,

    /// Where the first items come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create_from: Option<CreateFrom>,

    /// Tags on the table. Keys declared here are owned; others on the table are left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "tags::schema")]
    #[x_kube(validation = Rule::new(tags::KEYS_RULE).message(tags::KEYS_MESSAGE))]
    #[x_kube(validation = Rule::new(tags::CHARACTERS_RULE).message(tags::CHARACTERS_MESSAGE))]
    pub tags: Option<tags::Tags>,

    /// How far the operator goes: Enforce, Plan (write nothing to AWS, say what would be done) or
    /// Paused (do not call AWS).
    #[serde(default)]
    pub management_policy: ManagementPolicy,

    /// Blocks that are set at creation and left alone afterwards, for others to manage: neither drift
    /// nor edits of them are applied. Of an index its throughput alone can be named:
    /// globalSecondaryIndexes/by-customer/provisionedThroughput.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::ignore_changes")]
    pub ignore_changes: Option<Vec<String>>,

    /// Seconds between two looks at an object in sync; the operator's own interval when absent. The
    /// operator may have a floor of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "super::resync_interval")]
    pub resync_interval_seconds: Option<u32>,

    /// What to do when a table of this name exists without ownership tags.
    #[serde(default)]
    pub adoption_policy: AdoptionPolicy,

    /// What happens in AWS when this object is deleted. The default keeps the table and its items.
    #[serde(default = "DeletionPolicy::for_table")]
    pub deletion_policy: DeletionPolicy,

    /// The Secret that tells applications how to reach the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_secret: Option<ConnectionSecret>,
}

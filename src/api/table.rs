use kube::{CustomResource, KubeSchema};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::{AdoptionPolicy, ConnectionSecret, DeletionPolicy, ManagementPolicy, Status, tags};

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
    validation = Rule::new("(has(self.spec.name) ? self.spec.name : self.metadata.name) == (has(oldSelf.spec.name) ? oldSelf.spec.name : oldSelf.metadata.name)")
        .message("the name of a table in AWS is immutable: make a new Table under another metadata.name")
        .field_path(".spec.name"),
    validation = Rule::new("has(self.spec.name) || (size(self.metadata.name) >= 3 && size(self.metadata.name) <= 253)")
        .message("a DynamoDB table name has at least 3 characters: lengthen metadata.name or set spec.name")
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.sortKey) == has(oldSelf.sortKey)")
    .message("the key schema of a table is immutable: a sort key can be neither added nor removed"))]
#[x_kube(validation = Rule::new("!has(self.sortKey) || self.sortKey.name != self.partitionKey.name")
    .message("partitionKey and sortKey must name different attributes"))]
#[x_kube(validation = Rule::new("!has(self.billingMode) || self.billingMode != 'PROVISIONED' || has(self.provisionedThroughput)")
    .message("billingMode PROVISIONED needs provisionedThroughput"))]
#[x_kube(validation = Rule::new("!has(self.billingMode) || self.billingMode != 'PAY_PER_REQUEST' || !has(self.provisionedThroughput)")
    .message("provisionedThroughput goes with billingMode PROVISIONED only: remove it or change the mode"))]
#[x_kube(validation = Rule::new("!has(self.connectionSecret) || !has(self.connectionSecret.keys) || self.connectionSecret.keys.all(k, self.connectionSecret.keys[k] in ['type', 'provider', 'table', 'region', 'arn', 'endpoint', 'uri'])")
    .message("the values of connectionSecret.keys are outputs of a table: type, provider, table, region, arn, endpoint or uri"))]
pub struct TableSpec {
    /// Name of the table in AWS, unique per account and region; `metadata.name` when absent. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 3, max = 255), regex(pattern = r"^[a-zA-Z0-9_.-]+$"))]
    pub name: Option<String>,

    /// AWS region; the operator's own when absent. Fixed once the table is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 32), regex(pattern = r"^[a-z0-9-]+$"))]
    pub region: Option<String>,

    /// The partition key. Immutable.
    #[x_kube(validation = Rule::new("self == oldSelf").message("the key schema of a table is immutable"))]
    pub partition_key: KeyAttribute,

    /// The sort key. Immutable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self == oldSelf").message("the key schema of a table is immutable"))]
    pub sort_key: Option<KeyAttribute>,

    /// How reads and writes are charged. A table made without it is PROVISIONED if
    /// `provisionedThroughput` is there and PAY_PER_REQUEST if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_mode: Option<BillingMode>,

    /// Capacity of a PROVISIONED table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisioned_throughput: Option<ProvisionedThroughput>,

    /// Expiry of items by an attribute. AWS allows one change an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_to_live: Option<TimeToLive>,

    /// Whether AWS refuses to delete the table, whoever asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_protection: Option<bool>,

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
    /// nor edits of them are applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "TableBlock::schema")]
    pub ignore_changes: Option<Vec<TableBlock>>,

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

/// A key attribute together with its type, so that keys and attribute definitions cannot disagree.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyAttribute {
    /// Name of the attribute.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Its type: S (string), N (number) or B (binary). Quote "N": YAML 1.1 reads a bare N as false.
    #[serde(rename = "type")]
    pub type_: AttributeType,
}

/// Type of a key attribute, in DynamoDB's letters.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum AttributeType {
    /// String.
    S,
    /// Number.
    N,
    /// Binary.
    B,
}

/// How a table's reads and writes are charged.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum BillingMode {
    /// Pay for declared capacity.
    #[serde(rename = "PROVISIONED")]
    Provisioned,
    /// Pay per request.
    #[serde(rename = "PAY_PER_REQUEST")]
    PayPerRequest,
}

/// Capacity of a PROVISIONED table.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProvisionedThroughput {
    /// Strongly consistent reads of up to 4 KiB a second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub read_capacity_units: i64,
    /// Writes of up to 1 KiB a second.
    #[schemars(range(min = 1, max = 1_000_000_000))]
    pub write_capacity_units: i64,
}

/// Expiry of items.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!self.enabled || has(self.attributeName)")
    .message("timeToLive.enabled: true needs attributeName, the attribute that holds the expiry time"))]
pub struct TimeToLive {
    /// Whether items expire.
    pub enabled: bool,
    /// The attribute that holds the expiry time, in seconds since 1970. DynamoDB ignores it while
    /// expiry is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255))]
    pub attribute_name: Option<String>,
}

/// A block of a table's spec that `ignoreChanges` can name.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TableBlock {
    /// `billingMode`.
    BillingMode,
    /// `provisionedThroughput`.
    ProvisionedThroughput,
    /// `deletionProtection`.
    DeletionProtection,
    /// `timeToLive`.
    TimeToLive,
}

impl TableBlock {
    /// Its name in the spec.
    pub fn name(self) -> &'static str {
        match self {
            Self::BillingMode => "billingMode",
            Self::ProvisionedThroughput => "provisionedThroughput",
            Self::DeletionProtection => "deletionProtection",
            Self::TimeToLive => "timeToLive",
        }
    }

    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array",
            "maxItems": 4,
            "x-kubernetes-list-type": "set",
            "items": {"type": "string", "enum": ["billingMode", "provisionedThroughput", "deletionProtection", "timeToLive"]},
        })
    }
}

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Observed state of the object.
// Both kinds share it, so that every tool reads both alike. Nothing in it changes from reconciliation to reconciliation by
// itself: no times of day, request ids or counters, so an object in sync is never written. It is a report and never proof
// of ownership, with the one exception of `CreationIntent`.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The generation that this status describes. -1 until the operator has reconciled the object for the first time.
    #[serde(default = "unseen")]
    pub observed_generation: i64,

    /// `Ready` (the resource exists and is usable, the Secret is written) and `Synced` (AWS matches the spec);
    /// `Reconciling` while changes are in progress, `Stalled` if a user must act.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// Time of the first rejection by AWS that may resolve by itself, by reason. After five minutes the object is
    /// Stalled.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused_since: BTreeMap<String, Time>,

    /// The resource in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalRef>,

    /// Endpoint for applications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,

    /// Secondary indexes of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<IndexStatus>,

    /// Replicas of a table in other regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<ReplicaStatus>,

    /// The import that created the table, while spec.createFrom is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportStatus>,

    /// Additional outputs for applications, by the names that `connectionSecret.keys` uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,

    /// The connection Secret, as defined by the Service Binding specification (servicebinding.io, "Provisioned
    /// Service").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,

    /// Fields and tags that the spec has declared so far. One that is removed from the spec is reset to the AWS default.
    #[serde(default, skip_serializing_if = "Managed::is_empty")]
    pub managed: Managed,

    /// Set before the resource is created. From then on the name is immutable. Removed when the resource has its
    /// ownership tags, or AWS has rejected the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_intent: Option<CreationIntent>,

    /// Changes that are not applied: with managementPolicy Plan all changes, with Enforce those that require approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,

    /// The approved plan that is being applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,

    /// Number of plans that have been approved. Part of each plan's hash, so that an approval is valid only once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub approvals: i64,

    /// Number of object versions, delete markers and incomplete uploads that a deletion with deletionPolicy Delete has
    /// removed so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub emptied: i64,

    /// Whether the deletion is only blocked by the contents of the resource, and the administrator allows deletionPolicy
    /// Delete in this namespace (`--allow-force-delete`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_delete_allowed: bool,

    /// The last value of the annotation `musubi.dev/reconcile-at` that was processed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}

fn unseen() -> i64 {
    -1
}

impl Default for Status {
    fn default() -> Self {
        Self {
            observed_generation: unseen(),
            conditions: Vec::new(),
            refused_since: BTreeMap::new(),
            external: None,
            endpoint: None,
            indexes: Vec::new(),
            replicas: Vec::new(),
            import: None,
            outputs: BTreeMap::new(),
            binding: None,
            managed: Managed::default(),
            creation_intent: None,
            plan: None,
            approved: None,
            approvals: 0,
            emptied: 0,
            force_delete_allowed: false,
            last_handled_reconcile_at: None,
        }
    }
}

impl Status {
    /// The condition of this type, if it has been written.
    pub fn condition(&self, type_: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.type_ == type_)
    }

    /// Whether the condition of this type is `True`.
    pub fn is_true(&self, type_: &str) -> bool {
        self.condition(type_).is_some_and(|condition| condition.status == "True")
    }
}

/// Identity of the resource in AWS, fixed when it was created or adopted.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalRef {
    /// Name in AWS.
    pub name: String,
    /// Its Amazon Resource Name.
    pub arn: String,
    /// AWS region.
    pub region: String,
    /// AWS account ID: twelve digits.
    pub account_id: String,
    /// When the operator created it. Not set if it existed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
}

/// A secondary index of a table.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IndexStatus {
    /// Its name.
    pub name: String,
    /// Its Amazon Resource Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// ACTIVE, CREATING, UPDATING or DELETING.
    pub status: String,
    /// Whether AWS is backfilling the index, which takes hours for a large table.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backfilling: bool,
}

/// A replica of a table in another region.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaStatus {
    /// AWS region.
    pub region_name: String,
    /// Its Amazon Resource Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// ACTIVE, CREATING, UPDATING, DELETING, or an error status of AWS.
    pub status: String,
}

/// An import from S3, as DescribeImport returns it.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportStatus {
    /// Its Amazon Resource Name.
    pub arn: String,
    /// `IN_PROGRESS`, COMPLETED, CANCELLING, CANCELLED or FAILED.
    pub status: String,
    /// Number of items read so far.
    #[serde(default)]
    pub processed_items: i64,
    /// Number of items imported so far.
    #[serde(default)]
    pub imported_items: i64,
    /// Number of errors so far. AWS may skip the rest of a file after an error.
    #[serde(default)]
    pub errors: i64,
    /// Error code of AWS, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<String>,
    /// Error message of AWS, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<String>,
    /// CloudWatch log group with the individual errors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_group_arn: Option<String>,
}

impl ImportStatus {
    /// Whether it has ended, well or not.
    pub fn has_ended(&self) -> bool {
        matches!(self.status.as_str(), "COMPLETED" | "CANCELLED" | "FAILED")
    }

    /// Whether it has ended without what it was to bring.
    pub fn has_failed(&self) -> bool {
        matches!(self.status.as_str(), "CANCELLED" | "FAILED")
    }
}

/// The Secret that binds an application to this object.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
pub struct Binding {
    /// Name of a Secret in the same namespace.
    pub name: String,
}

/// Fields and tag keys that the spec has declared, to detect when they are removed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Managed {
    /// Names of spec fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
    /// Tag keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Managed {
    /// Whether nothing has ever been declared.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.tags.is_empty()
    }

    /// Whether this block was declared by an earlier generation, or is by the present one.
    pub fn has_block(&self, name: &str) -> bool {
        self.blocks.iter().any(|block| block == name)
    }
}

/// Changes that wait for approval.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// Value of the annotation `musubi.dev/approve` that approves this plan. It covers the object's UID, the account,
    /// region and name in AWS, the generation, the number of approvals, and every change, including omitted ones.
    pub hash: String,
    /// The changes, in the order in which they are applied. Ownership tags (`musubi.dev/...`) are only listed if there are
    /// no other changes.
    pub changes: Vec<PlannedChange>,
    /// Number of changes that are not listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: i64,
}

/// A change of a plan.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// Path in the spec: `lifecycle.rules[uploads].status`.
    pub path: String,
    /// Current value in AWS. Not set if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// New value. Not set if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Effect of the change on users of the resource.
    #[serde(rename = "effect")]
    pub impact: Impact,
}

/// Effect of a change on users of the resource.
// In the order of how much it matters to them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Impact {
    /// Applies what the spec declares. Requires no approval with managementPolicy Enforce.
    Update,
    /// Resets a removed field to the AWS default and reduces protection, such as versioning or the public access block.
    /// Setting the value explicitly instead requires no approval.
    Weakening,
    /// Interrupts users of the resource: an index is rebuilt, or a stream gets a new ARN.
    Disruptive,
    /// Permanently deletes data: an index or a replica.
    Destructive,
}

/// An approved plan.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Approved {
    /// The hash that was approved.
    pub hash: String,
    /// The generation that was approved. Editing the spec ends the approval.
    pub generation: i64,
    /// Digests of the approved changes that have not been applied yet.
    pub steps: Vec<String>,
}

/// Records that the resource is about to be created.
// It is a proof only where the creating call cannot carry ownership tags. Some endpoints cannot tag a bucket in the
// creating call (LocalStack answers MalformedXML or drops the tags). What is untagged and named by the intent of this very
// uid is ours; nothing else untagged ever is.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationIntent {
    /// UID of the object. A status copied from another object is not valid.
    pub uid: String,
    /// Name of the resource.
    pub name: String,
    /// AWS region of the resource.
    pub region: String,
    /// AWS account ID of the resource.
    pub account_id: String,
    /// Time of the create request. If its response was lost, it is compared with the creation time in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<Time>,
}

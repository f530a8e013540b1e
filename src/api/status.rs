use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the operator knows of an object. Both kinds share it, so that every tool reads both alike.
///
/// Nothing in it changes from pass to pass by itself: no times of day, request ids or counters, so
/// an object in sync is never written. It is a report and never proof of ownership, with the one
/// exception of [`CreationIntent`].
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The generation that this status speaks of; -1 until the operator has seen the object, so
    /// that a waiter never takes an unseen object for finished.
    #[serde(default = "unseen")]
    pub observed_generation: i64,

    /// `Ready` (exists, usable, Secret written) and `Synced` (AWS equals the spec) always;
    /// `Reconciling` while the operator is working on it, `Stalled` when only the user can help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// Since when AWS refuses what time may heal, by the reason that the conditions give: for five minutes it counts as
    /// AWS being slow.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused_since: BTreeMap<String, Time>,

    /// The thing in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external: Option<External>,

    /// The endpoint applications reach it at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,

    /// Secondary indexes of a table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<IndexStatus>,

    /// Copies of a table in other regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replicas: Vec<ReplicaStatus>,

    /// The import that a table was made by, as long as createFrom names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<ImportStatus>,

    /// What else applications may want to know, by the names that `connectionSecret.keys` uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub outputs: BTreeMap<String, String>,

    /// The connection Secret, as the Service Binding specification wants it announced
    /// (servicebinding.io, "Provisioned Service").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,

    /// What the spec has declared so far: a block or a tag that was declared and no longer is goes
    /// back to what AWS gives a new resource.
    #[serde(default, skip_serializing_if = "Managed::is_empty")]
    pub managed: Managed,

    /// Written before a create, from when on the name in the spec is fixed, and taken away once what was made carries
    /// its ownership tags, or AWS has refused to make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_intent: Option<CreationIntent>,

    /// What the operator would do and does not: under managementPolicy Plan all of it, under Enforce
    /// the steps that need approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Plan>,

    /// The plan that has been approved and is being carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved: Option<Approved>,

    /// How many plans have been approved so far. Part of each plan's hash, so that an annotation that
    /// was left behind never counts twice.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub approvals: i64,

    /// How many object versions, delete markers and unfinished uploads a deletion with policy Delete
    /// has removed so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub emptied: i64,

    /// The deletion waits for nothing but its content, and the administrator lets this namespace set
    /// deletionPolicy Delete to have it removed (`--allow-force-delete`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub force_delete_allowed: bool,

    /// The last value of the annotation `musubi.dev/reconcile-at` that was acted on.
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

/// Identity of the thing in AWS, fixed when it was made or adopted.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct External {
    /// Its name in AWS.
    pub name: String,
    /// Its Amazon Resource Name.
    pub arn: String,
    /// Its AWS region.
    pub region: String,
    /// The AWS account that holds it: twelve digits.
    pub account_id: String,
    /// When the operator made it; absent for a thing that was adopted or claimed.
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
    /// Whether it is being filled from the table: hours, for a large one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backfilling: bool,
}

/// A copy of a table in another region.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaStatus {
    /// Its region.
    pub region_name: String,
    /// Its Amazon Resource Name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// ACTIVE, CREATING, UPDATING, DELETING, or what is wrong with it in AWS's word.
    pub status: String,
}

/// An import of files from S3, in the words of DescribeImport.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportStatus {
    /// Its Amazon Resource Name.
    pub arn: String,
    /// `IN_PROGRESS`, COMPLETED, CANCELLING, CANCELLED or FAILED.
    pub status: String,
    /// Items that were read so far.
    #[serde(default)]
    pub processed_items: i64,
    /// Items that came into the table so far.
    #[serde(default)]
    pub imported_items: i64,
    /// Errors so far. The rest of a file may be left out after one.
    #[serde(default)]
    pub errors: i64,
    /// Why it failed, in AWS's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<String>,
    /// Why it failed, in AWS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_message: Option<String>,
    /// The CloudWatch log group that tells each error.
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

/// Blocks and tag keys that the spec has declared, so that their removal can be noticed.
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

/// Steps that stand between AWS and the spec and wait for someone.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What the annotation `musubi.dev/approve` must say to have this very plan carried out. It covers
    /// the object's uid, the account, region and name in AWS, the generation, the approvals so far, and
    /// every change, those left out below included.
    pub hash: String,
    /// The changes, in the order in which they would be made.
    pub changes: Vec<PlannedChange>,
    /// How many changes more there are than are listed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: i64,
}

/// One change of a [`Plan`].
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedChange {
    /// Where, in the words of the spec: `lifecycle.rules[uploads].status`.
    pub path: String,
    /// What AWS has; absent when it has nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it would have; absent when it would have nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What the change does to those who rely on the thing.
    pub effect: Effect,
}

/// What a step does to those who rely on the thing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Effect {
    /// What the spec declares.
    Update,
    /// A reset that lowers a guard, such as versioning or the public access block: taking a block out
    /// of a manifest must not open a bucket by accident. Declaring the off value is consent.
    Weakening,
    /// What is declared takes something away for a while: an index that is built anew, a stream that gets
    /// another ARN.
    Disruptive,
    /// Something with data in it goes for good: an index, a replica.
    Destructive,
}

/// A plan that somebody has approved.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Approved {
    /// The hash that was approved.
    pub hash: String,
    /// The generation that it was approved for; an edit ends the approval.
    pub generation: i64,
    /// A digest of each step that may be taken, once, until it is in place.
    pub steps: Vec<String>,
}

/// Announces a create.
///
/// It is a proof only where the creating call cannot carry ownership tags. Some endpoints cannot tag a
/// bucket in the creating call (LocalStack answers MalformedXML or drops the tags). What is untagged and
/// named by the intent of this very uid is ours; nothing else untagged ever is.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreationIntent {
    /// The uid of the object that announced it: a status copied from elsewhere proves nothing.
    pub uid: String,
    /// The name that is about to be made.
    pub name: String,
    /// The region it is about to be made in.
    pub region: String,
    /// The account it is about to be made in.
    pub account_id: String,
    /// When the create was about to be sent. Where its answer was lost, AWS's word on when the
    /// resource was made is held against it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<Time>,
}

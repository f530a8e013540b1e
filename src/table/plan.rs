//! What a table should become: pure.

use serde_json::{Value, json};

use crate::{
    api::{BillingMode, DeletionPolicy, KeyAttribute, Managed, ProvisionedThroughput, Table, TableSpec, tags::Tags},
    managed::{
        change::{Change, diff},
        external::{CREATION, Effect, Preparation, Settling, Step, TAGS},
        fault::Fault,
        identity::{Identity, RELEASED},
        tagging,
    },
};

/// Names of the blocks, in the order in which their steps are taken.
pub(super) const BLOCKS: &[&str] = &[BILLING_MODE, PROVISIONED_THROUGHPUT, DELETION_PROTECTION, TIME_TO_LIVE];

const BILLING_MODE: &str = "billingMode";
const PROVISIONED_THROUGHPUT: &str = "provisionedThroughput";
const DELETION_PROTECTION: &str = "deletionProtection";
/// Read by a call of its own, unlike the other blocks.
pub(super) const TIME_TO_LIVE: &str = "timeToLive";

/// A table as it was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// The state that AWS is busy with; `None` when it is at rest.
    pub settling: Option<Settling>,
    /// A state in which nothing can be done from here, in AWS's word.
    pub unusable: Option<String>,
    /// Its partition key.
    pub partition_key: Option<KeyAttribute>,
    /// Its sort key.
    pub sort_key: Option<KeyAttribute>,
    /// How it is charged.
    pub billing: Billing,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
    /// Its expiry, if it was read.
    pub ttl: Option<Result<Ttl, Fault>>,
    /// Whether it holds no item, if that was asked.
    pub empty: Option<Result<bool, Fault>>,
}

/// How a table is charged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Billing {
    /// By request.
    OnDemand,
    /// By capacity.
    Provisioned(ProvisionedThroughput),
}

/// Expiry of items.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Ttl {
    /// Whether items expire, or are about to.
    pub enabled: bool,
    /// By which attribute.
    pub attribute: Option<String>,
    /// AWS takes up to an hour to change it, and takes no other change in the meantime.
    pub changing: bool,
}

/// One DynamoDB call that changes a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// CreateTable.
    Create {
        /// The partition key.
        partition_key: KeyAttribute,
        /// The sort key.
        sort_key: Option<KeyAttribute>,
        /// How it is charged.
        billing: Billing,
        /// Whether AWS refuses to delete it.
        deletion_protection: bool,
        /// Ownership and declared tags.
        tags: Tags,
    },
    /// UpdateTable. What is `None` is not sent.
    Update {
        /// How it is charged.
        billing: Option<Billing>,
        /// Whether AWS refuses to delete it.
        deletion_protection: Option<bool>,
    },
    /// UpdateTimeToLive.
    SetTtl {
        /// Whether items expire.
        enabled: bool,
        /// By which attribute. AWS wants it named when switching off, too.
        attribute: String,
    },
    /// TagResource.
    Tag(Tags),
    /// UntagResource.
    Untag(Vec<String>),
}

pub(super) fn declared_blocks(spec: &TableSpec) -> Vec<&'static str> {
    [
        (BILLING_MODE, spec.billing_mode.is_some()),
        (PROVISIONED_THROUGHPUT, spec.provisioned_throughput.is_some()),
        (DELETION_PROTECTION, spec.deletion_protection.is_some()),
        (TIME_TO_LIVE, spec.time_to_live.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, declared)| declared.then_some(name))
    .collect()
}

/// What the spec says of billing; `None` if it says nothing.
fn declared_billing(spec: &TableSpec) -> Option<Billing> {
    match (spec.billing_mode, spec.provisioned_throughput) {
        (Some(BillingMode::PayPerRequest), _) => Some(Billing::OnDemand),
        (_, Some(throughput)) => Some(Billing::Provisioned(throughput)),
        // The schema refuses PROVISIONED without throughput.
        (Some(BillingMode::Provisioned) | None, None) => None,
    }
}

pub(super) fn creation(object: &Table, id: &Identity) -> Step<Op> {
    let spec = &object.spec;
    let op = Op::Create {
        partition_key: spec.partition_key.clone(),
        sort_key: spec.sort_key.clone(),
        billing: declared_billing(spec).unwrap_or(Billing::OnDemand),
        deletion_protection: spec.deletion_protection.unwrap_or_default(),
        tags: tagging::desired(&Tags::new(), spec.tags.as_ref(), &Managed::default(), &id.owner),
    };
    let (tags, seen) = fresh(&op);
    let leaf = |path: &str, to: Value| diff(path, &Value::Null, &to);
    let mut changes = leaf("name", json!(id.name));
    changes.extend(leaf("partitionKey", json!(seen.partition_key)));
    changes.extend(leaf("sortKey", json!(seen.sort_key)));
    let billing = words(&seen.billing);
    for block in [BILLING_MODE, PROVISIONED_THROUGHPUT] {
        changes.extend(leaf(block, billing[block].clone()));
    }
    changes.extend(leaf(DELETION_PROTECTION, json!(seen.deletion_protection)));
    changes.extend(tagging::changes(&Tags::new(), &tags));
    step(CREATION, op, changes)
}

/// A table as AWS makes it: what the create does not say is off.
pub(super) fn fresh(creation: &Op) -> (Tags, Observed) {
    let mut seen = Observed {
        settling: None,
        unusable: None,
        partition_key: None,
        sort_key: None,
        billing: Billing::OnDemand,
        deletion_protection: false,
        ttl: Some(Ok(Ttl::default())),
        empty: None,
    };
    let Op::Create { partition_key, sort_key, billing, deletion_protection, tags } = creation else {
        return (Tags::new(), seen);
    };
    seen.partition_key = Some(partition_key.clone());
    seen.sort_key.clone_from(sort_key);
    seen.billing = *billing;
    seen.deletion_protection = *deletion_protection;
    (tags.clone(), seen)
}

/// Tags first, for they carry the proof of ownership; then the ladder.
pub(super) fn plan(
    object: &Table,
    managed: &Managed,
    id: &Identity,
    tags: Option<&Tags>,
    seen: &Observed,
) -> Vec<Step<Op>> {
    let spec = &object.spec;
    let mut steps = Vec::new();
    if let Some(current) = tags {
        steps.extend(tag_steps(current, &tagging::desired(current, spec.tags.as_ref(), managed, &id.owner)));
    }
    steps.extend(billing_step(spec, managed, seen));
    steps.extend(protection_step(spec, managed, seen));
    steps.extend(ttl_step(spec, managed, seen));
    steps
}

fn tag_steps(from: &Tags, to: &Tags) -> Vec<Step<Op>> {
    let (removed, set): (Vec<Change>, Vec<Change>) =
        tagging::changes(from, to).into_iter().partition(|change| change.to.is_none());
    let put: Tags =
        to.iter().filter(|(key, value)| from.get(*key) != Some(value)).map(|(k, v)| (k.clone(), v.clone())).collect();
    let gone: Vec<String> = from.keys().filter(|key| !to.contains_key(*key)).cloned().collect();
    let mut steps = Vec::new();
    if !put.is_empty() {
        steps.push(step(TAGS, Op::Tag(put), set));
    }
    if !gone.is_empty() {
        steps.push(step(TAGS, Op::Untag(gone), removed));
    }
    steps
}

fn billing_step(spec: &TableSpec, managed: &Managed, seen: &Observed) -> Option<Step<Op>> {
    let was_declared = managed.has_block(BILLING_MODE) || managed.has_block(PROVISIONED_THROUGHPUT);
    let wanted = declared_billing(spec).or(was_declared.then_some(Billing::OnDemand))?;
    if wanted == seen.billing {
        return None;
    }
    let mut changes = Vec::new();
    let (from, to) = (words(&seen.billing), words(&wanted));
    for block in [BILLING_MODE, PROVISIONED_THROUGHPUT] {
        changes.extend(diff(block, &from[block], &to[block]));
    }
    // The declared protection goes along: some endpoints switch it off in an update that does not
    // name it (LocalStack 4.9).
    let op = Op::Update { billing: Some(wanted), deletion_protection: spec.deletion_protection };
    // Capacity alone may be somebody else's to manage (`ignoreChanges`); a change of mode is ours.
    let scaled = matches!((seen.billing, wanted), (Billing::Provisioned(_), Billing::Provisioned(_)));
    Some(step(if scaled { PROVISIONED_THROUGHPUT } else { BILLING_MODE }, op, changes))
}

fn words(billing: &Billing) -> Value {
    match billing {
        Billing::OnDemand => json!({BILLING_MODE: "PAY_PER_REQUEST", PROVISIONED_THROUGHPUT: null}),
        Billing::Provisioned(throughput) => json!({BILLING_MODE: "PROVISIONED", PROVISIONED_THROUGHPUT: throughput}),
    }
}

fn protection_step(spec: &TableSpec, managed: &Managed, seen: &Observed) -> Option<Step<Op>> {
    let declared = spec.deletion_protection;
    let wanted = declared.or(managed.has_block(DELETION_PROTECTION).then_some(false))?;
    if wanted == seen.deletion_protection {
        return None;
    }
    let changes = diff(DELETION_PROTECTION, &json!(seen.deletion_protection), &json!(wanted));
    let op = Op::Update { billing: None, deletion_protection: Some(wanted) };
    let effect = if declared.is_some() { Effect::Update } else { Effect::Weakening };
    Some(Step { effect, ..step(DELETION_PROTECTION, op, changes) })
}

/// Another attribute takes two changes: off, then on again. AWS allows one change an hour and says
/// so with an error that means "later".
fn ttl_step(spec: &TableSpec, managed: &Managed, seen: &Observed) -> Option<Step<Op>> {
    let seen = seen.ttl.as_ref()?.as_ref().ok()?;
    let (enabled, attribute) = match &spec.time_to_live {
        Some(block) => (block.enabled, block.attribute_name.clone()),
        None if managed.has_block(TIME_TO_LIVE) => (false, None),
        None => return None,
    };
    let to = json!({"enabled": enabled, "attributeName": if enabled { attribute.clone() } else { None }});
    let from =
        json!({"enabled": seen.enabled, "attributeName": if seen.enabled { seen.attribute.clone() } else { None }});
    let changes = diff(TIME_TO_LIVE, &from, &to);
    if changes.is_empty() {
        return None;
    }
    let op = match (seen.enabled, enabled) {
        (true, _) => Op::SetTtl { enabled: false, attribute: seen.attribute.clone().unwrap_or_default() },
        (false, _) => Op::SetTtl { enabled: true, attribute: attribute.unwrap_or_default() },
    };
    Some(step(TIME_TO_LIVE, op, changes))
}

pub(super) fn release(id: &Identity) -> Step<Op> {
    let mark = Tags::from([(RELEASED.to_owned(), id.owner.object())]);
    let changes = tagging::changes(&Tags::new(), &mark);
    step(TAGS, Op::Tag(mark), changes)
}

pub(super) fn advance(tags: &mut Option<Tags>, seen: &mut Observed, op: &Op) {
    match op {
        Op::Create { .. } => {}
        Op::Update { billing, deletion_protection } => {
            seen.billing = billing.unwrap_or(seen.billing);
            seen.deletion_protection = deletion_protection.unwrap_or(seen.deletion_protection);
            // No second UpdateTable while the table is UPDATING.
            seen.settling = Some(Settling::Updating);
        }
        Op::SetTtl { enabled, attribute } => {
            let attribute = enabled.then(|| attribute.clone());
            seen.ttl = Some(Ok(Ttl { enabled: *enabled, attribute, changing: true }));
        }
        Op::Tag(put) => tags.get_or_insert_default().extend(put.clone()),
        Op::Untag(gone) => tags.get_or_insert_default().retain(|key, _| !gone.contains(key)),
    }
}

/// What makes it impossible to reach the spec.
pub(super) fn obstacle(object: &Table, seen: &Observed) -> Option<Fault> {
    if let Some(state) = &seen.unusable {
        return Some(Fault::user(
            "TableUnusable",
            format!("the table is {state}, which cannot be mended from here: see its KMS key and its backups in AWS"),
        ));
    }
    let (found, wanted) = ((&seen.partition_key, &seen.sort_key), (&object.spec.partition_key, &object.spec.sort_key));
    if found.0.as_ref() == Some(wanted.0) && found.1 == wanted.1 {
        return None;
    }
    let changes: Vec<String> = diff("partitionKey", &json!(found.0), &json!(wanted.0))
        .into_iter()
        .chain(diff("sortKey", &json!(found.1), &json!(wanted.1)))
        .map(|change| change.to_string())
        .collect();
    Some(Fault::user(
        "KeySchemaDiffers",
        format!(
            "the table exists with another key schema, which is immutable ({}): declare the keys it has, or choose another name",
            changes.join("; ")
        ),
    ))
}

/// What must be done before a deletion, and what forbids it. Under Delete the items go with the table.
pub(super) fn before_deletion(object: &Table, seen: &Observed) -> Result<Preparation<Op>, Fault> {
    match &seen.empty {
        _ if object.spec.deletion_policy == DeletionPolicy::Delete => {}
        Some(Ok(true)) => {}
        Some(Ok(false)) => {
            return Err(Fault::user(
                "TableNotEmpty",
                "the table still holds items: delete them, or set deletionPolicy to Retain to keep it, or to Delete \
                 to delete it with its items",
            ));
        }
        Some(Err(fault)) => return Err(fault.clone().at("whether the table is empty cannot be seen, so it is kept")),
        None => return Ok(Preparation::Look),
    }
    if !seen.deletion_protection {
        return Ok(Preparation::Ready);
    }
    if object.spec.deletion_protection != Some(false) {
        return Err(Fault::user(
            "DeletionProtected",
            "deletion protection is on: set deletionProtection: false to allow the deletion, or deletionPolicy: Retain to keep the table",
        ));
    }
    let changes = diff(DELETION_PROTECTION, &json!(true), &json!(false));
    let op = Op::Update { billing: None, deletion_protection: Some(false) };
    Ok(Preparation::Do(step(DELETION_PROTECTION, op, changes)))
}

fn step(block: &'static str, op: Op, changes: Vec<Change>) -> Step<Op> {
    Step { block, after: &[], op, changes, effect: Effect::Update, unless: None }
}

#[cfg(test)]
mod tests;

//! What a bucket should become: pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    api::{Bucket, DeletionPolicy, Impact, Managed, NameScope, ObjectOwnership, tags::Tags},
    managed::{
        change::{Change, diff},
        error::{Error, Reason},
        identity::{Identity, RELEASED},
        observation::Preparation,
        step::{CREATION, Step, TAGS},
        tagging,
    },
};

use super::{
    blocks::{
        self, AclBlock, Block, Difference, ObjectLockBlock, ObjectOwnershipBlock, PolicyBlock, PublicAccessBlock,
        ReplicationBlock, Row, VersioningBlock, Write,
    },
    keys::can_be_listed,
};

/// How many versions, or uploads, one listing brings and one DeleteObjects takes.
pub(super) const PAGE: usize = 1000;

/// What steps that empty a bucket are about.
const CONTENTS: &str = "contents";

/// A bucket as it was seen: the state of each block that was read, or why it could not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    pub(crate) blocks: BTreeMap<&'static str, Result<Value, Error>>,
    /// What it holds, if that was asked: the first page of it.
    pub(crate) contents: Option<Result<Contents, Error>>,
}

/// A page of what a bucket holds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Contents {
    /// Object versions and delete markers, up to 1,000.
    pub versions: Vec<ObjectVersion>,
    /// Multipart uploads that were begun and neither completed nor aborted, up to 1,000.
    pub uploads: Vec<Upload>,
}

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ObjectVersion {
    /// Key of the object.
    pub key: String,
    /// Its version; `null` for one that was put while versioning was off.
    pub version_id: String,
}

/// A multipart upload under way.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Upload {
    /// Key of the object that it would make.
    pub key: String,
    /// Its id.
    pub upload_id: String,
}

/// How a bucket is made: what CreateBucket says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Creation {
    /// Sent with the call where the endpoint takes them.
    pub tags: Tags,
    /// Sent with the call, so that no moment passes under another rule.
    pub object_ownership: Option<ObjectOwnership>,
    /// Sent with the call, as it was the only way once.
    pub object_lock: bool,
    /// Whether the name is one of the account-regional namespace, which the call has to say.
    pub account_regional: bool,
}

/// One S3 call that changes a bucket.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// The whole set of tags, by PutBucketTagging, or by S3 Control where attribute-based access
    /// control is on.
    PutTags(Tags),
    /// The one call that brings a block to a state.
    Put {
        /// Name of the block.
        block: &'static str,
        /// Its state.
        state: Value,
    },
    /// The one call that writes, or deletes, one configuration of a block that is a list of them.
    PutItem {
        /// Name of the block.
        block: &'static str,
        /// Id of the configuration.
        id: String,
        /// The configuration; `None` deletes it.
        configuration: Option<Value>,
    },
    /// DeleteObjects: these versions and delete markers, up to 1,000 of them.
    DeleteObjects(Vec<ObjectVersion>),
    /// DeleteObject: one whose key DeleteObjects has no way to name.
    DeleteObject(ObjectVersion),
    /// AbortMultipartUpload.
    AbortUpload(Upload),
}

/// A bucket as AWS has just made it.
pub(super) fn fresh(creation: &Creation) -> Observed {
    let mut observed = Observed {
        blocks: blocks::TABLE.iter().map(|row| (row.name, (row.initial)())).collect(),
        ..Observed::default()
    };
    if let Some(ownership) = creation.object_ownership {
        observed.blocks.insert(ObjectOwnershipBlock::NAME, Ok(json!(ownership)));
    }
    if creation.object_lock {
        observed.blocks.insert(ObjectLockBlock::NAME, Ok(json!(blocks::locked())));
        // It brings versioning with it.
        observed.blocks.insert(VersioningBlock::NAME, Ok(json!({"status": "Enabled"})));
    }
    observed
}

pub(super) fn creation(object: &Bucket, id: &Identity, tagged: bool) -> Step<Creation> {
    let tags = tagging::desired(&Tags::new(), object.spec.tags.as_ref(), &Managed::default(), &id.owner);
    let mut changes = vec![Change { path: "name".to_owned(), from: None, to: Some(id.name.clone()) }];
    if let Some(ownership) = object.spec.object_ownership {
        changes.extend(diff(ObjectOwnershipBlock::NAME, &Value::Null, &json!(ownership)));
    }
    let object_lock = object.spec.object_lock.as_ref().is_some_and(|lock| lock.enabled);
    if object_lock {
        changes.push(Change { path: "objectLock.enabled".to_owned(), from: None, to: Some("true".to_owned()) });
    }
    if tagged {
        changes.extend(tagging::changes(&Tags::new(), &tags));
    }
    let creation = Creation {
        tags,
        object_ownership: object.spec.object_ownership,
        object_lock,
        account_regional: object.spec.name_scope == Some(NameScope::AccountRegional),
    };
    Step::new(CREATION, creation, changes)
}

/// Tags first, for they carry the proof of ownership; then the blocks in the order of their table.
pub(super) fn plan(
    object: &Bucket,
    managed: &Managed,
    id: &Identity,
    tags: Option<&Tags>,
    observed: &Observed,
) -> Vec<Step<Op>> {
    let mut steps: Vec<Step<Op>> = tags.and_then(|tags| tag_step(object, managed, id, tags)).into_iter().collect();
    for row in blocks::TABLE {
        steps.extend(block_steps(row, object, managed, observed));
    }
    loosen_first(&mut steps, observed);
    take_grants_before_acls_end(&mut steps);
    end_replication_before_versioning(&mut steps);
    steps
}

fn tag_step(object: &Bucket, managed: &Managed, id: &Identity, current: &Tags) -> Option<Step<Op>> {
    let wanted = tagging::desired(current, object.spec.tags.as_ref(), managed, &id.owner);
    let changes = tagging::changes(current, &wanted);
    let not_yet = tagging::refusal(current, &wanted);
    (!changes.is_empty()).then(|| Step { not_yet, ..step(TAGS, Op::PutTags(wanted), changes) })
}

fn block_steps(row: &Row, object: &Bucket, managed: &Managed, observed: &Observed) -> Vec<Step<Op>> {
    // What was not read, or could not be, is not touched.
    let Some(Ok(state)) = observed.blocks.get(row.name) else { return Vec::new() };
    let Ok(Some(wanted)) = (row.wanted)(&object.spec, managed.has_block(row.name), state) else { return Vec::new() };
    let reset = !(row.is_declared)(&object.spec);
    if reset && row.name == VersioningBlock::NAME && has_object_lock(observed) {
        // S3 does not suspend versioning where there is object lock, and has no way to take that off.
        return Vec::new();
    }
    let impact = if reset { row.reset(state, &wanted) } else { Impact::Update };
    let step = |op, changes| Step { after: row.after, impact, ..Step::new(row.name, op, changes) };
    // What S3 would refuse is not asked, and nothing is opened for its sake.
    let refused = |value: &Value| (row.refusal)(value);
    match row.write {
        Write::Whole(_) => {
            let changes = diff(row.name, state, &wanted);
            let not_yet = refused(&wanted);
            vec![Step { not_yet, ..step(Op::Put { block: row.name, state: wanted }, changes) }]
        }
        Write::Each(_) => blocks::differences(state, &wanted)
            .into_iter()
            .map(|Difference { id, from, to }| {
                let value = |side: Option<&Value>| side.cloned().unwrap_or(Value::Null);
                let changes = diff(&format!("{}[{id}]", row.name), &value(from), &value(to));
                let op = Op::PutItem { block: row.name, id: id.to_owned(), configuration: to.cloned() };
                Step { not_yet: to.and_then(refused), ..step(op, changes) }
            })
            .collect(),
    }
}

fn has_object_lock(observed: &Observed) -> bool {
    matches!(observed.blocks.get(ObjectLockBlock::NAME), Some(Ok(state)) if blocks::object_lock_is_enabled(state))
}

fn position(steps: &[Step<Op>], block: &str) -> Option<usize> {
    steps.iter().position(|step| step.block == block)
}

/// The state that this step brings its block to.
fn state(step: &Step<Op>) -> Option<&Value> {
    if let Op::Put { state, .. } = &step.op { Some(state) } else { None }
}

/// S3 refuses a public policy, and public grants, while the public access block stands, so a block that
/// is loosened is loosened before them, and closed again should one of them be refused. One that is
/// tightened stays behind them, where the table has it.
fn loosen_first(steps: &mut Vec<Step<Op>>, observed: &Observed) {
    let Some(block) = position(steps, PublicAccessBlock::NAME) else { return };
    let (acl, policy) = (position(steps, AclBlock::NAME), position(steps, PolicyBlock::NAME));
    let Some(first) = acl.or(policy) else { return };
    let Some(Ok(before)) = observed.blocks.get(PublicAccessBlock::NAME) else { return };
    if state(&steps[block]).is_some_and(|state| blocks::loosens(before, state)) {
        if let Some(hopeless) = [acl, policy].into_iter().flatten().find(|at| steps[*at].not_yet.is_some()) {
            // It stays where it is in the table, behind what is told first.
            steps[block].not_yet = Some(Error::user(
                Reason::DependencyRefused,
                format!("It cannot be changed before {}, which has an error", steps[hopeless].block),
            ));
            return;
        }
        let mut step = steps.remove(block);
        let back = Op::Put { block: PublicAccessBlock::NAME, state: before.clone() };
        step.unless = Some((&blocks::GUARDED, back));
        steps.insert(first, step);
    }
}

/// S3 switches ACLs off only where nobody but the owner has a grant.
fn take_grants_before_acls_end(steps: &mut Vec<Step<Op>>) {
    let Some(ownership) = position(steps, ObjectOwnershipBlock::NAME) else { return };
    let Some(acl) = position(steps, AclBlock::NAME) else { return };
    let ends = state(&steps[ownership]) == Some(&json!(ObjectOwnership::BucketOwnerEnforced));
    if ends && state(&steps[acl]).is_some_and(blocks::is_private) {
        let step = steps.remove(acl);
        steps.insert(ownership, step);
    }
}

/// S3 does not suspend versioning while there is replication.
fn end_replication_before_versioning(steps: &mut Vec<Step<Op>>) {
    let Some(versioning) = position(steps, VersioningBlock::NAME) else { return };
    let Some(replication) = position(steps, ReplicationBlock::NAME) else { return };
    if state(&steps[replication]).is_some_and(|state| state["rules"] == json!([])) {
        let step = Step { after: &[], ..steps.remove(replication) };
        steps.insert(versioning, step);
    }
}

/// The tag that tells who finds the bucket later that its object let it go.
pub(super) fn release(id: &Identity, tags: &Tags) -> Step<Op> {
    let mut released = tags.clone();
    released.insert(RELEASED.to_owned(), id.owner.object());
    let changes = tagging::changes(tags, &released);
    step(TAGS, Op::PutTags(released), changes)
}

pub(super) fn advance(tags: &mut Option<Tags>, observed: &mut Observed, op: &Op) {
    match op {
        Op::DeleteObjects(gone) => {
            let gone: BTreeSet<&ObjectVersion> = gone.iter().collect();
            remove_from(observed, |contents| contents.versions.retain(|version| !gone.contains(version)));
        }
        Op::DeleteObject(gone) => remove_from(observed, |contents| contents.versions.retain(|version| version != gone)),
        Op::AbortUpload(gone) => remove_from(observed, |contents| contents.uploads.retain(|upload| upload != gone)),
        Op::PutTags(put) => *tags = Some(put.clone()),
        Op::Put { block, state } => {
            observed.blocks.insert(block, Ok(state.clone()));
        }
        Op::PutItem { block, id, configuration } => {
            if let Some(Ok(list)) = observed.blocks.get_mut(block) {
                blocks::put(list, id, configuration.as_ref());
            }
        }
    }
}

/// A page of which nothing is left was perhaps not the last: it takes another look.
fn remove_from(observed: &mut Observed, remove: impl FnOnce(&mut Contents)) {
    if let Some(Ok(contents)) = &mut observed.contents {
        remove(contents);
        if *contents == Contents::default() {
            observed.contents = None;
        }
    }
}

/// Under DeleteIfEmpty a look at what is inside; S3 itself refuses to delete a bucket that holds
/// objects, but not one with unfinished uploads. Under Delete what is inside goes first.
///
/// A page that held something was perhaps not the last: a bucket counts as empty only if a look shows
/// it so.
pub(super) fn before_deletion(object: &Bucket, observed: &Observed) -> Result<Preparation<Op>, Error> {
    let contents = match &observed.contents {
        None => return Ok(Preparation::Look),
        Some(Err(error)) => {
            return Err(error.clone().at("Cannot check whether the bucket is empty, so it is not deleted"));
        }
        Some(Ok(contents)) => contents,
    };
    let Contents { versions, uploads } = contents;
    if object.spec.deletion_policy == DeletionPolicy::Delete {
        let (listed, alone): (Vec<_>, Vec<_>) = versions.iter().partition(|version| can_be_listed(&version.key));
        if !listed.is_empty() {
            let op = Op::DeleteObjects(listed.into_iter().cloned().collect());
            return Ok(Preparation::Do(step(CONTENTS, op, Vec::new())));
        }
        if let Some(version) = alone.first() {
            return Ok(Preparation::Do(step(CONTENTS, Op::DeleteObject((*version).clone()), Vec::new())));
        }
        if let Some(upload) = uploads.first() {
            return Ok(Preparation::Do(step(CONTENTS, Op::AbortUpload(upload.clone()), Vec::new())));
        }
    }
    if versions.is_empty() && uploads.is_empty() {
        return Ok(Preparation::Ready);
    }
    Err(not_empty(&holds(versions.len(), uploads.len())))
}

/// Why a bucket that holds this is not deleted.
pub(super) fn not_empty(what: &str) -> Error {
    let message = format!("The bucket is not empty{what}. Empty it, or set deletionPolicy: Retain to keep it in AWS");
    Error::user(Reason::BucketNotEmpty, message)
}

/// What was seen in a bucket, in brackets: of more than a page, that there is more.
fn holds(versions: usize, uploads: usize) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        PAGE.. => Some(format!("at least {PAGE} {many}")),
        _ => Some(format!("{count} {many}")),
    };
    let kinds = [
        counted(versions, "object version or delete marker", "object versions and delete markers"),
        counted(uploads, "incomplete upload", "incomplete uploads"),
    ];
    format!(" ({})", kinds.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

fn step(block: &'static str, op: Op, changes: Vec<Change>) -> Step<Op> {
    Step::new(block, op, changes)
}

#[cfg(test)]
mod tests;

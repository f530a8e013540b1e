//! What a bucket should become: pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    api::{Bucket, Managed, ObjectOwnership, tags::Tags},
    managed::{
        change::diff,
        external::{Effect, Step, TAGS},
        fault::Fault,
        identity::{Identity, RELEASED},
        tagging,
    },
};

use super::aspects::{self, Aspect, ObjectOwnershipAspect, PolicyAspect, PublicAccessBlockAspect, Row};

/// A bucket as it was seen: the state of each aspect that was read, or why it could not be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    pub(super) aspects: BTreeMap<&'static str, Result<Value, Fault>>,
}

/// One S3 call that changes a bucket.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// CreateBucket.
    Create {
        /// Sent with the call where the endpoint takes them.
        tags: Tags,
        /// Sent with the call, so that no moment passes under another rule.
        object_ownership: Option<ObjectOwnership>,
    },
    /// PutBucketTagging, or DeleteBucketTagging where nothing is left. The whole set: S3 knows no
    /// other way.
    PutTags(Tags),
    /// The one call that brings an aspect to a state.
    Put {
        /// Name of the aspect.
        aspect: &'static str,
        /// Its state.
        state: Value,
    },
}

/// A bucket as AWS has just made it.
pub(super) fn fresh(op: &Op) -> Observed {
    let mut seen = Observed { aspects: aspects::TABLE.iter().map(|row| (row.name, (row.fresh)())).collect() };
    if let Op::Create { object_ownership: Some(ownership), .. } = op {
        seen.aspects.insert(ObjectOwnershipAspect::NAME, Ok(serde_json::json!(ownership)));
    }
    seen
}

pub(super) fn creation(object: &Bucket, id: &Identity) -> Step<Op> {
    let tags = tagging::desired(&Tags::new(), object.spec.tags.as_ref(), &Managed::default(), &id.owner);
    step(TAGS, Op::Create { tags, object_ownership: object.spec.object_ownership }, Vec::new())
}

/// Tags first, for they carry the proof of ownership; then the aspects in the order of their table.
pub(super) fn plan(
    object: &Bucket,
    managed: &Managed,
    id: &Identity,
    tags: Option<&Tags>,
    seen: &Observed,
) -> Vec<Step<Op>> {
    let mut steps: Vec<Step<Op>> = tags.and_then(|tags| tag_step(object, managed, id, tags)).into_iter().collect();
    for row in aspects::TABLE {
        steps.extend(aspect_step(row, object, managed, seen));
    }
    loosen_before_policy(&mut steps, seen);
    steps
}

fn tag_step(object: &Bucket, managed: &Managed, id: &Identity, current: &Tags) -> Option<Step<Op>> {
    let wanted = tagging::desired(current, object.spec.tags.as_ref(), managed, &id.owner);
    let changes = tagging::changes(current, &wanted);
    (!changes.is_empty()).then(|| step(TAGS, Op::PutTags(wanted), changes))
}

fn aspect_step(row: &Row, object: &Bucket, managed: &Managed, seen: &Observed) -> Option<Step<Op>> {
    // What was not read, or could not be, is not touched.
    let state = seen.aspects.get(row.name)?.as_ref().ok()?;
    let wanted = (row.wanted)(&object.spec, managed.has_block(row.name), state).ok()??;
    let reset = !(row.is_declared)(&object.spec);
    Some(Step {
        block: row.name,
        after: row.after,
        changes: diff(row.name, state, &wanted),
        op: Op::Put { aspect: row.name, state: wanted },
        effect: if reset { row.reset } else { Effect::Update },
        unless: None,
    })
}

/// S3 refuses a public policy while the block stands, so a block that is loosened is loosened
/// before the policy, and closed again should the policy be refused. One that is tightened stays
/// behind the policy, where the table has it.
fn loosen_before_policy(steps: &mut Vec<Step<Op>>, seen: &Observed) {
    let Some(policy) = steps.iter().position(|step| step.block == PolicyAspect::NAME) else { return };
    let Some(block) = steps.iter().position(|step| step.block == PublicAccessBlockAspect::NAME) else { return };
    let Some(Ok(before)) = seen.aspects.get(PublicAccessBlockAspect::NAME) else { return };
    let loosens = matches!(&steps[block].op, Op::Put { state, .. } if aspects::loosens(before, state));
    if loosens {
        let mut step = steps.remove(block);
        let back = Op::Put { aspect: PublicAccessBlockAspect::NAME, state: before.clone() };
        step.unless = Some((PolicyAspect::NAME, back));
        steps.insert(policy, step);
    }
}

/// The tag that tells who finds the bucket later that its object let it go.
pub(super) fn release(id: &Identity, tags: &Tags) -> Step<Op> {
    let mut released = tags.clone();
    released.insert(RELEASED.to_owned(), id.owner.object());
    let changes = tagging::changes(tags, &released);
    step(TAGS, Op::PutTags(released), changes)
}

pub(super) fn advance(tags: &mut Option<Tags>, seen: &mut Observed, op: &Op) {
    match op {
        Op::Create { .. } => {}
        Op::PutTags(put) => *tags = Some(put.clone()),
        Op::Put { aspect, state } => {
            seen.aspects.insert(aspect, Ok(state.clone()));
        }
    }
}

fn step(block: &'static str, op: Op, changes: Vec<crate::managed::change::Change>) -> Step<Op> {
    Step { block, after: &[], op, changes, effect: Effect::Update, unless: None }
}

#[cfg(test)]
mod tests;

//! What stands between AWS and the spec: the next steps, all the steps to the end, and what could not be told.

use std::collections::BTreeSet;

use crate::{
    api::tags::Tags,
    managed::{
        error::{Error, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        observation::Existence,
        step::{CREATION, Step, TAGS},
    },
};

use super::Input;

impl<X: ExternalResource> Input<'_, X> {
    /// The blocks, and the parts of blocks, that are for others to look after by now.
    pub(super) fn ignored(&self) -> &[String] {
        if self.initial() { &[] } else { self.object.ignored() }
    }

    /// The steps that stand between AWS and the spec, without those that are for others to take.
    pub(super) fn plan(&self, identity: &Identity, tags: Option<&Tags>, observed: &X::Observed) -> Vec<Step<X::Op>> {
        let ignored = self.ignored();
        let mut steps = X::plan(self.object, &self.status().managed, identity, tags, observed);
        steps.retain(|step| !ignored.iter().any(|name| name == step.block || Some(name) == step.part.as_ref()));
        steps
    }

    /// Blocks that could not be read, and why.
    ///
    /// What an endpoint does not offer cannot be there: a block that is no longer declared needs no reset
    /// then, and nobody can help it being asked for; and one that is declared to be off is off.
    pub(super) fn unread(&self, observed: &X::Observed) -> Vec<(&'static str, Error)> {
        let (declared, off) = (self.object.declared_blocks(), self.object.blocks_off());
        let wanted = |block: &str| declared.contains(&block) && !off.contains(&block);
        let matters = |block: &str, error: &Error| error.reason != Reason::FeatureNotSupported || wanted(block);
        X::block_errors(observed).into_iter().filter(|(block, error)| matters(block, error)).collect()
    }

    /// Blocks of what this reconciliation has made that the spec declares and that are in place by assumption alone: they
    /// went with no write and were not read.
    pub(super) fn unconfirmed(&self, steps: &[Step<X::Op>]) -> BTreeSet<&'static str> {
        if !self.progress.wrote.contains(CREATION) {
            return BTreeSet::new();
        }
        let known = |block: &str| {
            self.progress.wrote.contains(block)
                || self.progress.confirmed.contains(block)
                || steps.iter().any(|step| step.block == block)
        };
        self.object.declared_blocks().into_iter().filter(|block| X::is_assumed(block) && !known(block)).collect()
    }

    /// The blocks that were read in this reconciliation, need no step, and are not what AWS is still at work on.
    pub fn in_place(&self) -> Vec<&'static str> {
        let (Some(Ok(identity)), Some(Existence::Present { tags, observed })) =
            (self.identity, &self.progress.observation)
        else {
            return Vec::new();
        };
        let steps = self.plan(identity, tags.as_ref(), observed);
        let faulty = self.unread(observed).into_iter().map(|(block, _)| block);
        let at_work = X::at_work(self.object, observed);
        let outdated = self.outdated(&steps);
        let differing = steps.iter().map(|step| step.block).chain(faulty).chain(at_work);
        let differing: BTreeSet<&str> = differing.chain(outdated).collect();
        let known = self.progress.read.blocks.iter().copied().chain(self.progress.read.tags.then_some(TAGS));
        known.filter(|block| !differing.contains(block)).collect()
    }

    /// Every step from a resource that does not exist yet to the spec.
    pub(super) fn steps_from_nothing(&self, identity: &Identity, creation: &Step<X::Creation>) -> Vec<Step<()>> {
        let (tags, observed) = self.external.fresh(&creation.op);
        let plan = |tags: &Tags, observed: &X::Observed| {
            X::plan(self.object, &self.status().managed, identity, Some(tags), observed)
        };
        let steps = expand::<X>(plan(&tags, &observed), tags, observed, plan);
        [creation.clone().without_op()].into_iter().chain(steps.into_iter().map(Step::without_op)).collect()
    }

    /// Every step from what was seen to the spec: `steps`, and those that only follow from them.
    pub(super) fn remaining_steps(
        &self,
        identity: &Identity,
        steps: &[Step<X::Op>],
        tags: &Tags,
        observed: &X::Observed,
    ) -> Vec<Step<X::Op>> {
        expand::<X>(steps.to_vec(), tags.clone(), observed.clone(), |tags, observed| {
            self.plan(identity, Some(tags), observed)
        })
    }
}

/// Takes the steps on paper and plans again, until nothing is left to do.
fn expand<X: ExternalResource>(
    mut steps: Vec<Step<X::Op>>,
    tags: Tags,
    mut observed: X::Observed,
    plan: impl Fn(&Tags, &X::Observed) -> Vec<Step<X::Op>>,
) -> Vec<Step<X::Op>> {
    /// More rounds than any plan has steps of one block.
    const ROUNDS: usize = 8;
    let (mut remaining, mut tags) = (Vec::<Step<X::Op>>::new(), Some(tags));
    for _ in 0..ROUNDS {
        if steps.is_empty() {
            break;
        }
        for step in steps {
            X::advance(&mut tags, &mut observed, &step.op);
            remaining.push(step);
        }
        steps = plan(tags.get_or_insert_default(), &observed);
    }
    remaining
}

//! The resource is ours, known and at rest: the next steps towards the spec.

use crate::{
    api::tags::Tags,
    managed::{
        conditions::Outcome,
        external::ExternalResource,
        identity::Identity,
        ownership::{By, OwnershipProof},
        step::{Step, TAGS},
    },
};

use super::super::{Action, ActionOf, Input, Undo, approve::Gate, status::summary};

/// The most writes of one reconciliation: about five seconds of AWS's time. A plan may have thousands.
const MAX_CALLS: usize = 100;

impl<X: ExternalResource> Input<'_, X> {
    /// The resource is ours, known and at rest: the next step of the plan, or the end of it.
    pub(super) fn work(
        &self,
        identity: &Identity,
        owned: OwnershipProof,
        tags: &Tags,
        observed: &X::Observed,
    ) -> ActionOf<X> {
        let in_vain = |block: &&str| {
            self.progress.refused.get(*block).is_some_and(|error| self.guard_still_stands(block, error).is_none())
        };
        let for_nothing = |undo: &&Undo<X::Op>| undo.unless.iter().any(in_vain);
        if let Some(undo) = self.progress.undo.iter().find(for_nothing) {
            return Action::Undo(owned, undo.clone());
        }
        let steps = self.plan(identity, Some(tags), observed);
        let remaining = || self.remaining_steps(identity, &steps, tags, observed);
        if self.unread(observed).is_empty()
            && let Some(action) = self.approve(identity, remaining)
        {
            return action;
        }
        let gate = self.gate();
        let mut ready = steps.iter().filter(|step| self.may_run(&owned, &gate, step)).peekable();
        if ready.peek().is_none() {
            return self.finish(identity, Some(&owned), observed, &remaining());
        }
        // What it takes a write to own, somebody else may be about to own.
        if owned.by() != By::Uid && !self.progress.reserved {
            return Action::Reserve(X::scope(identity));
        }
        if !self.has_finalizer() {
            return Action::AddFinalizer;
        }
        if self.needs_live_read() {
            return Action::ReadLive;
        }
        let outcome = if self.initial() { Outcome::Creating } else { Outcome::Updating(summary(&steps)) };
        if let Some(announcement) = self.announcement(&outcome, self.status().creation_intent.clone()) {
            return Action::Announce(announcement);
        }
        let share = MAX_CALLS.saturating_sub(self.progress.calls);
        if share == 0 {
            return self.conclude_for_now(identity, observed);
        }
        // The claim is proven anew before anything else is written.
        let alone = owned.by() != By::Uid;
        let next = ready.take(if alone { 1 } else { share }).cloned().collect();
        Action::Perform(owned, next)
    }

    fn may_run(&self, owned: &OwnershipProof, gate: &Gate<'_>, step: &Step<X::Op>) -> bool {
        let refused = |block: &&str| self.progress.refused.contains_key(*block);
        // What is not ours in writing yet is claimed by its tags before anything else is changed.
        let claimed = owned.by() == By::Uid || step.block == TAGS;
        claimed
            && step.not_yet.is_none()
            && !gate.requires_approval(step)
            && !self.rests(step)
            && !refused(&step.block)
            && !step.after.iter().any(refused)
    }
}

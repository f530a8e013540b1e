//! The thing is ours, known and at rest: the next steps towards the spec.

use crate::{
    api::tags::Tags,
    managed::{
        conditions::Outcome,
        external::External,
        identity::Identity,
        ownership::{By, Owned},
        step::{Step, TAGS},
    },
};

use super::super::{Effect, EffectOf, Situation, Undo, consent::Gate, report::summary};

/// The most writes of one reconciliation: about five seconds of AWS's time. A plan may have thousands.
const MOST_CALLS: usize = 100;

impl<X: External> Situation<'_, X> {
    /// The thing is ours, known and at rest: the next step of the plan, or the end of it.
    pub(super) fn work(&self, identity: &Identity, owned: Owned, tags: &Tags, seen: &X::Observed) -> EffectOf<X> {
        let in_vain = |block: &&str| {
            self.pass.refused.get(*block).is_some_and(|fault| self.guard_still_stands(block, fault).is_none())
        };
        let for_nothing = |undo: &&Undo<X::Op>| undo.unless.iter().any(in_vain);
        if let Some(undo) = self.pass.undo.iter().find(for_nothing) {
            return Effect::Undo(owned, undo.clone());
        }
        let steps = self.plan(identity, Some(tags), seen);
        let ladder = || self.ladder(identity, &steps, tags, seen);
        if self.unread(seen).is_empty()
            && let Some(effect) = self.consent(identity, ladder)
        {
            return effect;
        }
        let gate = self.gate();
        let mut ready = steps.iter().filter(|step| self.may_run(&owned, &gate, step)).peekable();
        if ready.peek().is_none() {
            return self.settle(identity, Some(&owned), seen, &ladder());
        }
        // What it takes a write to own, somebody else may be about to own.
        if owned.by() != By::Uid && !self.pass.reserved {
            return Effect::Reserve(X::scope(identity));
        }
        if !self.has_finalizer() {
            return Effect::AddFinalizer;
        }
        if self.needs_live_read() {
            return Effect::ReadLive;
        }
        let outcome = if self.initial() { Outcome::Creating } else { Outcome::Updating(summary(&steps)) };
        if let Some(announcement) = self.announcement(&outcome, self.status().creation_intent.clone()) {
            return Effect::Announce(announcement);
        }
        let share = MOST_CALLS.saturating_sub(self.pass.calls);
        if share == 0 {
            return self.conclude_for_now(identity, seen);
        }
        // The claim is proven anew before anything else is written.
        let alone = owned.by() != By::Uid;
        let next = ready.take(if alone { 1 } else { share }).cloned().collect();
        Effect::Perform(owned, next)
    }

    fn may_run(&self, owned: &Owned, gate: &Gate<'_>, step: &Step<X::Op>) -> bool {
        let refused = |block: &&str| self.pass.refused.contains_key(*block);
        // What is not ours in writing yet is claimed by its tags before anything else is changed.
        let claimed = owned.by() == By::Uid || step.block == TAGS;
        claimed
            && step.not_yet.is_none()
            && !gate.waits(step)
            && !self.rests(step)
            && !refused(&step.block)
            && !step.after.iter().any(refused)
    }
}

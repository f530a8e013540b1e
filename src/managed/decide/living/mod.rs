//! The life of an object, from the first look to being in sync.

mod creating;
mod settling;
mod working;

use crate::{
    api::{ManagementPolicy, Status, tags::Tags},
    managed::{
        conditions::Outcome,
        external::External,
        fault::{Class, Fault, Reason},
        identity::Identity,
        object::ManagedObject,
        observation::{Existence, Reads, Settling},
        ownership::{Absent, Refusal},
    },
};

use super::{Effect, EffectOf, Situation};

impl<X: External> Situation<'_, X> {
    pub(super) fn living(&self) -> EffectOf<X> {
        if self.object.management_policy() == ManagementPolicy::Paused {
            return self.conclude(&Outcome::Paused);
        }
        let identity = match self.identity {
            None => return Effect::Identify,
            Some(Err(fault)) => return self.failed(fault.clone()),
            Some(Ok(identity)) => identity,
        };
        if let Some(moved) = self.moved(identity) {
            return self.conclude(&Outcome::Stalled(moved));
        }
        if let Some(fault) = &self.pass.fault {
            let definite = matches!(fault.class, Class::User | Class::Denied | Class::Premature);
            return match &self.pass.sight {
                None if fault.reason == Reason::ImportFailed => self.import_failed(fault),
                Some(Existence::Absent) if self.pass.existed => self.existed_before(fault),
                Some(Existence::Absent) if definite => self.creation_refused(fault),
                _ => self.failed(fault.clone()),
            };
        }
        match &self.pass.sight {
            None if self.reserves_first() => Effect::Reserve(X::scope(identity)),
            None => Effect::Observe(self.first_look()),
            Some(Existence::Present { tags, seen }) if self.pass.unproven => {
                let steps = self.plan(identity, tags.as_ref(), seen);
                Effect::Prove(Reads { tags: true, blocks: self.unconfirmed(&steps), ..Reads::default() })
            }
            Some(existence @ Existence::Absent) => match Absent::prove(identity, existence) {
                Some(absent) => self.absent(identity, absent),
                None => self.conclude(&Outcome::Creating),
            },
            Some(Existence::Present { tags, seen }) => self.present(identity, tags.as_ref(), seen),
        }
    }

    fn present(&self, identity: &Identity, tags: Option<&Tags>, seen: &X::Observed) -> EffectOf<X> {
        let full = self.all_blocks();
        let Some(tags) = tags else {
            if let Some(outcome) = self.waiting_for_aws(seen).filter(|_| self.status().external.is_some()) {
                return self.conclude(&outcome);
            }
            if let Some(effect) = self.references(identity, false) {
                return effect;
            }
            // Seen without proof: nothing may be written, and as long as nothing needs to be, none
            // is needed. A pass that finds work looks again, for the tags.
            // Tags that could not go with the create are work, too.
            let idle = self.pass.read.covers(&full)
                && self.status().external.is_some()
                && (self.status().creation_intent.is_none() || self.external.tags_at_creation(self.object))
                && self.plan(identity, None, seen).is_empty();
            return if idle {
                self.settle(identity, None, seen, &[])
            } else {
                Effect::Observe(Reads { tags: true, ..full })
            };
        };
        let owned = match self.claim(identity).judge(tags) {
            Ok(owned) => owned,
            Err(refusal) => return self.refused(&refusal),
        };
        if self.claim(identity).asks_for_origin(&owned, tags) {
            return Effect::ReadNamespace;
        }
        if let Some(outcome) = self.waiting_for_aws(seen) {
            return self.conclude_owned(identity, &owned, seen, &outcome);
        }
        if let Some(obstacle) = X::obstacle(self.object, identity, Some(seen)) {
            return self.conclude(&Outcome::Stalled(obstacle));
        }
        if let Some(effect) = self.references(identity, false) {
            return effect;
        }
        if !self.has_finalizer() && self.object.management_policy() == ManagementPolicy::Enforce {
            return Effect::AddFinalizer;
        }
        if !self.pass.read.covers(&full) {
            return Effect::Observe(Reads { tags: true, ..full });
        }
        self.work(identity, owned, tags, seen)
    }

    /// What a pass comes to while AWS is busy with the thing itself: nothing can be written to it.
    fn waiting_for_aws(&self, seen: &X::Observed) -> Option<Outcome> {
        let busy = || {
            // Once more in vain, most likely: the condition stays until AWS shows the value.
            self.write_loop(X::BLOCKS.iter().copied())
                .filter(|_| self.told_of_a_loop())
                .unwrap_or_else(|| Outcome::Updating("AWS is still applying the last change".to_owned()))
        };
        Some(match X::settling(seen) {
            Some(Settling::Creating) => Outcome::Creating,
            Some(Settling::Updating) => busy(),
            Some(Settling::Deleting) => Outcome::Retrying(Fault::new(
                Class::Pending,
                Reason::BeingDeleted,
                "The resource is being deleted in AWS outside of Kubernetes. It is created again after that",
            )),
            None if self.history.is_unrested() => busy(),
            None => return None,
        })
    }

    /// The resource is not ours: that it exists is all that the status may say. What adopting it would change
    /// quotes what it holds (its policy, its tags), so nothing of that is published, or read, before both the spec
    /// and the administrator allow adopting it; [`Claim::judge`](crate::managed::ownership::Claim::judge) then
    /// refuses no longer, and `managementPolicy: Plan` shows it. A plan that an earlier version left behind goes.
    fn refused(&self, refusal: &Refusal) -> EffectOf<X> {
        let outcome = Outcome::Stalled(Fault::user(refusal.reason(), refusal.to_string()));
        self.finish(&outcome, Status { plan: None, ..self.next_status(&outcome) })
    }

    /// A failure, and with it what the object holds by now: what was made is told whatever fails after it.
    pub(super) fn failed(&self, fault: Fault) -> EffectOf<X> {
        let outcome = self.outcome_of(fault);
        match self.owned() {
            Some((identity, owned, seen)) => self.conclude_owned(identity, &owned, seen, &outcome),
            None => self.conclude(&outcome),
        }
    }
}

//! The life of an object, from the first look to being in sync.

mod create;
mod finish;
mod work;

use crate::{
    api::{ManagementPolicy, Status, tags::Tags},
    managed::{
        conditions::Outcome,
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        observation::{Existence, Reads, Transition},
        ownership::{AbsenceProof, Refusal},
    },
};

use super::{Action, ActionOf, Input};

impl<X: ExternalResource> Input<'_, X> {
    pub(super) fn sync(&self) -> ActionOf<X> {
        if self.object.management_policy() == ManagementPolicy::Paused {
            return self.conclude(&Outcome::Paused);
        }
        let identity = match self.identity {
            None => return Action::Identify,
            Some(Err(error)) => return self.failed(error.clone()),
            Some(Ok(identity)) => identity,
        };
        if let Some(moved) = self.moved(identity) {
            return self.conclude(&Outcome::Stalled(moved));
        }
        if let Some(error) = &self.progress.error {
            let definite = matches!(error.kind, ErrorKind::User | ErrorKind::Denied | ErrorKind::Premature);
            return match &self.progress.observation {
                None if error.reason == Reason::ImportFailed => self.import_failed(error),
                Some(Existence::Missing) if self.progress.existed => self.existed_before(error),
                Some(Existence::Missing) if definite => self.creation_refused(error),
                _ => self.failed(error.clone()),
            };
        }
        match &self.progress.observation {
            None if self.reserves_first() => Action::Reserve(X::scope(identity)),
            None => Action::Observe(self.first_look()),
            Some(Existence::Present { tags, observed }) if self.progress.unproven => {
                let steps = self.plan(identity, tags.as_ref(), observed);
                Action::Prove(Reads { tags: true, blocks: self.unconfirmed(&steps), ..Reads::default() })
            }
            Some(existence @ Existence::Missing) => match AbsenceProof::prove(identity, existence) {
                Some(absent) => self.absent(identity, absent),
                None => self.conclude(&Outcome::Creating),
            },
            Some(Existence::Present { tags, observed }) => self.present(identity, tags.as_ref(), observed),
        }
    }

    fn present(&self, identity: &Identity, tags: Option<&Tags>, observed: &X::Observed) -> ActionOf<X> {
        let full = self.all_blocks();
        let Some(tags) = tags else {
            if let Some(outcome) = self.waiting_for_aws(observed).filter(|_| self.status().external.is_some()) {
                return self.conclude(&outcome);
            }
            if let Some(action) = self.references(identity, false) {
                return action;
            }
            // Seen without proof: nothing may be written, and as long as nothing needs to be, none
            // is needed. A reconciliation that finds work looks again, for the tags.
            // Tags that could not go with the create are work, too.
            let idle = self.progress.read.covers(&full)
                && self.status().external.is_some()
                && (self.status().creation_intent.is_none() || self.external.tags_at_creation(self.object))
                && self.plan(identity, None, observed).is_empty();
            return if idle {
                self.finish(identity, None, observed, &[])
            } else {
                Action::Observe(Reads { tags: true, ..full })
            };
        };
        let owned = match self.claim(identity).judge(tags) {
            Ok(owned) => owned,
            Err(refusal) => return self.refused(&refusal),
        };
        if self.claim(identity).asks_for_origin(&owned, tags) {
            return Action::ReadNamespace;
        }
        if let Some(outcome) = self.waiting_for_aws(observed) {
            return self.conclude_owned(identity, &owned, observed, &outcome);
        }
        if let Some(obstacle) = X::obstacle(self.object, identity, Some(observed)) {
            return self.conclude(&Outcome::Stalled(obstacle));
        }
        if let Some(action) = self.references(identity, false) {
            return action;
        }
        if !self.has_finalizer() && self.object.management_policy() == ManagementPolicy::Enforce {
            return Action::AddFinalizer;
        }
        if !self.progress.read.covers(&full) {
            return Action::Observe(Reads { tags: true, ..full });
        }
        self.work(identity, owned, tags, observed)
    }

    /// What a reconciliation comes to while AWS is busy with the resource itself: nothing can be written to it.
    fn waiting_for_aws(&self, observed: &X::Observed) -> Option<Outcome> {
        let busy = || {
            // Once more in vain, most likely: the condition stays until AWS shows the value.
            self.write_loop(X::BLOCKS.iter().copied())
                .filter(|_| self.told_of_a_loop())
                .unwrap_or_else(|| Outcome::Updating("AWS is still applying the last change".to_owned()))
        };
        Some(match X::transition(observed) {
            Some(Transition::Creating) => Outcome::Creating,
            Some(Transition::Updating) => busy(),
            Some(Transition::Deleting) => Outcome::Retrying(Error::new(
                ErrorKind::Pending,
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
    fn refused(&self, refusal: &Refusal) -> ActionOf<X> {
        let outcome = Outcome::Stalled(Error::user(refusal.reason(), refusal.to_string()));
        self.conclude_with(&outcome, Status { plan: None, ..self.next_status(&outcome) })
    }

    /// A failure, and with it what the object holds by now: what was made is told whatever fails after it.
    pub(super) fn failed(&self, error: Error) -> ActionOf<X> {
        let outcome = self.outcome_of(error);
        match self.owned() {
            Some((identity, owned, observed)) => self.conclude_owned(identity, &owned, observed, &outcome),
            None => self.conclude(&outcome),
        }
    }
}

//! What a reconciliation changes in AWS, and what it tells of it.

use kube::{Resource as _, core::object::HasStatus as _};

use crate::{
    managed::{
        approval,
        change::Change,
        conditions::{READY, SYNCED},
        decide::Undo,
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        observation::{Existence, Made, Reads},
        ownership::{AbsenceProof, By, Deletable, OwnershipProof, former_owner},
        step::{Step, TAGS, places, shown},
    },
    telemetry::ObjectEvent,
};

use super::Reconciliation;

/// The most Events on changes that one reconciliation leaves.
const MAX_NOTES: usize = 10;

impl<X: ExternalResource> Reconciliation<'_, X> {
    pub(super) async fn create(&mut self, proof: &AbsenceProof, step: &Step<X::Creation>) {
        self.progress.wrote.insert(step.block);
        let (tags, observed) = match self.context.external.create(proof, &step.op).await {
            Ok(Made::New { tags, observed }) => (Some(tags), observed),
            Ok(Made::Unclear { observed }) => (None, observed),
            Ok(Made::Existed(error)) => {
                tracing::warn!(external = proof.identity().name, error = %error, "resource already exists");
                self.progress.existed = true;
                return self.progress.error = Some(error);
            }
            Err(error) => {
                tracing::warn!(external = proof.identity().name, error = %error, "create failed");
                return self.progress.error = Some(error);
            }
        };
        self.wrote = true;
        self.progress.unproven = tags.is_none();
        self.progress.observation = Some(Existence::Present { tags, observed });
        self.progress.read = Reads { tags: true, blocks: X::BLOCKS.iter().copied().collect(), ..Reads::default() };
        if !self.progress.unproven {
            self.made(proof.identity());
        }
    }

    /// What a create has answered for is new, and ours.
    pub(super) fn made(&mut self, identity: &Identity) {
        self.progress.created = true;
        let recreated = self.object.status().is_some_and(|status| status.external.is_some());
        tracing::info!(external = identity.name, region = identity.region, recreated, "created");
        self.note(if recreated {
            ObjectEvent::recreated(X::recreated(identity))
        } else {
            ObjectEvent::created(&X::Object::NAMES.resource(&identity.name), &identity.region)
        });
    }

    pub(super) async fn perform_all(&mut self, proof: &OwnershipProof, steps: Vec<Step<X::Op>>) {
        for step in steps {
            if self.must_stop() || !self.perform(proof, step).await {
                return;
            }
        }
    }

    /// Answers whether the next step of the plan can follow at once.
    async fn perform(&mut self, proof: &OwnershipProof, step: Step<X::Op>) -> bool {
        let digest = approval::digest(&step);
        let unshown = self.history.is_unshown(step.block, || digest.clone());
        let drift = self.was_in_sync() && !self.progress.wrote.contains(step.block) && !unshown;
        self.progress.wrote.insert(step.block);
        let emptied = X::emptied(&step.op);
        let claim = (!proof.is_claimed() && step.block == TAGS).then(|| self.claimed(proof));
        self.progress.batches += usize::from(emptied > 0);
        self.progress.calls += 1;
        if let Err(error) = self.context.external.perform(proof, &step.op).await {
            tracing::warn!(block = step.block, error = %error, "update failed");
            self.progress.emptied += error.removed;
            self.failed(&step, error);
            return false;
        }
        let mut follows = true;
        if let Some(Existence::Present { tags, observed }) = &mut self.progress.observation {
            X::advance(tags, observed, &step.op);
            if X::transition(observed).is_some() {
                self.progress.advanced = true;
                self.history.is_busy();
                follows = false;
            }
        }
        // Two objects that claim one resource both write: only what is read afterwards tells who was last.
        self.progress.unproven = proof.by() != By::Uid && !self.progress.created;
        follows &= !self.progress.unproven;
        self.wrote = true;
        self.progress.emptied += emptied;
        if self.input().is_asked() {
            self.history.begins_anew(step.block);
        }
        let generation = self.object.meta().generation.unwrap_or_default();
        self.history.wrote(step.block, &digest, drift, generation, (self.context.clock)());
        // Once for all the entries of a list: it takes the whole spec.
        if !self.history.is_meant(step.block, generation) {
            let declared = self.input().declared(step.block);
            self.history.meant(step.block, generation, declared);
        }
        if self.history.loops(step.block) {
            tracing::warn!(block = step.block, "AWS accepts this write but does not apply it");
            self.context.metrics.write_loop(X::Object::NOUN);
        }
        if let Some((unless, op)) = &step.unless {
            self.progress.undo.push(Undo { block: step.block, unless, op: op.clone() });
        }
        self.tell(&step, claim, drift);
        follows
    }

    /// A write that AWS refuses stops its block; one whose outcome is not known, or that time may
    /// heal, ends the reconciliation.
    fn failed(&mut self, step: &Step<X::Op>, error: Error) {
        let block = step.block;
        // AWS often names neither the field nor the entry that it does not take.
        let about = places([step]);
        let error = if about == block { error } else { error.at(&about) };
        match error.kind {
            ErrorKind::User | ErrorKind::Denied | ErrorKind::Premature | ErrorKind::Quota | ErrorKind::RateLimited => {
                self.progress.refused.insert(block, error);
            }
            ErrorKind::Pending | ErrorKind::Credentials | ErrorKind::Transient | ErrorKind::Unknown => {
                self.progress.error = Some(error.at(block));
            }
        }
    }

    pub(super) async fn undo(&mut self, proof: &OwnershipProof, undo: Undo<X::Op>) {
        tracing::warn!(block = undo.block, refused = ?undo.unless, "rolling back a change");
        self.progress.undo.retain(|other| *other != undo);
        let error = match self.context.external.perform(proof, &undo.op).await {
            Ok(()) => {
                if let Some(Existence::Present { tags, observed }) = &mut self.progress.observation {
                    X::advance(tags, observed, &undo.op);
                }
                self.history.took_back(undo.block);
                self.progress.took_back = true;
                Error::user(
                    Reason::DependencyRefused,
                    format!("The change was rolled back, because AWS rejected {}", undo.unless.join(" or ")),
                )
            }
            Err(error) => error,
        };
        self.progress.refused.insert(undo.block, error);
    }

    pub(super) async fn delete(&mut self, proof: &Deletable) {
        match self.context.external.delete(proof).await {
            Ok(()) => {
                self.wrote = true;
                tracing::info!(external = proof.identity().name, region = proof.identity().region, "deleted");
                self.note(ObjectEvent::deleted(&X::Object::NAMES.resource(&proof.identity().name)));
                self.progress.deleted = true;
                self.progress.observation = None;
            }
            Err(error) => self.progress.error = Some(error),
        }
    }

    /// The Event on a resource that becomes this object's by its tags, as they are before.
    fn claimed(&self, proof: &OwnershipProof) -> ObjectEvent {
        let resource = X::Object::NAMES.resource(&proof.identity().name);
        let tags = self.progress.observation.as_ref().and_then(|observation| observation.tags());
        let released = tags.and_then(|tags| former_owner(X::Object::NAMES, tags));
        match proof.by() {
            By::Predecessor => {
                let owner = &proof.identity().owner;
                let former = X::Object::NAMES.object(&owner.namespace, &owner.name);
                ObjectEvent::took_back(&resource, &former, released.is_some())
            }
            By::Uid | By::Intent | By::Adoption => ObjectEvent::adopted(&resource, released.as_deref()),
        }
    }

    /// A log line and an Event for what was just done; `claim` is the Event if it has made the resource ours.
    fn tell(&mut self, step: &Step<X::Op>, claim: Option<ObjectEvent>, drift: bool) {
        let Step { block, changes, .. } = step;
        tracing::info!(block, changes = described(changes), drift, "updated");
        if let Some(claim) = claim {
            return self.note(claim);
        }
        // The tag that marks it as released: that it was kept is told once the object goes.
        if *block == TAGS && self.object.meta().deletion_timestamp.is_some() {
            return;
        }
        if drift {
            let repeated = self.history.repeats(block);
            for change in changes {
                self.context.metrics.drift_corrected(X::Object::NOUN);
                self.note_change(ObjectEvent::drift_corrected(change, repeated));
            }
        } else if self.object.status().is_some_and(|status| status.is_true(READY)) {
            self.note_change(ObjectEvent::updated(
                block,
                &described(shown([step]).into_iter().map(|(_, change)| change)),
            ));
        }
    }

    /// Whether AWS equalled this very generation when it was last looked at: what differs now was
    /// changed behind our back.
    fn was_in_sync(&self) -> bool {
        self.object.status().is_some_and(|status| {
            status.is_true(SYNCED) && Some(status.observed_generation) == self.object.meta().generation
        })
    }

    /// An Event about a change, unless there have been enough of them: the log has them all.
    fn note_change(&mut self, note: ObjectEvent) {
        self.notes += 1;
        if self.notes <= MAX_NOTES {
            self.note(note);
        }
    }
}

/// Changes in one line of a log.
fn described<'a>(changes: impl IntoIterator<Item = &'a Change>) -> String {
    changes.into_iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

//! What a pass changes in AWS, and what it tells of it.

use kube::{Resource as _, core::object::HasStatus as _};

use crate::{
    managed::{
        approval,
        change::Change,
        conditions::{READY, SYNCED},
        decide::Undo,
        external::External,
        fault::{Class, Fault, Reason},
        identity::Identity,
        object::ManagedObject,
        observation::{Existence, Made, Reads},
        ownership::{Absent, By, Deletable, Owned},
        step::{Step, TAGS, places},
    },
    telemetry::Note,
};

use super::Running;

/// The most Events on changes that one reconciliation leaves.
const MOST_NOTES: usize = 10;

impl<X: External> Running<'_, X> {
    pub(super) async fn create(&mut self, proof: &Absent, step: &Step<X::Creation>) {
        self.pass.wrote.insert(step.block);
        let (tags, seen) = match self.context.external.create(proof, &step.op).await {
            Ok(Made::New { tags, seen }) => (Some(tags), seen),
            Ok(Made::Unclear { seen }) => (None, seen),
            Ok(Made::Existed(fault)) => {
                tracing::warn!(external = proof.identity().name, error = %fault, "resource already exists");
                self.pass.existed = true;
                return self.pass.fault = Some(fault);
            }
            Err(fault) => {
                tracing::warn!(external = proof.identity().name, error = %fault, "create failed");
                return self.pass.fault = Some(fault);
            }
        };
        self.wrote = true;
        self.pass.unproven = tags.is_none();
        self.pass.sight = Some(Existence::Present { tags, seen });
        self.pass.read = Reads { tags: true, blocks: X::BLOCKS.iter().copied().collect(), ..Reads::default() };
        if !self.pass.unproven {
            self.made(proof.identity());
        }
    }

    /// What a create has answered for is new, and ours.
    pub(super) fn made(&mut self, identity: &Identity) {
        self.pass.created = true;
        let recreated = self.object.status().is_some_and(|status| status.external.is_some());
        tracing::info!(external = identity.name, region = identity.region, recreated, "created");
        self.note(if recreated {
            Note::recreated(X::recreated(identity))
        } else {
            Note::created(X::Object::NOUN, &identity.name, &identity.region)
        });
    }

    pub(super) async fn perform_all(&mut self, proof: &Owned, steps: Vec<Step<X::Op>>) {
        for step in steps {
            if self.must_stop() || !self.perform(proof, step).await {
                return;
            }
        }
    }

    /// Answers whether the next step of the plan can follow at once.
    async fn perform(&mut self, proof: &Owned, step: Step<X::Op>) -> bool {
        let digest = approval::digest(&step);
        let unshown = self.history.is_unshown(step.block, || digest.clone());
        let drift = self.was_in_sync() && !self.pass.wrote.contains(step.block) && !unshown;
        self.pass.wrote.insert(step.block);
        let emptied = X::emptied(&step.op);
        self.pass.batches += usize::from(emptied > 0);
        self.pass.calls += 1;
        if let Err(fault) = self.context.external.perform(proof, &step.op).await {
            tracing::warn!(block = step.block, error = %fault, "update failed");
            self.pass.emptied += fault.removed;
            self.failed(&step, fault);
            return false;
        }
        let mut follows = true;
        if let Some(Existence::Present { tags, seen }) = &mut self.pass.sight {
            X::advance(tags, seen, &step.op);
            if X::settling(seen).is_some() {
                self.pass.advanced = true;
                self.history.is_busy();
                follows = false;
            }
        }
        // Two who claim one thing both write: only what is read afterwards tells who was last.
        self.pass.unproven = proof.by() != By::Uid && !self.pass.created;
        follows &= !self.pass.unproven;
        self.wrote = true;
        self.pass.emptied += emptied;
        if self.situation().is_asked() {
            self.history.begins_anew(step.block);
        }
        let generation = self.object.meta().generation.unwrap_or_default();
        self.history.wrote(step.block, &digest, drift, generation, (self.context.clock)());
        // Once for all the entries of a list: it takes the whole spec.
        if !self.history.is_meant(step.block, generation) {
            let declared = self.situation().declared(step.block);
            self.history.meant(step.block, generation, declared);
        }
        if self.history.loops(step.block) {
            tracing::warn!(block = step.block, "AWS accepts this write but does not apply it");
            self.context.metrics.write_loop(X::Object::NOUN);
        }
        if let Some((unless, op)) = step.unless {
            self.pass.undo.push(Undo { block: step.block, unless, op });
        }
        self.tell(proof, step.block, &step.changes, drift);
        follows
    }

    /// A write that AWS refuses stops its block; one whose outcome is not known, or that time may
    /// heal, ends the pass.
    fn failed(&mut self, step: &Step<X::Op>, fault: Fault) {
        let block = step.block;
        // AWS often names neither the field nor the entry that it does not take.
        let about = places([step]);
        let fault = if about == block {
            fault
        } else {
            Fault { message: format!("{} (the request was for {about})", fault.message), ..fault }
        };
        match fault.class {
            Class::User | Class::Denied | Class::Premature | Class::Quota | Class::Allowance => {
                self.pass.refused.insert(block, fault);
            }
            Class::Pending | Class::Credentials | Class::Transient | Class::Unknown => {
                self.pass.fault = Some(fault.at(block));
            }
        }
    }

    pub(super) async fn undo(&mut self, proof: &Owned, undo: Undo<X::Op>) {
        tracing::warn!(block = undo.block, refused = ?undo.unless, "rolling back a change");
        self.pass.undo.retain(|other| *other != undo);
        let fault = match self.context.external.perform(proof, &undo.op).await {
            Ok(()) => {
                if let Some(Existence::Present { tags, seen }) = &mut self.pass.sight {
                    X::advance(tags, seen, &undo.op);
                }
                self.history.took_back(undo.block);
                self.pass.took_back = true;
                Fault::user(
                    Reason::DependencyRefused,
                    format!("The change was rolled back, because AWS rejected {}", undo.unless.join(" or ")),
                )
            }
            Err(fault) => fault,
        };
        self.pass.refused.insert(undo.block, fault);
    }

    pub(super) async fn delete(&mut self, proof: &Deletable) {
        match self.context.external.delete(proof).await {
            Ok(()) => {
                self.wrote = true;
                tracing::info!(external = proof.identity().name, region = proof.identity().region, "deleted");
                self.note(Note::deleted(X::Object::NOUN, &proof.identity().name));
                self.pass.deleted = true;
                self.pass.sight = None;
            }
            Err(fault) => self.pass.fault = Some(fault),
        }
    }

    /// A log line and an Event for what was just done.
    fn tell(&mut self, proof: &Owned, block: &'static str, changes: &[Change], drift: bool) {
        let described = described(changes);
        tracing::info!(block, changes = described, drift, "updated");
        if !proof.is_claimed() && block == TAGS {
            return self.note(Note::adopted(X::Object::NOUN, &proof.identity().name));
        }
        if drift {
            let repeated = self.history.repeats(block);
            for change in changes {
                self.context.metrics.drift_corrected(X::Object::NOUN);
                self.note_change(Note::drift_corrected(change, repeated));
            }
        } else if self.object.status().is_some_and(|status| status.is_true(READY)) {
            self.note_change(Note::updated(block, &described));
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
    fn note_change(&mut self, note: Note) {
        self.notes += 1;
        if self.notes <= MOST_NOTES {
            self.note(note);
        }
    }
}

/// Changes in one line of a log.
fn described(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

//! What to do next, given everything that is known. Pure: no IO, no clock.
//!
//! A pass is this function called again and again: the shell in [`super::reconcile`] does the one
//! [`Effect`] it names, records what came of it in the [`Situation`], and asks again, until it says
//! [`Effect::Conclude`]. Every point at which a process can die is a `Situation`, so a test can
//! enumerate them.
//!
//! The order of a life, each step taken only if the one before it holds:
//! look -> prove absence or ownership -> finalizer -> announce in status -> create -> the steps of
//! the plan, one call each -> Secret -> status. And of a death: look -> prove that it is this very
//! object's -> live read -> delete -> see it gone -> drop the finalizer.

use std::collections::BTreeMap;

use k8s_openapi::{
    apimachinery::pkg::apis::meta::v1::{Condition, Time},
    jiff::{SignedDuration, Timestamp},
};
use kube::{Resource, core::object::HasStatus};

use crate::api::{
    Binding, CreationIntent, DeletionPolicy, External as ExternalStatus, FINALIZER, Managed, RECONCILE_AT, Status,
    tags::Tags,
};

use super::{
    conditions::{Outcome, conditions},
    external::{self, Existence, External, ManagedObject, Reads, Settling, Step},
    fault::{Class, Fault},
    identity::Identity,
    ownership::{Absent, By, Claim, Deletable, Owned},
    secret::{self, Outputs},
};

/// Everything that a decision rests on.
pub struct Situation<'a, X: External> {
    /// The object, as fresh as this pass knows it.
    pub object: &'a X::Object,
    /// Its kind in AWS; of it only what is pure is asked.
    pub external: &'a X,
    /// Which thing it stands for, or why that could not be found out.
    pub identity: Result<&'a Identity, &'a Fault>,
    /// What the administrator has set.
    pub settings: &'a Settings,
    /// What this pass has seen and done.
    pub pass: &'a Pass<X>,
    /// The time of day.
    pub now: Timestamp,
}

/// What the administrator has set, as far as decisions rest on it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this cluster in ownership tags.
    pub cluster: String,
    /// Earlier names of this cluster.
    pub also_owns: Vec<String>,
    /// Which namespaces may adopt which names.
    pub allow_adoption: Vec<super::adoption::Allowance>,
    /// How long after our own create "does not exist" is not believed.
    pub creation_grace: SignedDuration,
}

/// What a pass has seen and done so far.
#[derive(Clone, Debug)]
pub struct Pass<X: External> {
    /// What was seen in AWS, brought up to date by every write that was answered with success.
    pub sight: Option<Existence<X::Observed>>,
    /// What `sight` covers.
    pub read: Reads,
    /// Whether the object was read live, by uid, in this pass.
    pub live: bool,
    /// The fault that ends the work in AWS for this pass.
    pub fault: Option<Fault>,
    /// Blocks whose write was refused in this pass.
    pub refused: BTreeMap<&'static str, Fault>,
    /// How to go back on steps that were done for the sake of a block, should it be refused.
    pub undo: Vec<Undo<X::Op>>,
    /// Whether this pass made the thing.
    pub created: bool,
    /// Whether this pass had AWS delete the thing.
    pub deleted: bool,
    /// Whether this pass wrote to AWS.
    pub wrote: bool,
    /// What came of the Secret.
    pub secret: Option<Result<(), Fault>>,
}

/// How to go back on a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo<Op> {
    /// The block of the step.
    pub block: &'static str,
    /// The block for whose sake it was done.
    pub unless: &'static str,
    /// The op that goes back on it.
    pub op: Op,
}

impl<X: External> Default for Pass<X> {
    fn default() -> Self {
        Self {
            sight: None,
            read: Reads::default(),
            live: false,
            fault: None,
            refused: BTreeMap::new(),
            undo: Vec::new(),
            created: false,
            deleted: false,
            wrote: false,
            secret: None,
        }
    }
}

/// The one thing to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<Op> {
    /// Read AWS.
    Observe(Reads),
    /// Put the finalizer on the object. The answer is a live read.
    AddFinalizer,
    /// Read the object live and compare its uid.
    ReadLive,
    /// Write this status before anything is written to AWS.
    Announce(Box<Status>),
    /// Make the thing.
    Create(Absent, Step<Op>),
    /// Do one step.
    Perform(Owned, Step<Op>),
    /// Go back on a step of this pass; its block then rests until the next one.
    Undo(Owned, Undo<Op>),
    /// Ask AWS to delete the thing.
    Delete(Deletable),
    /// Write the connection Secret, and delete one that is no longer wanted.
    WriteSecret {
        /// What goes into it.
        outputs: Outputs,
    },
    /// Let the object go.
    RemoveFinalizer,
    /// The pass is over.
    Conclude {
        /// The status to write, if it differs.
        status: Box<Status>,
        /// When to look again.
        next: Next,
    },
}

/// When to look at an object again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// AWS is busy with it: soon, with a growing interval.
    Poll,
    /// It failed: after a growing pause.
    Retry,
    /// It was written to: once more, soon, to see that it took.
    Verify,
    /// It is in sync: at the next resync.
    Resync,
    /// It is gone.
    Never,
}

/// What to do next.
pub fn decide<X: External>(s: &Situation<'_, X>) -> Effect<X::Op> {
    if s.object.meta().deletion_timestamp.is_some() { s.deleting() } else { s.living() }
}

impl<X: External> Situation<'_, X> {
    fn living(&self) -> Effect<X::Op> {
        let identity = match self.identity {
            Ok(identity) => identity,
            Err(fault) => return self.failed(fault.clone()),
        };
        if let Some(moved) = self.moved(identity) {
            return self.conclude(&Outcome::Stalled(moved));
        }
        if let Some(fault) = &self.pass.fault {
            return match (&self.pass.sight, fault.class) {
                (Some(Existence::Absent), Class::User | Class::Denied) => self.creation_refused(fault),
                _ => self.failed(fault.clone()),
            };
        }
        match &self.pass.sight {
            None => Effect::Observe(self.first_look()),
            Some(existence @ Existence::Absent) => match Absent::prove(identity, existence) {
                Some(absent) => self.absent(identity, absent),
                None => self.conclude(&Outcome::Creating),
            },
            Some(Existence::Present { tags, seen }) => self.present(identity, tags.as_ref(), seen),
        }
    }

    fn absent(&self, identity: &Identity, absent: Absent) -> Effect<X::Op> {
        if self.in_grace() {
            return self.conclude(&Outcome::Retrying(not_visible_yet()));
        }
        if !self.has_finalizer() {
            return Effect::AddFinalizer;
        }
        if !self.pass.live {
            return Effect::ReadLive;
        }
        let intent = (!self.external.tags_at_creation()).then(|| CreationIntent {
            uid: identity.owner.uid.clone(),
            name: identity.name.clone(),
            region: identity.region.clone(),
            account_id: identity.account_id.clone(),
        });
        if let Some(announcement) = self.announcement(&Outcome::Creating, intent) {
            return Effect::Announce(announcement);
        }
        Effect::Create(absent, self.external.creation(self.object, identity))
    }

    /// AWS has said no to the create, so nothing was made: the object holds nothing and must not
    /// keep a finalizer, or an intent that could make somebody else's thing ours one day.
    fn creation_refused(&self, fault: &Fault) -> Effect<X::Op> {
        if self.has_finalizer() && self.status().external.is_none() {
            return Effect::RemoveFinalizer;
        }
        let outcome = Outcome::of(fault.clone(), self.status(), self.now);
        self.finish(&outcome, Status { creation_intent: None, ..self.next_status(&outcome) })
    }

    fn present(&self, identity: &Identity, tags: Option<&Tags>, seen: &X::Observed) -> Effect<X::Op> {
        let full = self.all_blocks();
        let Some(tags) = tags else {
            // Seen without proof: nothing may be written, and as long as nothing needs to be, none
            // is needed. A pass that finds work looks again, for the tags.
            let idle = self.pass.read.covers(&full)
                && self.status().external.is_some()
                && X::settling(seen).is_none()
                && self.plan(identity, None, seen).is_empty();
            return if idle { self.settle(identity, seen, &[]) } else { Effect::Observe(Reads { tags: true, ..full }) };
        };
        let owned = match self.claim(identity).judge(tags) {
            Ok(owned) => owned,
            Err(refusal) => {
                return self.conclude(&Outcome::Stalled(Fault::user(refusal.reason(), refusal.to_string())));
            }
        };
        if let Some(settling) = X::settling(seen) {
            return self.conclude_owned(
                identity,
                seen,
                &match settling {
                    Settling::Creating => Outcome::Creating,
                    Settling::Updating => Outcome::Updating("AWS is still applying the last change".to_owned()),
                    Settling::Deleting => Outcome::Retrying(Fault::new(
                        Class::Pending,
                        "BeingDeleted",
                        "someone is deleting it in AWS; it is made again once it is gone",
                    )),
                },
            );
        }
        if let Some(obstacle) = X::obstacle(self.object, seen) {
            return self.conclude(&Outcome::Stalled(obstacle));
        }
        if !self.has_finalizer() {
            return Effect::AddFinalizer;
        }
        if !self.pass.read.covers(&full) {
            return Effect::Observe(Reads { tags: true, ..full });
        }
        self.work(identity, owned, tags, seen)
    }

    /// The thing is ours, known and at rest: the next step of the plan, or the end of it.
    fn work(&self, identity: &Identity, owned: Owned, tags: &Tags, seen: &X::Observed) -> Effect<X::Op> {
        if let Some(undo) = self.pass.undo.iter().find(|undo| self.pass.refused.contains_key(undo.unless)) {
            return Effect::Undo(owned, undo.clone());
        }
        let steps = self.plan(identity, Some(tags), seen);
        let runnable = steps.iter().find(|step| self.may_run(step));
        let Some(step) = runnable else {
            return self.settle(identity, seen, &steps);
        };
        if matches!(owned.by(), By::Adoption | By::Predecessor) && !self.pass.live {
            return Effect::ReadLive;
        }
        let outcome = if self.is_ready() { Outcome::Updating(summary(&steps)) } else { Outcome::Creating };
        if let Some(announcement) = self.announcement(&outcome, self.status().creation_intent.clone()) {
            return Effect::Announce(announcement);
        }
        Effect::Perform(owned, step.clone())
    }

    /// No step is left that may run: Secret, then the end of the pass.
    fn settle(&self, identity: &Identity, seen: &X::Observed, left: &[Step<X::Op>]) -> Effect<X::Op> {
        let outcome = match (self.unfinished(seen, left), &self.pass.secret) {
            (Some(outcome), _) => outcome,
            (None, None) => {
                return Effect::WriteSecret { outputs: self.external.outputs(identity, seen) };
            }
            (None, Some(Err(fault))) => Outcome::of(fault.clone(), self.status(), self.now),
            (None, Some(Ok(()))) => Outcome::InSync,
        };
        self.conclude_settled(identity, seen, &outcome, left)
    }

    /// What keeps the object from being in sync once nothing more can be done in this pass. A fault
    /// that time may heal comes first, so that Stalled means that time alone does not help.
    fn unfinished(&self, seen: &X::Observed, left: &[Step<X::Op>]) -> Option<Outcome> {
        let unread = X::block_faults(seen).into_iter().map(|(block, fault)| fault.at(block));
        let refused = self.pass.refused.iter().map(|(block, fault)| fault.clone().at(block));
        let mut outcomes: Vec<Outcome> =
            unread.chain(refused).map(|fault| Outcome::of(fault, self.status(), self.now)).collect();
        outcomes.sort_by_key(|outcome| matches!(outcome, Outcome::Stalled(_)));
        let gated = left.iter().find(|step| step.effect == external::Effect::Weakening);
        outcomes.into_iter().next().or_else(|| gated.map(|step| Outcome::Stalled(approval_required(step))))
    }

    fn may_run(&self, step: &Step<X::Op>) -> bool {
        let refused = |block: &&str| self.pass.refused.contains_key(*block);
        step.effect == external::Effect::Update && !refused(&step.block) && !step.after.iter().any(refused)
    }

    fn deleting(&self) -> Effect<X::Op> {
        if !self.has_finalizer() {
            return self.gone();
        }
        match self.object.deletion_policy() {
            DeletionPolicy::Retain => self.releasing(),
            DeletionPolicy::DeleteIfEmpty => self.removing(),
        }
    }

    /// Lets the thing go and keeps it. AWS is asked to remember, and whatever it answers the object
    /// goes: a deletion that retains needs nothing from AWS.
    fn releasing(&self) -> Effect<X::Op> {
        let (Ok(identity), None) = (self.identity, &self.pass.fault) else { return Effect::RemoveFinalizer };
        if self.moved(identity).is_some() || !self.pass.refused.is_empty() {
            return Effect::RemoveFinalizer;
        }
        match &self.pass.sight {
            None => Effect::Observe(Reads { tags: true, ..Reads::default() }),
            Some(Existence::Present { tags: Some(tags), .. }) if !tags.contains_key(super::identity::RELEASED) => {
                match self.claim(identity).judge(tags) {
                    Ok(owned) if owned.deletable().is_some() => Effect::Perform(owned, X::release(identity, tags)),
                    _ => Effect::RemoveFinalizer,
                }
            }
            Some(_) => Effect::RemoveFinalizer,
        }
    }

    /// Deletes the thing, and lets the object go only after AWS has said that it is gone.
    fn removing(&self) -> Effect<X::Op> {
        let identity = match self.identity {
            Ok(identity) => identity,
            Err(fault) => return self.blocked(fault.clone()),
        };
        if let Some(moved) = self.moved(identity) {
            return self.blocked(moved);
        }
        if let Some(fault) = self.pass.fault.iter().chain(self.pass.refused.values()).next() {
            return self.blocked(fault.clone());
        }
        let (tags, seen) = match &self.pass.sight {
            None => return Effect::Observe(Reads { tags: true, contents: true, ..Reads::default() }),
            Some(Existence::Absent) if self.in_grace() && !self.deletion_asked() => {
                return self.conclude(&Outcome::Deleting(Some(not_visible_yet())));
            }
            Some(Existence::Absent) => return Effect::RemoveFinalizer,
            Some(Existence::Present { tags: None, .. }) => {
                return Effect::Observe(Reads { tags: true, contents: true, ..Reads::default() });
            }
            Some(Existence::Present { tags: Some(tags), seen }) => (tags, seen),
        };
        // Nothing of ours is there to delete: it is another's, or an older object's that this one
        // never claimed.
        let Ok(owned) = self.claim(identity).judge(tags) else { return Effect::RemoveFinalizer };
        let Some(deletable) = owned.deletable() else { return Effect::RemoveFinalizer };
        if X::settling(seen).is_some() {
            return self.conclude(&Outcome::Deleting(None));
        }
        match X::before_deletion(self.object, seen) {
            Err(obstacle) => self.blocked(obstacle),
            Ok(Some(step)) => Effect::Perform(owned, step),
            Ok(None) if !self.pass.live => Effect::ReadLive,
            Ok(None) => Effect::Delete(deletable),
        }
    }

    fn blocked(&self, fault: Fault) -> Effect<X::Op> {
        match fault.class {
            Class::Pending | Class::Transient | Class::Credentials => self.conclude(&Outcome::Deleting(Some(fault))),
            _ => self.conclude(&Outcome::DeletionBlocked(fault)),
        }
    }

    /// Whether AWS has been asked to delete the thing, in this pass or in one before: what it no
    /// longer shows is then gone, however young it was.
    fn deletion_asked(&self) -> bool {
        let asked = |synced: &Condition| synced.reason == super::conditions::DELETING;
        self.pass.deleted || self.status().condition(super::conditions::SYNCED).is_some_and(asked)
    }

    fn gone(&self) -> Effect<X::Op> {
        Effect::Conclude { status: Box::new(self.status().clone()), next: Next::Never }
    }

    fn failed(&self, fault: Fault) -> Effect<X::Op> {
        self.conclude(&Outcome::of(fault, self.status(), self.now))
    }

    // What is known.

    fn status(&self) -> &Status {
        static UNSEEN: std::sync::LazyLock<Status> = std::sync::LazyLock::new(Status::default);
        self.object.status().unwrap_or(&UNSEEN)
    }

    fn generation(&self) -> i64 {
        self.object.meta().generation.unwrap_or_default()
    }

    fn has_finalizer(&self) -> bool {
        self.object.meta().finalizers.iter().flatten().any(|finalizer| finalizer == FINALIZER)
    }

    fn is_ready(&self) -> bool {
        self.status().is_true(super::conditions::READY)
    }

    fn in_grace(&self) -> bool {
        let made = self.status().external.as_ref().and_then(|external| external.created_at.as_ref());
        made.is_some_and(|made| self.now.duration_since(made.0) < self.settings.creation_grace)
    }

    /// Whether the object would now stand for a thing in another region or account than the one it
    /// was made in. Nothing is then made or deleted: both sides would be wrong.
    fn moved(&self, identity: &Identity) -> Option<Fault> {
        let made = self.status().external.as_ref()?;
        if made.region != identity.region {
            return Some(Fault::user(
                "RegionChanged",
                format!(
                    "{} was made in {} and the spec now resolves to {}: set spec.region back; to move it, make a new object",
                    made.name, made.region, identity.region
                ),
            ));
        }
        (made.account_id != identity.account_id).then(|| {
            Fault::user(
                "AccountChanged",
                format!(
                    "{} was made in account {} and the operator's credentials now belong to {}: give it credentials of the first",
                    made.name, made.account_id, identity.account_id
                ),
            )
        })
    }

    /// Blocks that are declared, or were and must be reset.
    fn all_blocks(&self) -> Reads {
        let declared = self.object.declared_blocks();
        let managed = &self.status().managed;
        let wanted = |block: &&'static str| declared.contains(block) || managed.has_block(block);
        Reads { blocks: X::BLOCKS.iter().copied().filter(wanted).collect(), ..Reads::default() }
    }

    /// An object that was seen before is read whole, in one wave. A new one most likely has nothing
    /// to read yet.
    fn first_look(&self) -> Reads {
        if self.status().external.is_none() {
            return Reads { tags: true, ..Reads::default() };
        }
        let settled =
            self.status().is_true(super::conditions::SYNCED) && self.status().observed_generation == self.generation();
        Reads { tags: !settled || self.object.tags().is_some(), ..self.all_blocks() }
    }

    fn claim<'b>(&'b self, identity: &'b Identity) -> Claim<'b> {
        Claim {
            identity,
            held: self.status().external.is_some(),
            intent: self.status().creation_intent.as_ref().filter(|_| !self.external.tags_at_creation()),
            adoption: self.object.adoption_policy(),
            adoption_allowed: self
                .settings
                .allow_adoption
                .iter()
                .any(|allowance| allowance.admits(&identity.owner.namespace, &identity.name)),
            also_owns: &self.settings.also_owns,
        }
    }

    fn plan(&self, identity: &Identity, tags: Option<&Tags>, seen: &X::Observed) -> Vec<Step<X::Op>> {
        X::plan(self.object, &self.status().managed, identity, tags, seen)
    }

    // What is written.

    /// The status that must be there before AWS is written: what the spec declares, so that a later
    /// removal is noticed whatever happens in between, and the intent to create.
    fn announcement(&self, outcome: &Outcome, intent: Option<CreationIntent>) -> Option<Box<Status>> {
        let before = self.status();
        let managed = self.managed_with(&before.managed);
        if managed == before.managed && intent == before.creation_intent {
            return None;
        }
        let mut status = self.next_status(outcome);
        status.managed = managed;
        status.creation_intent = intent;
        Some(Box::new(status))
    }

    /// What is managed once the spec's declarations are added.
    fn managed_with(&self, before: &Managed) -> Managed {
        let mut blocks = before.blocks.clone();
        blocks.extend(self.object.declared_blocks().into_iter().map(str::to_owned));
        let mut tags = before.tags.clone();
        tags.extend(self.object.tags().into_iter().flatten().map(|(key, _)| key.clone()));
        for names in [&mut blocks, &mut tags] {
            names.sort();
            names.dedup();
        }
        Managed { blocks, tags }
    }

    /// What is still managed once everything but `left` is in place: resets that are done are
    /// forgotten.
    fn managed_after(&self, left: &[Step<X::Op>]) -> Managed {
        let mut managed = self.managed_with(&self.status().managed);
        let declared = self.object.declared_blocks();
        let pending = |name: &str| left.iter().any(|step| step.block == name);
        managed.blocks.retain(|block| declared.contains(&block.as_str()) || pending(block));
        let tags = self.object.tags();
        managed.tags.retain(|key| tags.is_some_and(|tags| tags.contains_key(key)) || pending(external::TAGS));
        managed
    }

    fn next_status(&self, outcome: &Outcome) -> Status {
        let mut status = self.status().clone();
        status.observed_generation = self.generation();
        status.conditions = conditions(self.status(), outcome, self.generation(), self.now);
        status.last_handled_reconcile_at =
            self.object.meta().annotations.as_ref().and_then(|annotations| annotations.get(RECONCILE_AT).cloned());
        status
    }

    fn conclude(&self, outcome: &Outcome) -> Effect<X::Op> {
        self.finish(outcome, self.next_status(outcome))
    }

    /// Concludes a pass that found the thing to be ours: status says what it is.
    fn conclude_owned(&self, identity: &Identity, seen: &X::Observed, outcome: &Outcome) -> Effect<X::Op> {
        self.finish(outcome, self.with_external(identity, seen, self.next_status(outcome)))
    }

    /// Concludes a pass that did all it could: what is managed, announced and bound is settled too.
    fn conclude_settled(
        &self,
        identity: &Identity,
        seen: &X::Observed,
        outcome: &Outcome,
        left: &[Step<X::Op>],
    ) -> Effect<X::Op> {
        let mut status = self.with_external(identity, seen, self.next_status(outcome));
        status.managed = self.managed_after(left);
        if !left.iter().any(|step| step.block == external::TAGS) {
            status.creation_intent = None;
        }
        if self.pass.secret == Some(Ok(())) {
            status.binding = secret::name(self.object).map(|name| Binding { name });
        }
        self.finish(outcome, status)
    }

    fn with_external(&self, identity: &Identity, seen: &X::Observed, mut status: Status) -> Status {
        let outputs = self.external.outputs(identity, seen);
        let created_at = if self.pass.created {
            Some(Time(self.now))
        } else {
            self.status().external.as_ref().and_then(|external| external.created_at.clone())
        };
        status.external = Some(ExternalStatus {
            name: identity.name.clone(),
            arn: outputs.arn,
            region: identity.region.clone(),
            account_id: identity.account_id.clone(),
            created_at,
        });
        status.endpoint = Some(outputs.endpoint);
        status
    }

    fn finish(&self, outcome: &Outcome, status: Status) -> Effect<X::Op> {
        let next = match outcome {
            Outcome::InSync if self.pass.wrote => Next::Verify,
            Outcome::InSync => Next::Resync,
            Outcome::Creating | Outcome::Updating(_) | Outcome::Deleting(None) => Next::Poll,
            Outcome::Retrying(fault) | Outcome::Deleting(Some(fault)) if fault.class == Class::Pending => Next::Poll,
            Outcome::Retrying(_) | Outcome::Deleting(_) | Outcome::Stalled(_) | Outcome::DeletionBlocked(_) => {
                Next::Retry
            }
        };
        Effect::Conclude { status: Box::new(status), next }
    }
}

fn not_visible_yet() -> Fault {
    Fault::new(
        Class::Pending,
        "NotVisibleYet",
        "AWS does not show what was made a moment ago; waiting for it to appear",
    )
}

fn approval_required<Op>(step: &Step<Op>) -> Fault {
    Fault::user(
        "ApprovalRequired",
        format!(
            "{} was taken out of the spec, and putting it back to AWS's default would lower a guard ({}): \
             declare the value you want, or put the block back",
            step.block,
            summary(std::slice::from_ref(step))
        ),
    )
}

/// The changes of some steps in one line.
fn summary<Op>(steps: &[Step<Op>]) -> String {
    /// More than a handful is read in the manifest, not in a condition.
    const MOST: usize = 5;
    let changes: Vec<String> = steps.iter().flat_map(|step| &step.changes).map(ToString::to_string).collect();
    match changes.len() {
        0 => "nothing".to_owned(),
        n if n <= MOST => changes.join("; "),
        n => format!("{}; and {} more", changes[..MOST].join("; "), n - MOST),
    }
}

#[cfg(test)]
mod tests;

//! The life of an object, from the first look to being in sync.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::SignedDuration};

use crate::{
    api::{CreationIntent, ManagementPolicy, Status, tags::Tags},
    managed::{
        conditions::{Outcome, SYNCED},
        external::{Existence, External, ManagedObject, Reads, Settling, Step, TAGS, places},
        fault::{Class, Fault, Reason},
        identity::Identity,
        ownership::{Absent, By, Owned, Refusal},
    },
};

use super::{Effect, Situation, consent::Gate, not_visible_yet, report::summary};

/// The most writes of one reconciliation: about five seconds of AWS's time. A plan may have thousands.
const MOST_CALLS: usize = 100;

impl<X: External> Situation<'_, X> {
    pub(super) fn living(&self) -> Effect<X::Op> {
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

    fn absent(&self, identity: &Identity, absent: Absent) -> Effect<X::Op> {
        if self.in_grace() {
            return self.conclude(&Outcome::Retrying(not_visible_yet()));
        }
        if let Some(obstacle) = X::obstacle(self.object, identity, None) {
            return self.conclude(&Outcome::Stalled(obstacle));
        }
        if let Some(effect) = self.references(identity, true) {
            return effect;
        }
        if identity.owner.origin.is_none() {
            return Effect::ReadNamespace;
        }
        let creation = self.external.creation(self.object, identity);
        if self.object.management_policy() == ManagementPolicy::Plan {
            let ladder = self.ladder_from_nothing(identity, &creation);
            if let Some(effect) = self.consent(identity, || ladder.clone()) {
                return effect;
            }
            if !self.gate().is_approved(&creation) {
                return self.conclude_planned(identity, None, &ladder, &Outcome::Missing(summary(&ladder)));
            }
        }
        if !self.pass.reserved {
            return Effect::Reserve(X::scope(identity));
        }
        if self.pass.contested {
            return self.conclude(&Outcome::Retrying(contested(identity)));
        }
        if !self.has_finalizer() {
            return Effect::AddFinalizer;
        }
        if self.needs_live_read() {
            return Effect::ReadLive;
        }
        // From here on the name in the spec is fixed (the schema sees the intent). Where tags cannot go with the create
        // the intent is what makes the thing ours; and what is to be set at creation only must be known to be at its
        // creation still after a crash.
        if let Some(mut announcement) = self.announcement(&Outcome::Creating, Some(self.announced(identity))) {
            // Of an import before this one: what becomes of this create must not be hidden by it.
            announcement.import = None;
            return Effect::Announce(announcement);
        }
        Effect::Create(absent, creation)
    }

    /// The intent to create. An older one stands as long as its time still tells when the create was sent.
    fn announced(&self, identity: &Identity) -> CreationIntent {
        let before = self.status().creation_intent.as_ref().and_then(|intent| intent.announced_at.clone());
        let recent = before.clone().filter(|at| self.now.duration_since(at.0) < ANNOUNCEMENT);
        // An API server whose CRDs are older than this operator keeps no time, however often it is told.
        let announced_at = if self.pass.announced { before } else { Some(recent.unwrap_or(Time(self.now))) };
        CreationIntent {
            uid: identity.owner.uid.clone(),
            name: identity.name.clone(),
            region: identity.region.clone(),
            account_id: identity.account_id.clone(),
            announced_at,
        }
    }

    /// Whether the name is reserved before the first look, which spares a second one. Only an object that
    /// nobody has looked at yet may hold others up for it: one that has its thing, was refused it or fails
    /// reserves the name once it is about to make or claim something, and looks again.
    fn reserves_first(&self) -> bool {
        let unseen = self.status().condition(SYNCED).is_none();
        unseen && !self.pass.reserved && self.object.management_policy() == ManagementPolicy::Enforce
    }

    /// AWS has answered the create with "it exists", so it was not made by this attempt. An intent that
    /// rested on it could make somebody else's thing ours; tags go on saying whose it is. The finalizer
    /// stays: an earlier attempt of the same call may have made it, with our tags on it.
    fn existed_before(&self, fault: &Fault) -> Effect<X::Op> {
        let outcome = self.outcome_of(fault.clone());
        let mut status = self.next_status(&outcome);
        if !self.external.tags_at_creation(self.object) {
            status.creation_intent = None;
        }
        self.finish(&outcome, status)
    }

    /// AWS has said no to the create, so nothing was made: the object holds nothing and must not
    /// keep a finalizer, or an intent that could make somebody else's thing ours one day.
    fn creation_refused(&self, fault: &Fault) -> Effect<X::Op> {
        if self.has_finalizer() && self.status().external.is_none() {
            return Effect::RemoveFinalizer;
        }
        let outcome = self.outcome_of(fault.clone());
        self.finish(&outcome, Status { creation_intent: None, ..self.next_status(&outcome) })
    }

    /// AWS has taken the create and made nothing of it, as a look has told: the object holds nothing, and the same is not
    /// asked of AWS again unless somebody wants it.
    fn import_failed(&self, fault: &Fault) -> Effect<X::Op> {
        if self.has_finalizer() && self.status().external.is_none() {
            return Effect::RemoveFinalizer;
        }
        let outcome = self.outcome_of(fault.clone());
        let mut status = Status { external: None, creation_intent: None, ..self.next_status(&outcome) };
        if let Some(import) = status.import.as_mut().filter(|import| !import.has_ended()) {
            "FAILED".clone_into(&mut import.status);
        }
        self.finish(&outcome, status)
    }

    /// The import to look at: one that goes on, and one that has failed, until somebody asks for another by an edit or
    /// by `musubi.dev/reconcile-at`.
    fn import(&self) -> Option<String> {
        let import = self.status().import.as_ref()?;
        let asked = !self.is_at_generation() || self.is_asked();
        let stands = !import.has_ended() || (import.has_failed() && self.status().external.is_none() && !asked);
        stands.then(|| import.arn.clone())
    }

    fn present(&self, identity: &Identity, tags: Option<&Tags>, seen: &X::Observed) -> Effect<X::Op> {
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
                "someone is deleting it in AWS; it is made again once it is gone",
            )),
            None if self.history.is_unrested() => busy(),
            None => return None,
        })
    }

    /// The resource is not ours: that it exists is all that the status may say. What adopting it would change
    /// quotes what it holds (its policy, its tags), so nothing of that is published, or read, before both the spec
    /// and the administrator allow adopting it; [`Claim::judge`](crate::managed::ownership::Claim::judge) then
    /// refuses no longer, and `managementPolicy: Plan` shows it. A plan that an earlier version left behind goes.
    fn refused(&self, refusal: &Refusal) -> Effect<X::Op> {
        let outcome = Outcome::Stalled(Fault::user(refusal.reason(), refusal.to_string()));
        self.finish(&outcome, Status { plan: None, ..self.next_status(&outcome) })
    }

    /// The thing is ours, known and at rest: the next step of the plan, or the end of it.
    fn work(&self, identity: &Identity, owned: Owned, tags: &Tags, seen: &X::Observed) -> Effect<X::Op> {
        let in_vain = |block: &&str| {
            self.pass.refused.get(*block).is_some_and(|fault| self.guard_still_stands(block, fault).is_none())
        };
        let for_nothing = |undo: &&super::Undo<X::Op>| undo.unless.iter().any(in_vain);
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

    /// No step is left that may run: Secret, then the end of the pass. `owned` is `None` where the thing
    /// is known to be ours from earlier passes and needed no proof.
    fn settle(
        &self,
        identity: &Identity,
        owned: Option<&Owned>,
        seen: &X::Observed,
        ladder: &[Step<X::Op>],
    ) -> Effect<X::Op> {
        let planned = || Outcome::Drifted(summary(ladder));
        let claimed = owned.is_none_or(Owned::is_claimed);
        let assumed = self.unconfirmed(ladder);
        let outcome = match (self.unfinished(identity, seen, ladder), &self.pass.secret) {
            (Some(outcome), _) => outcome,
            (None, _) if !claimed => planned(),
            (None, _) if !assumed.is_empty() => {
                return Effect::Confirm(Reads { blocks: assumed, ..Reads::default() });
            }
            (None, None) => {
                return Effect::WriteSecret { outputs: self.external.outputs(identity, seen) };
            }
            (None, Some(Err(fault))) => self.outcome_of(fault.clone()),
            (None, _) => match self.under_way(seen, ladder) {
                Some(fault) => Outcome::Serving(fault),
                None if !ladder.is_empty() => planned(),
                None => Outcome::InSync,
            },
        };
        if claimed {
            self.conclude_settled(identity, seen, &outcome, ladder)
        } else {
            self.conclude_planned(identity, Some(seen), ladder, &outcome)
        }
    }

    /// What keeps the object from being in sync once nothing more can be done in this pass. A fault
    /// that time may heal comes first, so that Stalled means that time alone does not help.
    fn unfinished(&self, identity: &Identity, seen: &X::Observed, ladder: &[Step<X::Op>]) -> Option<Outcome> {
        let unread = self.unread(seen).into_iter().map(|(block, fault)| fault.at(block));
        let refused = self
            .pass
            .refused
            .iter()
            .map(|(block, fault)| self.guard_still_stands(block, fault).unwrap_or_else(|| fault.clone()).at(block));
        let ignored = self.ignored();
        let (waits, hopeless): (Vec<_>, Vec<_>) =
            waiting_together(ladder).into_iter().partition(|(fault, _)| passes_by_itself(fault));
        let hopeless = hopeless.into_iter().map(|(fault, places)| fault.clone().at(&places));
        let failed = X::failures(self.object, seen).into_iter();
        let failed = failed.filter(|(block, _)| !ignored.iter().any(|name| name == block)).map(|(_, fault)| fault);
        let mut outcomes: Vec<Outcome> =
            unread.chain(refused).chain(failed).chain(hopeless).map(|fault| self.outcome_of(fault)).collect();
        outcomes.sort_by_key(|outcome| matches!(outcome, Outcome::Stalled(_)));
        outcomes
            .into_iter()
            .next()
            .or_else(|| {
                let resting = ladder.iter().filter(|step| self.rests(step)).map(|step| step.block);
                self.write_loop(self.pass.wrote.iter().copied().chain(resting))
            })
            .or_else(|| self.approval_required(identity, ladder).filter(|_| waits.is_empty()).map(Outcome::Stalled))
    }

    /// What is still to come while the resource serves: steps that AWS does not take yet, or its own work.
    fn under_way(&self, seen: &X::Observed, ladder: &[Step<X::Op>]) -> Option<Fault> {
        let spreading: Vec<&Step<X::Op>> = ladder.iter().filter(|step| self.is_spreading(step)).collect();
        if !spreading.is_empty() {
            let message = format!("AWS has taken the last change and does not show it yet: {}", places(spreading));
            return Some(Fault::new(Class::Pending, Reason::NotShownYet, message));
        }
        let outdated = self.outdated(ladder);
        if !outdated.is_empty() {
            let blocks = outdated.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!("AWS may not show the last write yet, which came before this edit: {blocks}");
            return Some(Fault::new(Class::Pending, Reason::Updating, message));
        }
        let not_yet = waiting_together(ladder).into_iter().find(|(fault, _)| passes_by_itself(fault));
        not_yet.map(|(fault, places)| fault.clone().at(&places)).or_else(|| {
            X::progress(self.object, seen).map(|progress| Fault::new(Class::Pending, Reason::Updating, progress))
        })
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

    /// A failure, and with it what the object holds by now: what was made is told whatever fails after it.
    pub(super) fn failed(&self, fault: Fault) -> Effect<X::Op> {
        let outcome = self.outcome_of(fault);
        match self.owned() {
            Some((identity, owned, seen)) => self.conclude_owned(identity, &owned, seen, &outcome),
            None => self.conclude(&outcome),
        }
    }

    /// Blocks that are declared, or were and must be reset, and that are ours to look after.
    fn all_blocks(&self) -> Reads {
        let declared = self.object.declared_blocks();
        let managed = &self.status().managed;
        let ignored = self.ignored();
        let wanted = |block: &&'static str| {
            (declared.contains(block) || managed.has_block(block)) && !ignored.iter().any(|name| name == block)
        };
        let blocks = X::BLOCKS.iter().copied().filter(wanted).collect();
        Reads { blocks, import: self.import(), ..Reads::default() }
    }

    /// An object that was seen before is read whole, in one wave. A new one most likely has nothing
    /// to read yet.
    fn first_look(&self) -> Reads {
        if self.status().external.is_none() {
            return Reads { tags: true, import: self.import(), ..Reads::default() };
        }
        // While AWS is busy its description alone tells when that is over.
        if matches!(self.synced_reason(), Some(Reason::Creating | Reason::Updating | Reason::BeingDeleted))
            && self.is_at_generation()
        {
            return Reads { import: self.import(), ..Reads::default() };
        }
        let settled = self.status().is_true(SYNCED) && self.is_at_generation();
        Reads { tags: !settled || self.object.tags().is_some(), ..self.all_blocks() }
    }

    /// Every step from a thing that does not exist yet to the spec.
    fn ladder_from_nothing(&self, identity: &Identity, creation: &Step<X::Op>) -> Vec<Step<X::Op>> {
        let (tags, seen) = self.external.fresh(&creation.op);
        let plan =
            |tags: &Tags, seen: &X::Observed| X::plan(self.object, &self.status().managed, identity, Some(tags), seen);
        let mut ladder = vec![creation.clone()];
        ladder.extend(climb::<X>(plan(&tags, &seen), tags, seen, plan));
        ladder
    }

    /// Every step from what was seen to the spec: `steps`, and those that only follow from them.
    fn ladder(&self, identity: &Identity, steps: &[Step<X::Op>], tags: &Tags, seen: &X::Observed) -> Vec<Step<X::Op>> {
        climb::<X>(steps.to_vec(), tags.clone(), seen.clone(), |tags, seen| self.plan(identity, Some(tags), seen))
    }
}

/// How long an announcement tells when the create was sent.
const ANNOUNCEMENT: SignedDuration = SignedDuration::from_mins(5);

fn contested(identity: &Identity) -> Fault {
    Fault::new(
        Class::Pending,
        Reason::BeingMadeByAnother,
        format!(
            "another object of this cluster has announced that it makes {}, and has not finished: choose another name, or \
             delete that object",
            identity.name
        ),
    )
}

/// Whether what keeps a step from being taken is over after a while, whatever anybody does.
fn passes_by_itself(fault: &Fault) -> bool {
    matches!(fault.class, Class::Pending | Class::Allowance)
}

/// What cannot be done yet, and all that waits for the same.
fn waiting_together<Op>(ladder: &[Step<Op>]) -> Vec<(&Fault, String)> {
    let mut faults: Vec<(&Fault, Vec<&Step<Op>>)> = Vec::new();
    for step in ladder {
        let Some(fault) = &step.not_yet else { continue };
        match faults.iter_mut().find(|(known, _)| *known == fault) {
            Some((_, steps)) => steps.push(step),
            None => faults.push((fault, vec![step])),
        }
    }
    faults.into_iter().map(|(fault, steps)| (fault, places(steps))).collect()
}

/// Takes the steps on paper and plans again, until nothing is left to do.
fn climb<X: External>(
    mut steps: Vec<Step<X::Op>>,
    tags: Tags,
    mut seen: X::Observed,
    plan: impl Fn(&Tags, &X::Observed) -> Vec<Step<X::Op>>,
) -> Vec<Step<X::Op>> {
    /// More rounds than any ladder has rungs of one block.
    const ROUNDS: usize = 8;
    let (mut ladder, mut tags) = (Vec::<Step<X::Op>>::new(), Some(tags));
    for _ in 0..ROUNDS {
        if steps.is_empty() {
            break;
        }
        for step in steps {
            X::advance(&mut tags, &mut seen, &step.op);
            ladder.push(step);
        }
        steps = plan(tags.get_or_insert_default(), &seen);
    }
    ladder
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::change::Change;

    #[test]
    fn all_that_waits_for_the_same_is_named_together() {
        let busy = Fault::new(Class::Pending, "IndexChanging", "globalSecondaryIndexes[old] is being deleted");
        let step = |block, path: &str, not_yet: Option<&Fault>| {
            let change = Change { path: path.to_owned(), from: None, to: Some("x".to_owned()) };
            Step { not_yet: not_yet.cloned(), ..Step::new(block, (), vec![change]) }
        };
        let ladder = [
            step("deletionProtection", "deletionProtection", Some(&busy)),
            step("tags", "tags[a]", None),
            step("globalSecondaryIndexes", "globalSecondaryIndexes[new].projection", Some(&busy)),
        ];
        let told = waiting_together(&ladder);
        assert_eq!(told, [(&busy, "deletionProtection, globalSecondaryIndexes[new]".to_owned())]);
    }
}

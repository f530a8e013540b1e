//! What the status says: announcements before a write, conclusions at the end of a reconciliation.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::{
    api::{Binding, CreationIntent, ExternalRef, Managed, RECONCILE_AT, Status},
    managed::{
        approval,
        conditions::{Outcome, conditions, refused_since},
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        observation::Existence,
        ownership::{By, OwnershipProof},
        secret,
        step::{Step, TAGS, shown},
    },
};

use super::{Action, ActionOf, Input, Next};

impl<X: ExternalResource> Input<'_, X> {
    /// The status that must be there before AWS is written: what the spec declares, so that a later
    /// removal is noticed whatever happens in between, the intent to create, and that what is to be
    /// made is not ready.
    pub(super) fn announcement(&self, outcome: &Outcome, intent: Option<CreationIntent>) -> Option<Box<Status>> {
        let before = self.status();
        let managed = self.managed_with(&before.managed);
        let vanished = *outcome == Outcome::Creating && self.is_ready();
        if managed == before.managed && intent == before.creation_intent && !vanished {
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

    /// What is managed once everything but `left` is in place: resets that are done are forgotten, and
    /// what is declared and waits for approval has never been ours.
    ///
    /// What could not be read, or was refused, is not done.
    fn managed_after(&self, observed: &X::Observed, left: &[Step<X::Op>]) -> Managed {
        let before = &self.status().managed;
        let mut managed = self.managed_with(before);
        let declared = self.object.declared_blocks();
        let gate = self.gate();
        let errors = self.unread(observed).into_iter().map(|(block, _)| block);
        let left_over = left.iter().map(|step| step.block).chain(errors).chain(self.outdated(left));
        let pending: BTreeSet<&str> = left_over.chain(self.progress.refused.keys().copied()).collect();
        let waiting: BTreeSet<&str> =
            left.iter().filter(|step| gate.requires_approval(step)).map(|step| step.block).collect();
        let pending = |name: &str| pending.contains(name);
        let waiting = |name: &str| waiting.contains(name);
        managed.blocks.retain(|block| {
            if declared.contains(&block.as_str()) { before.has_block(block) || !waiting(block) } else { pending(block) }
        });
        let tags = self.object.tags();
        managed.tags.retain(|key| {
            if tags.is_some_and(|tags| tags.contains_key(key)) {
                before.tags.contains(key) || !waiting(TAGS)
            } else {
                pending(TAGS)
            }
        });
        managed
    }

    pub(super) fn next_status(&self, outcome: &Outcome) -> Status {
        let mut status = self.status().clone();
        status.observed_generation = self.generation();
        status.conditions = conditions(self.status(), outcome, self.generation(), self.now);
        status.refused_since = refused_since(self.status(), outcome, self.generation(), self.now);
        status.last_handled_reconcile_at = self.annotation(RECONCILE_AT).map(str::to_owned);
        status.emptied = self.emptied();
        status.force_delete_allowed = self.force_would_help(outcome);
        status
    }

    /// How many objects a forced deletion has removed, in this reconciliation and in those before.
    pub(super) fn emptied(&self) -> i64 {
        self.status().emptied.saturating_add(i64::try_from(self.progress.emptied).unwrap_or(i64::MAX))
    }

    pub(super) fn conclude(&self, outcome: &Outcome) -> ActionOf<X> {
        self.conclude_with(outcome, self.next_status(outcome))
    }

    /// Concludes a reconciliation that found the resource to be ours: status says what it is.
    pub(super) fn conclude_owned(
        &self,
        identity: &Identity,
        owned: &OwnershipProof,
        observed: &X::Observed,
        outcome: &Outcome,
    ) -> ActionOf<X> {
        let mut status = self.next_status(outcome);
        // What was never claimed in writing is not held: a status that said so would read as a loss.
        if owned.is_claimed() {
            status = self.with_external(identity, observed, status, false);
        }
        if owned.by() == By::Uid && self.object.ignored().is_empty() {
            status.creation_intent = None;
        }
        self.conclude_with(outcome, status)
    }

    /// Concludes a reconciliation that says what would be done to a resource that is not there, or not ours yet.
    pub(super) fn conclude_planned<Op>(
        &self,
        identity: &Identity,
        observed: Option<&X::Observed>,
        remaining: &[Step<Op>],
        outcome: &Outcome,
    ) -> ActionOf<X> {
        let mut status = self.next_status(outcome);
        if observed.is_none_or(|observed| self.unread(observed).is_empty()) {
            let gate = self.gate();
            let steps: Vec<&Step<Op>> = remaining.iter().filter(|step| !gate.is_approved(step)).collect();
            status.plan = approval::plan(self.subject(identity), &steps);
            status.approved = self.standing_approval(remaining);
        }
        self.conclude_with(outcome, status)
    }

    /// Concludes a reconciliation that has made its share of calls and leaves the rest to the next, so that others get
    /// their turn and an edit meanwhile is seen.
    pub(super) fn conclude_for_now(&self, identity: &Identity, observed: &X::Observed) -> ActionOf<X> {
        let more = "More changes remain; the next reconciliation continues with them";
        let outcome = if self.initial() { Outcome::Creating } else { Outcome::Updating(more.to_owned()) };
        let status = self.with_external(identity, observed, self.next_status(&outcome), false);
        Action::Conclude { status: Box::new(status), next: Next::Now }
    }

    /// Concludes a reconciliation that did all it could: what is managed, announced and bound is settled too.
    pub(super) fn conclude_synced(
        &self,
        identity: &Identity,
        observed: &X::Observed,
        outcome: &Outcome,
        remaining: &[Step<X::Op>],
    ) -> ActionOf<X> {
        let mut status = self.with_external(identity, observed, self.next_status(outcome), *outcome == Outcome::InSync);
        status.managed = self.managed_after(observed, remaining);
        // What could not be read is missing in the plan: half a plan is none.
        if self.unread(observed).is_empty() {
            status.plan = self.waiting(identity, remaining);
            status.approved = self.standing_approval(remaining);
        }
        let tagged = !remaining.iter().any(|step| step.block == TAGS);
        if *outcome == Outcome::InSync || (tagged && self.object.ignored().is_empty()) {
            status.creation_intent = None;
        }
        // All that could be done was.
        if matches!(outcome, Outcome::Updating(_) | Outcome::Serving(_)) {
            status.refused_since.clear();
        }
        if self.progress.secret == Some(Ok(())) {
            status.binding = secret::name(self.object).map(|name| Binding { name });
        }
        self.conclude_with(outcome, status)
    }

    fn with_external(&self, identity: &Identity, observed: &X::Observed, mut status: Status, in_sync: bool) -> Status {
        let outputs = self.external.outputs(identity, observed);
        let before = self.status().external.as_ref();
        let made = self.progress.created || (before.is_none() && self.status().creation_intent.is_some());
        let created_at =
            if made { Some(Time(self.now)) } else { before.and_then(|external| external.created_at.clone()) };
        status.external = Some(ExternalRef {
            name: identity.name.clone(),
            arn: outputs.arn,
            region: identity.region.clone(),
            account_id: identity.account_id.clone(),
            created_at,
        });
        status.endpoint = Some(outputs.endpoint);
        let mut measured: BTreeMap<String, String> = BTreeMap::new();
        for (name, now) in outputs.measured {
            let before = self.status().outputs.get(name).filter(|_| !in_sync);
            measured.insert(name.to_owned(), before.cloned().unwrap_or(now));
        }
        status.outputs =
            outputs.more.into_iter().map(|(name, value)| (name.to_owned(), value)).chain(measured).collect();
        X::report(self.object, identity, observed, !self.progress.advanced, &mut status);
        status
    }

    /// Whether AWS is busy with the last write, or could be.
    fn is_changing(&self) -> bool {
        let transition = |observation: &Existence<X::Observed>| matches!(observation, Existence::Present { observed, .. } if X::transition(observed).is_some());
        self.history.is_unrested() || self.progress.observation.as_ref().is_some_and(transition)
    }

    /// What an error comes to, in view of how long it has lasted.
    pub(super) fn outcome_of(&self, error: Error) -> Outcome {
        Outcome::of(error, self.status(), self.generation(), self.now)
    }

    pub(super) fn conclude_with(&self, outcome: &Outcome, mut status: Status) -> ActionOf<X> {
        if outcome.is_unrefused() {
            status.refused_since.clear();
        }
        let repeated = || self.progress.wrote.iter().any(|block| self.history.repeats(block));
        let next = match outcome {
            // What comes back as soon as it is put right is put right at each resync, and not more often.
            Outcome::InSync if self.progress.wrote.is_empty() || repeated() => Next::Resync,
            Outcome::InSync => Next::Verify,
            Outcome::LetGo { .. } => Next::Never,
            Outcome::Paused | Outcome::Drifted(_) | Outcome::Missing(_) => Next::Resync,
            Outcome::Creating | Outcome::Updating(_) | Outcome::Deleting(None) => Next::Poll,
            Outcome::Serving(error) if error.reason == Reason::ChangeNotVisible => Next::Verify,
            Outcome::Retrying(error) | Outcome::Serving(error) | Outcome::Deleting(Some(error))
                if error.kind == ErrorKind::Pending =>
            {
                Next::Poll
            }
            Outcome::Retrying(error) | Outcome::Serving(error) if error.kind == ErrorKind::RateLimited => Next::Slow,
            Outcome::WriteLoop(_) if self.is_changing() => Next::Poll,
            Outcome::WriteLoop(_) => Next::Slow,
            // Each try opens what guards the bucket for a moment.
            Outcome::Stalled(_) if self.progress.took_back => Next::Slow,
            Outcome::Stalled(error) if error.kind == ErrorKind::User => Next::Mend,
            Outcome::Retrying(_)
            | Outcome::Serving(_)
            | Outcome::Deleting(_)
            | Outcome::Stalled(_)
            | Outcome::DeletionBlocked(_) => Next::Retry,
        };
        Action::Conclude { status: Box::new(status), next }
    }
}

/// More than a handful is read in the plan, not in a condition.
pub(super) const MAX_SHOWN: usize = 5;

/// The changes of some steps in one line: what loses data or interrupts anybody first.
pub(super) fn summary<'a, Op: 'a>(steps: impl IntoIterator<Item = &'a Step<Op>>) -> String {
    let mut changes = shown(steps);
    changes.sort_by_key(|(impact, _)| Reverse(*impact));
    let first: Vec<String> = changes.iter().take(MAX_SHOWN).map(|(_, change)| change.brief()).collect();
    match (first.is_empty(), changes.len().saturating_sub(MAX_SHOWN)) {
        (true, _) => "no changes".to_owned(),
        (false, 0) => first.join("; "),
        (false, more) => format!("{}; and {more} more", first.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{api::Impact, managed::change::Change};

    #[test]
    fn what_matters_most_is_told_first_and_ownership_tags_last_of_all() {
        let step = |block, path: &str, impact| {
            let change = Change { path: path.to_owned(), from: None, to: Some("x".to_owned()) };
            Step::new(block, (), vec![change]).with_impact(impact)
        };
        let mut steps = vec![
            step(TAGS, "tags[musubi.dev/uid]", Impact::Update),
            step("cors", "cors", Impact::Update),
            step("logging", "logging", Impact::Update),
            step("policy", "policy", Impact::Weakening),
            step("stream", "stream", Impact::Disruptive),
            step("replicas", "replicas", Impact::Destructive),
        ];
        let all = "replicas: (unset) -> x; stream: (unset) -> x; policy: (unset) -> x; cors: (unset) -> x; logging: (unset) -> x";
        assert_eq!(summary(&steps), all);
        steps.push(step("website", "website", Impact::Update));
        assert_eq!(summary(&steps), format!("{all}; and 1 more"));
        assert_eq!(summary(&steps[..1]), "tags[musubi.dev/uid]: (unset) -> x");
        assert_eq!(summary::<()>([]), "no changes");
    }
}

//! Nothing is left that may be done now: the Secret, and what the pass comes to.

use crate::managed::{
    conditions::Outcome,
    external::External,
    fault::{Class, Fault, Reason},
    identity::Identity,
    observation::Reads,
    ownership::Owned,
    step::{Step, places},
};

use super::super::{Effect, EffectOf, Situation, report::summary};

impl<X: External> Situation<'_, X> {
    /// No step is left that may run: Secret, then the end of the pass. `owned` is `None` where the thing
    /// is known to be ours from earlier passes and needed no proof.
    pub(super) fn settle(
        &self,
        identity: &Identity,
        owned: Option<&Owned>,
        seen: &X::Observed,
        ladder: &[Step<X::Op>],
    ) -> EffectOf<X> {
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
            let message = format!("AWS has accepted the last change but does not return it yet: {}", places(spreading));
            return Some(Fault::new(Class::Pending, Reason::ChangeNotVisible, message));
        }
        let outdated = self.outdated(ladder);
        if !outdated.is_empty() {
            let blocks = outdated.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!("AWS may not return the last write yet, which was made before this edit: {blocks}");
            return Some(Fault::new(Class::Pending, Reason::Updating, message));
        }
        let not_yet = waiting_together(ladder).into_iter().find(|(fault, _)| passes_by_itself(fault));
        not_yet.map(|(fault, places)| fault.clone().at(&places)).or_else(|| {
            X::progress(self.object, seen).map(|progress| Fault::new(Class::Pending, Reason::Updating, progress))
        })
    }
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

//! Nothing is left that may be done now: the Secret, and what the reconciliation comes to.

use crate::managed::{
    conditions::Outcome,
    error::{Error, ErrorKind, Reason},
    external::ExternalResource,
    identity::Identity,
    observation::Reads,
    ownership::OwnershipProof,
    step::{Step, places},
};

use super::super::{Action, ActionOf, Input, status::summary};

impl<X: ExternalResource> Input<'_, X> {
    /// No step is left that may run: Secret, then the end of the reconciliation. `owned` is `None` where the resource
    /// is known to be ours from earlier reconciliations and needed no proof.
    pub(super) fn finish(
        &self,
        identity: &Identity,
        owned: Option<&OwnershipProof>,
        observed: &X::Observed,
        remaining: &[Step<X::Op>],
    ) -> ActionOf<X> {
        let planned = || Outcome::Drifted(format!("AWS differs from the spec: {}", summary(remaining)));
        let claimed = owned.is_none_or(OwnershipProof::is_claimed);
        let assumed = self.unconfirmed(remaining);
        let outcome = match (self.unfinished(identity, observed, remaining), &self.progress.secret) {
            (Some(outcome), _) => outcome,
            (None, _) if !claimed => planned(),
            (None, _) if !assumed.is_empty() => {
                return Action::Confirm(Reads { blocks: assumed, ..Reads::default() });
            }
            (None, None) => {
                return Action::WriteSecret { outputs: self.external.outputs(identity, observed) };
            }
            (None, Some(Err(error))) => self.outcome_of(error.clone()),
            (None, _) => match self.under_way(observed, remaining) {
                Some(error) => Outcome::Serving(error),
                None if !remaining.is_empty() => planned(),
                None => Outcome::InSync,
            },
        };
        if claimed {
            self.conclude_synced(identity, observed, &outcome, remaining)
        } else {
            self.conclude_planned(identity, Some(observed), remaining, &outcome)
        }
    }

    /// What keeps the object from being in sync once nothing more can be done in this reconciliation. An error
    /// that time may heal comes first, so that Stalled means that time alone does not help.
    fn unfinished(&self, identity: &Identity, observed: &X::Observed, remaining: &[Step<X::Op>]) -> Option<Outcome> {
        let unread = self.unread(observed).into_iter().map(|(block, error)| error.at(block));
        let refused = self
            .progress
            .refused
            .iter()
            .map(|(block, error)| self.guard_still_stands(block, error).unwrap_or_else(|| error.clone()).at(block));
        let ignored = self.ignored();
        let (waits, hopeless): (Vec<_>, Vec<_>) =
            waiting_together(remaining).into_iter().partition(|(error, _)| passes_by_itself(error));
        let hopeless = hopeless.into_iter().map(|(error, places)| error.clone().at(&places));
        let failed = X::failures(self.object, observed).into_iter();
        let failed = failed.filter(|(block, _)| !ignored.iter().any(|name| name == block)).map(|(_, error)| error);
        let mut outcomes: Vec<Outcome> =
            unread.chain(refused).chain(failed).chain(hopeless).map(|error| self.outcome_of(error)).collect();
        outcomes.sort_by_key(|outcome| matches!(outcome, Outcome::Stalled(_)));
        outcomes
            .into_iter()
            .next()
            .or_else(|| {
                let resting = remaining.iter().filter(|step| self.rests(step)).map(|step| step.block);
                self.write_loop(self.progress.wrote.iter().copied().chain(resting))
            })
            .or_else(|| self.approval_required(identity, remaining).filter(|_| waits.is_empty()).map(Outcome::Stalled))
    }

    /// What is still to come while the resource serves: steps that AWS does not take yet, or its own work.
    fn under_way(&self, observed: &X::Observed, remaining: &[Step<X::Op>]) -> Option<Error> {
        let spreading: Vec<&Step<X::Op>> = remaining.iter().filter(|step| self.is_spreading(step)).collect();
        if !spreading.is_empty() {
            let message = format!("AWS has accepted the last change but does not return it yet: {}", places(spreading));
            return Some(Error::new(ErrorKind::Pending, Reason::ChangeNotVisible, message));
        }
        let outdated = self.outdated(remaining);
        if !outdated.is_empty() {
            let blocks = outdated.into_iter().collect::<Vec<_>>().join(", ");
            let message = format!("AWS may not return the last write before this edit yet: {blocks}");
            return Some(Error::new(ErrorKind::Pending, Reason::Updating, message));
        }
        let not_yet = waiting_together(remaining).into_iter().find(|(error, _)| passes_by_itself(error));
        not_yet.map(|(error, places)| error.clone().at(&places)).or_else(|| {
            X::progress(self.object, observed)
                .map(|progress| Error::new(ErrorKind::Pending, Reason::Updating, progress))
        })
    }
}

/// Whether what keeps a step from being taken is over after a while, whatever anybody does.
fn passes_by_itself(error: &Error) -> bool {
    matches!(error.kind, ErrorKind::Pending | ErrorKind::RateLimited)
}

/// What cannot be done yet, and all that waits for the same.
fn waiting_together<Op>(remaining: &[Step<Op>]) -> Vec<(&Error, String)> {
    let mut errors: Vec<(&Error, Vec<&Step<Op>>)> = Vec::new();
    for step in remaining {
        let Some(error) = &step.not_yet else { continue };
        match errors.iter_mut().find(|(known, _)| *known == error) {
            Some((_, steps)) => steps.push(step),
            None => errors.push((error, vec![step])),
        }
    }
    errors.into_iter().map(|(error, steps)| (error, places(steps))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::change::Change;

    #[test]
    fn all_that_waits_for_the_same_is_named_together() {
        let busy = Error::new(ErrorKind::Pending, "IndexChanging", "globalSecondaryIndexes[old] is being deleted");
        let step = |block, path: &str, not_yet: Option<&Error>| {
            let change = Change { path: path.to_owned(), from: None, to: Some("x".to_owned()) };
            Step { not_yet: not_yet.cloned(), ..Step::new(block, (), vec![change]) }
        };
        let remaining = [
            step("deletionProtection", "deletionProtection", Some(&busy)),
            step("tags", "tags[a]", None),
            step("globalSecondaryIndexes", "globalSecondaryIndexes[new].projection", Some(&busy)),
        ];
        let told = waiting_together(&remaining);
        assert_eq!(told, [(&busy, "deletionProtection, globalSecondaryIndexes[new]".to_owned())]);
    }
}

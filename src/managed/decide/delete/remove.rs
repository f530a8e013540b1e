//! The resource in AWS goes, and the object after it.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::{
    api::{DeletionPolicy, ManagementPolicy, tags::Tags},
    managed::{
        conditions::Outcome,
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        observation::{Existence, Preparation, Reads},
        ownership::{Deletable, OwnershipProof, Refusal},
        step::Step,
    },
};

use super::super::{Action, ActionOf, Input, Next};

/// Calls that one reconciliation of a forced deletion takes to remove resources, so that others get their turn: up
/// to 1,000 object versions each.
const BATCHES: usize = 16;

/// What a step of a deletion has found out, or what is to be done before the deletion can go on.
type Found<X, T> = ControlFlow<ActionOf<X>, T>;

impl<X: ExternalResource> Input<'_, X> {
    /// Deletes the resource, and lets the object go only after AWS has said that it is gone.
    pub(super) fn removing(&self) -> ActionOf<X> {
        match self.removal() {
            ControlFlow::Continue(action) | ControlFlow::Break(action) => action,
        }
    }

    /// The deletion, each step only if the one before it found nothing else to do.
    fn removal(&self) -> Found<X, ActionOf<X>> {
        let identity = self.identified()?;
        self.unhindered()?;
        let (tags, observed) = self.observed()?;
        let (owned, deletable) = self.proven(identity, tags)?;
        self.permitted()?;
        self.at_rest(observed)?;
        self.prepared(identity, owned, observed)?;
        Continue(Action::Delete(deletable))
    }

    /// Which resource it is, and that it still is where it was made.
    fn identified(&self) -> Found<X, &Identity> {
        match self.identity {
            None => Break(Action::Identify),
            Some(Err(error)) => Break(self.blocked(error.clone())),
            Some(Ok(identity)) => match self.moved(identity) {
                Some(moved) => Break(self.blocked(moved)),
                None => Continue(identity),
            },
        }
    }

    /// Nothing has gone wrong in this reconciliation. An import that failed has made nothing.
    fn unhindered(&self) -> Found<X, ()> {
        if self.progress.error.as_ref().is_some_and(|error| error.reason == Reason::ImportFailed) {
            return Break(Action::RemoveFinalizer);
        }
        match self.progress.error.iter().chain(self.progress.refused.values()).next() {
            Some(error) => Break(self.blocked(error.clone())),
            None => Continue(()),
        }
    }

    /// What is there, with its tags.
    fn observed(&self) -> Found<X, (&Tags, &X::Observed)> {
        match &self.progress.observation {
            None | Some(Existence::Present { tags: None, .. }) => {
                // What an import is to bring about is not gone because AWS does not show it yet.
                let import = self.status().import.as_ref().filter(|import| !import.has_ended());
                let import = import.map(|import| import.arn.clone());
                let contents = !self.deletion_asked();
                Break(Action::Observe(Reads { tags: true, contents, import, ..Reads::default() }))
            }
            Some(Existence::Missing) if self.in_grace() && !self.deletion_asked() => {
                Break(self.conclude(&Outcome::Deleting(Some(not_deletable_yet()))))
            }
            Some(Existence::Missing) => Break(Action::RemoveFinalizer),
            Some(Existence::Present { tags: Some(tags), observed }) => Continue((tags, observed)),
        }
    }

    /// That it is this very object's: neither an older one's that this one never claimed, nor one that it never
    /// adopted in writing.
    fn proven(&self, identity: &Identity, tags: &Tags) -> Found<X, (OwnershipProof, Deletable)> {
        match self.claim(identity).judge(tags) {
            Err(refusal) => Break(self.not_ours(&refusal)),
            Ok(owned) => match owned.deletable() {
                Some(deletable) => Continue((owned, deletable)),
                None => Break(Action::RemoveFinalizer),
            },
        }
    }

    /// That the management policy lets it be deleted.
    fn permitted(&self) -> Found<X, ()> {
        if self.object.management_policy() == ManagementPolicy::Plan {
            return Break(self.blocked(self.not_managed()));
        }
        Continue(())
    }

    /// That AWS is not busy with it, and has not been asked to delete it already.
    fn at_rest(&self, observed: &X::Observed) -> Found<X, ()> {
        if X::transition(observed).is_some() || self.progress.deleted {
            return Break(self.conclude(&Outcome::Deleting(None)));
        }
        Continue(())
    }

    /// That nothing it holds, and no setting of it, is in the way; and that the object is what it was when it was read.
    fn prepared(&self, identity: &Identity, owned: OwnershipProof, observed: &X::Observed) -> Found<X, ()> {
        if !self.progress.read.contents {
            return Break(look_again());
        }
        if self.object.deletion_policy() == DeletionPolicy::Delete && !self.may_force(identity) {
            return Break(self.blocked(force_not_allowed::<X>(identity)));
        }
        match X::before_deletion(self.object, observed) {
            Err(obstacle) => Break(self.blocked(obstacle)),
            Ok(Preparation::Look) => Break(look_again()),
            Ok(_) if self.needs_live_read() => Break(Action::ReadLive),
            Ok(Preparation::Do(step)) => Break(self.prepare(owned, step)),
            Ok(Preparation::Ready) => Continue(()),
        }
    }

    /// One step before the deletion. A forced deletion of many resources is done in reconciliations, so that it can
    /// be seen, and others get their turn.
    fn prepare(&self, owned: OwnershipProof, step: Step<X::Op>) -> ActionOf<X> {
        if self.progress.batches < BATCHES {
            return Action::Perform(owned, vec![step]);
        }
        let removed = self.emptied();
        let outcome = Outcome::Deleting(Some(Error::new(
            ErrorKind::Pending,
            Reason::Emptying,
            format!(
                "Emptying the bucket (deletionPolicy: Delete). Object versions, delete markers and incomplete uploads \
                 removed so far: {removed}"
            ),
        )));
        Action::Conclude { status: Box::new(self.next_status(&outcome)), next: Next::Now }
    }

    /// The resource is not ours by its tags: there is nothing of ours to delete. AWS may be behind our own
    /// writes, though: what this object has held is let go only if it still is another's after a while.
    fn not_ours(&self, refusal: &Refusal) -> ActionOf<X> {
        let told = self.status().refused_since.get(refusal.reason().as_str()).filter(|_| self.is_at_generation());
        let since = told.map(|since| self.now.duration_since(since.0));
        let held = self.status().external.is_some();
        if !held || since.is_some_and(|since| since >= self.settings.creation_grace) {
            return Action::RemoveFinalizer;
        }
        let error = Error::new(ErrorKind::Premature, refusal.reason(), refusal.to_string());
        self.conclude(&Outcome::Deleting(Some(error)))
    }
}

fn look_again<Creation, Op>() -> Action<Creation, Op> {
    Action::Observe(Reads { tags: true, contents: true, ..Reads::default() })
}

fn not_deletable_yet() -> Error {
    Error::new(
        ErrorKind::Pending,
        Reason::NotVisibleYet,
        "AWS does not return the new resource yet. It is deleted when AWS returns it. If AWS still does not after a \
         while, only this object is deleted",
    )
}

fn force_not_allowed<X: ExternalResource>(identity: &Identity) -> Error {
    let namespace = &identity.owner.namespace;
    Error::user(
        Reason::ForceDeleteNotAllowed,
        format!(
            "Namespace {namespace} may not delete {} with its contents (deletionPolicy: Delete). Set deletionPolicy: \
             DeleteIfEmpty or Retain, or ask an administrator to add {namespace} to --allow-force-delete (Helm: \
             allowForceDelete)",
            X::Object::NAMES.resource(&identity.name)
        ),
    )
}

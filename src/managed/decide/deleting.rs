//! The death of an object: release the thing, or delete it and see it gone.

use std::ops::ControlFlow::{self, Break, Continue};

use kube::ResourceExt as _;

use crate::{
    api::{DeletionPolicy, ManagementPolicy, tags::Tags},
    managed::{
        conditions::Outcome,
        external::{Existence, External, ManagedObject, Preparation, Reads, Step},
        fault::{Class, Fault, Reason},
        identity::{Identity, RELEASED},
        ownership::{Deletable, Owned, Refusal},
    },
};

use super::{Effect, Next, Situation};

/// Calls that one pass of a forced deletion takes to remove things, so that others get their turn: up
/// to 1,000 object versions each.
const BATCHES: usize = 16;

/// What a step of a deletion has found out, or what is to be done before the deletion can go on.
type Found<T, Op> = ControlFlow<Effect<Op>, T>;

/// Reasons of a deletion that only content is in the way of, by kind.
const NOT_EMPTY: [Reason; 2] = [Reason::BucketNotEmpty, Reason::TableNotEmpty];

impl<X: External> Situation<'_, X> {
    pub(super) fn deleting(&self) -> Effect<X::Op> {
        if !self.has_finalizer() {
            return self.gone();
        }
        match (self.object.deletion_policy(), self.object.management_policy()) {
            // A cache may still say Retain where the user has changed their mind.
            (DeletionPolicy::Retain, _) if self.needs_live_read() => Effect::ReadLive,
            (DeletionPolicy::Retain, ManagementPolicy::Enforce) => self.releasing(),
            // Nothing may be written to AWS, and nothing needs to be.
            (DeletionPolicy::Retain, ManagementPolicy::Plan | ManagementPolicy::Paused) => Effect::RemoveFinalizer,
            (_, ManagementPolicy::Paused) => self.blocked(self.not_managed()),
            (_, ManagementPolicy::Enforce | ManagementPolicy::Plan) => self.removing(),
        }
    }

    /// Lets the thing go and keeps it. AWS is asked to remember, and whatever it answers the object
    /// goes: a deletion that retains needs nothing from AWS.
    fn releasing(&self) -> Effect<X::Op> {
        let identity = match (self.identity, &self.pass.fault) {
            (None, _) => return Effect::Identify,
            (Some(Ok(identity)), None) => identity,
            _ => return Effect::RemoveFinalizer,
        };
        if self.moved(identity).is_some() || !self.pass.refused.is_empty() {
            return Effect::RemoveFinalizer;
        }
        match &self.pass.sight {
            None => Effect::Observe(Reads { tags: true, ..Reads::default() }),
            Some(Existence::Present { tags: Some(tags), .. }) if !tags.contains_key(RELEASED) => {
                match self.claim(identity).judge(tags) {
                    Ok(owned) if owned.deletable().is_some() => {
                        Effect::Perform(owned, vec![X::release(identity, tags)])
                    }
                    _ => Effect::RemoveFinalizer,
                }
            }
            Some(_) => Effect::RemoveFinalizer,
        }
    }

    /// Deletes the thing, and lets the object go only after AWS has said that it is gone.
    fn removing(&self) -> Effect<X::Op> {
        match self.removal() {
            ControlFlow::Continue(effect) | ControlFlow::Break(effect) => effect,
        }
    }

    /// The deletion, each step only if the one before it found nothing else to do.
    fn removal(&self) -> Found<Effect<X::Op>, X::Op> {
        let identity = self.identified()?;
        self.unhindered()?;
        let (tags, seen) = self.observed()?;
        let (owned, deletable) = self.proven(identity, tags)?;
        self.permitted()?;
        self.at_rest(seen)?;
        self.prepared(identity, owned, seen)?;
        Continue(Effect::Delete(deletable))
    }

    /// Which thing it is, and that it still is where it was made.
    fn identified(&self) -> Found<&Identity, X::Op> {
        match self.identity {
            None => Break(Effect::Identify),
            Some(Err(fault)) => Break(self.blocked(fault.clone())),
            Some(Ok(identity)) => match self.moved(identity) {
                Some(moved) => Break(self.blocked(moved)),
                None => Continue(identity),
            },
        }
    }

    /// Nothing has gone wrong in this pass. An import that failed has made nothing.
    fn unhindered(&self) -> Found<(), X::Op> {
        if self.pass.fault.as_ref().is_some_and(|fault| fault.reason == Reason::ImportFailed) {
            return Break(Effect::RemoveFinalizer);
        }
        match self.pass.fault.iter().chain(self.pass.refused.values()).next() {
            Some(fault) => Break(self.blocked(fault.clone())),
            None => Continue(()),
        }
    }

    /// What is there, with its tags.
    fn observed(&self) -> Found<(&Tags, &X::Observed), X::Op> {
        match &self.pass.sight {
            None | Some(Existence::Present { tags: None, .. }) => {
                // What an import is to bring about is not gone because AWS does not show it yet.
                let import = self.status().import.as_ref().filter(|import| !import.has_ended());
                let import = import.map(|import| import.arn.clone());
                let contents = !self.deletion_asked();
                Break(Effect::Observe(Reads { tags: true, contents, import, ..Reads::default() }))
            }
            Some(Existence::Absent) if self.in_grace() && !self.deletion_asked() => {
                Break(self.conclude(&Outcome::Deleting(Some(not_deletable_yet()))))
            }
            Some(Existence::Absent) => Break(Effect::RemoveFinalizer),
            Some(Existence::Present { tags: Some(tags), seen }) => Continue((tags, seen)),
        }
    }

    /// That it is this very object's: neither an older one's that this one never claimed, nor one that it never
    /// adopted in writing.
    fn proven(&self, identity: &Identity, tags: &Tags) -> Found<(Owned, Deletable), X::Op> {
        match self.claim(identity).judge(tags) {
            Err(refusal) => Break(self.not_ours(&refusal)),
            Ok(owned) => match owned.deletable() {
                Some(deletable) => Continue((owned, deletable)),
                None => Break(Effect::RemoveFinalizer),
            },
        }
    }

    /// That the management policy lets it be deleted.
    fn permitted(&self) -> Found<(), X::Op> {
        if self.object.management_policy() == ManagementPolicy::Plan {
            return Break(self.blocked(self.not_managed()));
        }
        Continue(())
    }

    /// That AWS is not busy with it, and has not been asked to delete it already.
    fn at_rest(&self, seen: &X::Observed) -> Found<(), X::Op> {
        if X::settling(seen).is_some() || self.pass.deleted {
            return Break(self.conclude(&Outcome::Deleting(None)));
        }
        Continue(())
    }

    /// That nothing it holds, and no setting of it, is in the way; and that the object is what it was when it was read.
    fn prepared(&self, identity: &Identity, owned: Owned, seen: &X::Observed) -> Found<(), X::Op> {
        if !self.pass.read.contents {
            return Break(look_again());
        }
        if self.object.deletion_policy() == DeletionPolicy::Delete && !self.may_force(identity) {
            return Break(self.blocked(force_not_allowed(identity)));
        }
        match X::before_deletion(self.object, seen) {
            Err(obstacle) => Break(self.blocked(obstacle)),
            Ok(Preparation::Look) => Break(look_again()),
            Ok(_) if self.needs_live_read() => Break(Effect::ReadLive),
            Ok(Preparation::Do(step)) => Break(self.prepare(owned, step)),
            Ok(Preparation::Ready) => Continue(()),
        }
    }

    /// One step before the deletion. A forced deletion of many things is done in passes, so that it can
    /// be seen, and others get their turn.
    fn prepare(&self, owned: Owned, step: Step<X::Op>) -> Effect<X::Op> {
        if self.pass.batches < BATCHES {
            return Effect::Perform(owned, vec![step]);
        }
        let removed = self.emptied();
        let outcome = Outcome::Deleting(Some(Fault::new(
            Class::Pending,
            Reason::Emptying,
            format!("deletionPolicy Delete: {removed} object versions, delete markers and uploads removed so far"),
        )));
        Effect::Conclude { status: Box::new(self.next_status(&outcome)), next: Next::Again }
    }

    /// The thing is not ours by its tags: there is nothing of ours to delete. AWS may be behind our own
    /// writes, though: what this object has held is let go only if it still is another's after a while.
    fn not_ours(&self, refusal: &Refusal) -> Effect<X::Op> {
        let told = self.status().refused_since.get(refusal.reason().as_str()).filter(|_| self.is_at_generation());
        let since = told.map(|since| self.now.duration_since(since.0));
        let held = self.status().external.is_some();
        if !held || since.is_some_and(|since| since >= self.settings.creation_grace) {
            return Effect::RemoveFinalizer;
        }
        let fault = Fault::new(Class::Premature, refusal.reason(), refusal.to_string());
        self.conclude(&Outcome::Deleting(Some(fault)))
    }

    fn may_force(&self, identity: &Identity) -> bool {
        self.settings.allow_force_delete.iter().any(|namespace| namespace.is_match(&identity.owner.namespace))
    }

    /// Whether deletionPolicy Delete would end what is in the way, and is allowed.
    pub(super) fn force_would_help(&self, outcome: &Outcome) -> bool {
        let Outcome::DeletionBlocked(fault) = outcome else { return false };
        let allowed = matches!(self.identity, Some(Ok(identity)) if self.may_force(identity));
        allowed && NOT_EMPTY.contains(&fault.reason)
    }

    fn not_managed(&self) -> Fault {
        let policy = self.object.management_policy();
        Fault::user(
            Reason::NotEnforced,
            format!(
                "managementPolicy is {policy:?}, so nothing is deleted in AWS: set managementPolicy: Enforce to delete \
                 it, or deletionPolicy: Retain to keep it and let this object go"
            ),
        )
    }

    pub(super) fn blocked(&self, fault: Fault) -> Effect<X::Op> {
        match fault.class {
            Class::Pending | Class::Transient | Class::Credentials => self.conclude(&Outcome::Deleting(Some(fault))),
            _ => self.conclude(&Outcome::DeletionBlocked(fault)),
        }
    }

    /// Whether AWS has been asked to delete the thing, in this pass or in one before: what it no
    /// longer shows is then gone, however young it was.
    fn deletion_asked(&self) -> bool {
        self.pass.deleted || self.synced_reason() == Some(Reason::Deleting)
    }

    /// Nothing of ours is left to do. Where somebody else's finalizer keeps the object, its status says that what it
    /// stood for is not served by it any more.
    fn gone(&self) -> Effect<X::Op> {
        let before = self.status();
        let others = self.object.finalizers().join(", ");
        let status = match &before.external {
            Some(external) if !others.is_empty() => {
                let (reason, done) = match self.object.deletion_policy() {
                    DeletionPolicy::Retain => (Reason::Released, "stays in AWS and is managed no longer"),
                    DeletionPolicy::DeleteIfEmpty | DeletionPolicy::Delete => (Reason::Deleted, "is gone from AWS"),
                };
                let message =
                    format!("{} {done}; this object waits for the finalizers of others: {others}", external.name);
                self.next_status(&Outcome::LetGo { reason, message })
            }
            _ => before.clone(),
        };
        Effect::Conclude { status: Box::new(status), next: Next::Never }
    }
}

fn look_again<Op>() -> Effect<Op> {
    Effect::Observe(Reads { tags: true, contents: true, ..Reads::default() })
}

fn not_deletable_yet() -> Fault {
    Fault::new(
        Class::Pending,
        Reason::NotVisibleYet,
        "AWS does not show what was made a moment ago; it is deleted once AWS shows it, and this object goes if AWS \
         still does not after a while",
    )
}

fn force_not_allowed(identity: &Identity) -> Fault {
    let namespace = &identity.owner.namespace;
    Fault::user(
        Reason::ForceDeleteNotAllowed,
        format!(
            "deletionPolicy Delete removes everything that {} holds, which namespace {namespace} may not: an \
             administrator must start the operator with --allow-force-delete {namespace}; or set deletionPolicy to \
             DeleteIfEmpty or Retain",
            identity.name
        ),
    )
}

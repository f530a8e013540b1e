//! The death of an object: release the resource, or delete it and see it gone.

mod release;
mod remove;

use kube::ResourceExt as _;

use crate::{
    api::{DeletionPolicy, ManagementPolicy},
    managed::{
        conditions::Outcome,
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
    },
};

use super::{Action, ActionOf, Input, Next};

impl<X: ExternalResource> Input<'_, X> {
    pub(super) fn delete(&self) -> ActionOf<X> {
        if !self.has_finalizer() {
            return self.gone();
        }
        match (self.object.deletion_policy(), self.object.management_policy()) {
            // A cache may still say Retain where the user has changed their mind.
            (DeletionPolicy::Retain, _) if self.needs_live_read() => Action::ReadLive,
            (DeletionPolicy::Retain, ManagementPolicy::Enforce) => self.releasing(),
            // Nothing may be written to AWS, and nothing needs to be.
            (DeletionPolicy::Retain, ManagementPolicy::Plan | ManagementPolicy::Paused) => Action::RemoveFinalizer,
            (_, ManagementPolicy::Paused) => self.blocked(self.not_managed()),
            (_, ManagementPolicy::Enforce | ManagementPolicy::Plan) => self.removing(),
        }
    }

    fn may_force(&self, identity: &Identity) -> bool {
        self.settings.allow_force_delete.iter().any(|namespace| namespace.is_match(&identity.owner.namespace))
    }

    /// Whether deletionPolicy Delete would end what is in the way, and is allowed.
    pub(super) fn force_would_help(&self, outcome: &Outcome) -> bool {
        let Outcome::DeletionBlocked(error) = outcome else { return false };
        let allowed = matches!(self.identity, Some(Ok(identity)) if self.may_force(identity));
        allowed && error.reason == X::NOT_EMPTY
    }

    fn not_managed(&self) -> Error {
        let policy = self.object.management_policy();
        Error::user(
            Reason::NotEnforced,
            format!(
                "managementPolicy is {policy:?}, so nothing is deleted in AWS. Set managementPolicy: Enforce to \
                 delete the resource, or deletionPolicy: Retain to keep it and only delete this object"
            ),
        )
    }

    pub(super) fn blocked(&self, error: Error) -> ActionOf<X> {
        match error.kind {
            ErrorKind::Pending | ErrorKind::Transient | ErrorKind::Credentials => {
                self.conclude(&Outcome::Deleting(Some(error)))
            }
            _ => self.conclude(&Outcome::DeletionBlocked(error)),
        }
    }

    /// Whether AWS has been asked to delete the resource, in this reconciliation or in one before: what it no
    /// longer shows is then gone, however young it was.
    fn deletion_asked(&self) -> bool {
        self.progress.deleted || self.synced_reason() == Some(Reason::Deleting)
    }

    /// Nothing of ours is left to do. Where somebody else's finalizer keeps the object, its status says that what it
    /// stood for is not served by it any more.
    fn gone(&self) -> ActionOf<X> {
        let before = self.status();
        let others = self.object.finalizers().join(", ");
        let status = match &before.external {
            Some(external) if !others.is_empty() => {
                let (reason, done) = match self.object.deletion_policy() {
                    DeletionPolicy::Retain => (Reason::Released, "was kept in AWS and is no longer managed"),
                    DeletionPolicy::DeleteIfEmpty | DeletionPolicy::Delete => (Reason::Deleted, "was deleted from AWS"),
                };
                let message = format!("{} {done}. The object still has finalizers of others: {others}", external.name);
                self.next_status(&Outcome::LetGo { reason, message })
            }
            _ => before.clone(),
        };
        Action::Conclude { status: Box::new(status), next: Next::Never }
    }
}

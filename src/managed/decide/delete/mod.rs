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
        matches!(outcome, Outcome::DeletionBlocked(error) if error.reason == X::NOT_EMPTY) && self.may_be_forced()
    }

    /// Whether the administrator lets this namespace delete what is not empty.
    fn may_be_forced(&self) -> bool {
        matches!(self.identity, Some(Ok(identity)) if self.may_force(identity))
    }

    fn not_managed(&self) -> Error {
        let policy = self.object.management_policy();
        let resource = match &self.status().external {
            Some(external) => X::Object::NAMES.resource(&external.name),
            None => X::Object::NAMES.resource(&self.object.declared_name()),
        };
        Error::user(
            Reason::NotEnforced,
            format!(
                "Nothing is deleted in AWS, because managementPolicy is {policy:?}. Set managementPolicy: Enforce to \
                 delete {resource}, or deletionPolicy: Retain to keep it"
            ),
        )
    }

    pub(super) fn blocked(&self, mut error: Error) -> ActionOf<X> {
        let could_be_forced = self.object.deletion_policy() != DeletionPolicy::Delete && self.may_be_forced();
        if error.reason == X::NOT_EMPTY && could_be_forced {
            error.message.push_str(". deletionPolicy: Delete deletes it together with its contents");
        }
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
                let (resource, kind) = (X::Object::NAMES.resource(&external.name), X::Object::NAMES.kind);
                let message =
                    format!("{resource} {done}. The {kind} still has finalizers of other controllers: {others}");
                self.next_status(&Outcome::LetGo { reason, message })
            }
            _ => before.clone(),
        };
        Action::Conclude { status: Box::new(status), next: Next::Never }
    }
}

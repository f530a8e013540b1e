//! The resource is not there: it is made, or what became of trying to is told.

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::SignedDuration};

use crate::{
    api::{CreationIntent, ManagementPolicy, Status},
    managed::{
        conditions::{Outcome, SYNCED},
        error::{Error, ErrorKind, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        ownership::AbsenceProof,
    },
};

use super::super::{Action, ActionOf, Input, not_visible_yet, status::summary};

/// How long an announcement tells when the create was sent.
const ANNOUNCEMENT: SignedDuration = SignedDuration::from_mins(5);

impl<X: ExternalResource> Input<'_, X> {
    pub(super) fn absent(&self, identity: &Identity, absent: AbsenceProof) -> ActionOf<X> {
        if self.in_grace() {
            return self.conclude(&Outcome::Retrying(not_visible_yet()));
        }
        if let Some(obstacle) = X::obstacle(self.object, identity, None) {
            return self.conclude(&Outcome::Stalled(obstacle));
        }
        if let Some(action) = self.references(identity, true) {
            return action;
        }
        if identity.owner.origin.is_none() {
            return Action::ReadNamespace;
        }
        let creation = self.external.creation(self.object, identity);
        if self.object.management_policy() == ManagementPolicy::Plan {
            let remaining = self.steps_from_nothing(identity, &creation);
            if let Some(action) = self.approve(identity, || remaining.clone()) {
                return action;
            }
            if !self.gate().is_approved(&creation) {
                let message = format!("The resource does not exist. It would be created with: {}", summary(&remaining));
                return self.conclude_planned(identity, None, &remaining, &Outcome::Missing(message));
            }
        }
        if !self.progress.reserved {
            return Action::Reserve(X::scope(identity));
        }
        if self.progress.contested {
            return self.conclude(&Outcome::Retrying(contested(&X::Object::NAMES.resource(&identity.name))));
        }
        if !self.has_finalizer() {
            return Action::AddFinalizer;
        }
        if self.needs_live_read() {
            return Action::ReadLive;
        }
        // From here on the name in the spec is fixed (the schema sees the intent). Where tags cannot go with the create
        // the intent is what makes the resource ours; and what is to be set at creation only must be known to be at its
        // creation still after a crash.
        if let Some(mut announcement) = self.announcement(&Outcome::Creating, Some(self.announced(identity))) {
            // Of an import before this one: what becomes of this create must not be hidden by it.
            announcement.import = None;
            return Action::Announce(announcement);
        }
        Action::Create(absent, creation)
    }

    /// The intent to create. An older one stands as long as its time still tells when the create was sent.
    fn announced(&self, identity: &Identity) -> CreationIntent {
        let before = self.status().creation_intent.as_ref().and_then(|intent| intent.announced_at.clone());
        let recent = before.clone().filter(|at| self.now.duration_since(at.0) < ANNOUNCEMENT);
        // An API server whose CRDs are older than this operator keeps no time, however often it is told.
        let announced_at = if self.progress.announced { before } else { Some(recent.unwrap_or(Time(self.now))) };
        CreationIntent {
            uid: identity.owner.uid.clone(),
            name: identity.name.clone(),
            region: identity.region.clone(),
            account_id: identity.account_id.clone(),
            announced_at,
        }
    }

    /// Whether the name is reserved before the first look, which spares a second one. Only an object that
    /// nobody has looked at yet may hold others up for it: one that has its resource, was refused it or fails
    /// reserves the name once it is about to make or claim something, and looks again.
    pub(super) fn reserves_first(&self) -> bool {
        let unseen = self.status().condition(SYNCED).is_none();
        unseen && !self.progress.reserved && self.object.management_policy() == ManagementPolicy::Enforce
    }

    /// AWS has answered the create with "it exists", so it was not made by this attempt. An intent that
    /// rested on it could make somebody else's resource ours; tags go on saying whose it is. The finalizer
    /// stays: an earlier attempt of the same call may have made it, with our tags on it.
    pub(super) fn existed_before(&self, error: &Error) -> ActionOf<X> {
        let outcome = self.outcome_of(error.clone());
        let mut status = self.next_status(&outcome);
        if !self.external.tags_at_creation(self.object) {
            status.creation_intent = None;
        }
        self.conclude_with(&outcome, status)
    }

    /// AWS has said no to the create, so nothing was made: the object holds nothing and must not
    /// keep a finalizer, or an intent that could make somebody else's resource ours one day.
    pub(super) fn creation_refused(&self, error: &Error) -> ActionOf<X> {
        if self.has_finalizer() && self.status().external.is_none() {
            return Action::RemoveFinalizer;
        }
        let outcome = self.outcome_of(error.clone());
        self.conclude_with(&outcome, Status { creation_intent: None, ..self.next_status(&outcome) })
    }

    /// AWS has taken the create and made nothing of it, as a look has told: the object holds nothing, and the same is not
    /// asked of AWS again unless somebody wants it.
    pub(super) fn import_failed(&self, error: &Error) -> ActionOf<X> {
        if self.has_finalizer() && self.status().external.is_none() {
            return Action::RemoveFinalizer;
        }
        let outcome = self.outcome_of(error.clone());
        let mut status = Status { external: None, creation_intent: None, ..self.next_status(&outcome) };
        if let Some(import) = status.import.as_mut().filter(|import| !import.has_ended()) {
            "FAILED".clone_into(&mut import.status);
        }
        self.conclude_with(&outcome, status)
    }
}

fn contested(resource: &str) -> Error {
    Error::new(
        ErrorKind::Pending,
        Reason::BeingCreatedByAnother,
        format!(
            "Another object in this cluster is about to create {resource}. Choose another spec.name, or delete the \
             other object"
        ),
    )
}

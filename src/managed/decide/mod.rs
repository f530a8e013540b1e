//! What to do next, given everything that is known. Pure: no IO, no clock.
//!
//! A reconciliation is this function called again and again: the shell in [`super::reconcile`] does the one
//! [`Action`] it names, records what came of it in the [`Input`], and asks again, until it says
//! [`Action::Conclude`]. Every point at which a process can die is a `Input`, so a test can
//! enumerate them.
//!
//! | where | what |
//! | --- | --- |
//! | [`sync`] | the life of an object: make the resource, change it, say that it is in sync |
//! | [`delete`] | its death: let the resource go, or delete it |
//! | [`claims`] | whose the resource is |
//! | [`references`] | what a spec names beside its own resource |
//! | [`reads`] | what is read |
//! | [`steps`] | what stands between AWS and the spec |
//! | [`approve`] | what waits for approval |
//! | [`writes`] | what earlier writes mean |
//! | [`report`] | what the status says |
//! | [`settings`], [`progress`], [`action`] | the values they speak in |
//!
//! The order of a life, each step taken only if the one before it holds:
//! look -> prove absence or ownership -> finalizer -> announce in status -> create -> the steps of
//! the plan, one call each -> Secret -> status. And of a death: look -> prove that it is this very
//! object's -> live read -> delete -> see it gone -> drop the finalizer.

mod action;
mod approve;
mod claims;
mod delete;
mod progress;
mod reads;
mod references;
mod settings;
mod status;
mod steps;
mod sync;
mod writes;

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt as _, core::object::HasStatus};

use crate::api::{FINALIZER, Status};

use super::{
    conditions::{READY, SYNCED},
    error::{Error, ErrorKind, Reason},
    external::ExternalResource,
    history::History,
    identity::Identity,
};

pub use action::{Action, ActionOf, Next};
pub use progress::{Progress, Undo};
pub use settings::Settings;

/// Everything that a decision rests on.
pub struct Input<'a, X: ExternalResource> {
    /// The object, as fresh as this reconciliation knows it.
    pub object: &'a X::Object,
    /// Its kind in AWS; of it only what is pure is asked.
    pub external: &'a X,
    /// Which resource it stands for, or why that could not be found out; `None` if nobody has asked yet.
    pub identity: Option<Result<&'a Identity, &'a Error>>,
    /// What the administrator has set.
    pub settings: &'a Settings,
    /// What this reconciliation has seen and done.
    pub progress: &'a Progress<X>,
    /// What became of the writes of earlier reconciliations, and of this one.
    pub history: &'a History,
    /// The time of day.
    pub now: Timestamp,
}

/// What to do next.
pub fn decide<X: ExternalResource>(s: &Input<'_, X>) -> ActionOf<X> {
    if s.object.meta().deletion_timestamp.is_some() { s.delete() } else { s.sync() }
}

impl<X: ExternalResource> Input<'_, X> {
    fn status(&self) -> &Status {
        static UNSEEN: std::sync::LazyLock<Status> = std::sync::LazyLock::new(Status::default);
        self.object.status().unwrap_or(&UNSEEN)
    }

    fn generation(&self) -> i64 {
        self.object.meta().generation.unwrap_or_default()
    }

    /// Whether the status speaks of the spec as it is now.
    fn is_at_generation(&self) -> bool {
        self.status().observed_generation == self.generation()
    }

    fn has_finalizer(&self) -> bool {
        self.object.finalizers().iter().any(|finalizer| finalizer == FINALIZER)
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.object.annotations().get(key).map(String::as_str)
    }

    /// Whether the object must be read live before what cannot be taken back is done: what a cache says may be from the
    /// past, such as a spec that was edited since, or an approval that was used up.
    fn needs_live_read(&self) -> bool {
        !self.progress.live
    }

    fn is_ready(&self) -> bool {
        self.status().is_true(READY)
    }

    /// The reason of Synced, as the last reconciliation left it.
    fn synced_reason(&self) -> Option<Reason> {
        self.status().condition(SYNCED).map(|synced| Reason::of_code(&synced.reason))
    }

    fn in_grace(&self) -> bool {
        let made = self.status().external.as_ref().and_then(|external| external.created_at.as_ref());
        made.is_some_and(|made| self.now.duration_since(made.0) < self.settings.creation_grace)
    }

    /// Whether what this object makes is not yet, for the first time, wholly as declared. Blocks that
    /// `ignoreChanges` names are set until then, and left alone from then on.
    fn initial(&self) -> bool {
        let status = self.status();
        let made = status.external.as_ref().is_some_and(|external| external.created_at.is_some());
        self.progress.created || status.creation_intent.is_some() || (made && !self.is_ready())
    }
}

pub(super) fn not_visible_yet() -> Error {
    Error::new(
        ErrorKind::Pending,
        Reason::NotVisibleYet,
        "AWS does not return the new resource yet; waiting for it to appear",
    )
}

#[cfg(test)]
mod tests;

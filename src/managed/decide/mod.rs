//! What to do next, given everything that is known. Pure: no IO, no clock.
//!
//! A pass is this function called again and again: the shell in [`super::reconcile`] does the one
//! [`Effect`] it names, records what came of it in the [`Situation`], and asks again, until it says
//! [`Effect::Conclude`]. Every point at which a process can die is a `Situation`, so a test can
//! enumerate them.
//!
//! | where | what |
//! | --- | --- |
//! | [`living`] | the life of an object: make the thing, change it, say that it is in sync |
//! | [`deleting`] | its death: let the thing go, or delete it |
//! | [`claims`] | whose the thing is |
//! | [`references`] | what a spec names beside its own resource |
//! | [`reads`] | what is read |
//! | [`steps`] | what stands between AWS and the spec |
//! | [`consent`] | what waits for a yes |
//! | [`writes`] | what earlier writes mean |
//! | [`report`] | what the status says |
//! | [`settings`], [`pass`], [`effect`] | the values they speak in |
//!
//! The order of a life, each step taken only if the one before it holds:
//! look -> prove absence or ownership -> finalizer -> announce in status -> create -> the steps of
//! the plan, one call each -> Secret -> status. And of a death: look -> prove that it is this very
//! object's -> live read -> delete -> see it gone -> drop the finalizer.

mod claims;
mod consent;
mod deleting;
mod effect;
mod living;
mod pass;
mod reads;
mod references;
mod report;
mod settings;
mod steps;
mod writes;

use k8s_openapi::jiff::Timestamp;
use kube::{Resource, ResourceExt as _, core::object::HasStatus};

use crate::api::{FINALIZER, Status};

use super::{
    conditions::{READY, SYNCED},
    external::External,
    fault::{Class, Fault, Reason},
    history::History,
    identity::Identity,
};

pub use effect::{Effect, EffectOf, Next};
pub use pass::{Pass, Undo};
pub use settings::Settings;

/// Everything that a decision rests on.
pub struct Situation<'a, X: External> {
    /// The object, as fresh as this pass knows it.
    pub object: &'a X::Object,
    /// Its kind in AWS; of it only what is pure is asked.
    pub external: &'a X,
    /// Which thing it stands for, or why that could not be found out; `None` if nobody has asked yet.
    pub identity: Option<Result<&'a Identity, &'a Fault>>,
    /// What the administrator has set.
    pub settings: &'a Settings,
    /// What this pass has seen and done.
    pub pass: &'a Pass<X>,
    /// What became of the writes of earlier passes, and of this one.
    pub history: &'a History,
    /// The time of day.
    pub now: Timestamp,
}

/// What to do next.
pub fn decide<X: External>(s: &Situation<'_, X>) -> EffectOf<X> {
    if s.object.meta().deletion_timestamp.is_some() { s.deleting() } else { s.living() }
}

impl<X: External> Situation<'_, X> {
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
        !self.pass.live
    }

    fn is_ready(&self) -> bool {
        self.status().is_true(READY)
    }

    /// The reason of Synced, as the last pass left it.
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
        self.pass.created || status.creation_intent.is_some() || (made && !self.is_ready())
    }
}

pub(super) fn not_visible_yet() -> Fault {
    Fault::new(
        Class::Pending,
        Reason::NotVisibleYet,
        "AWS does not return the new resource yet; waiting for it to appear",
    )
}

#[cfg(test)]
mod tests;

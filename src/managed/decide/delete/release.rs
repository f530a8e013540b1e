//! The object goes and the resource in AWS stays.

use kube::Resource as _;

use crate::{
    api::DeletionPolicy,
    managed::{
        external::ExternalResource,
        identity::RELEASED,
        object::ManagedObject as _,
        observation::{Existence, Reads},
    },
};

use super::super::{Action, ActionOf, Input};

impl<X: ExternalResource> Input<'_, X> {
    /// Whether the object goes and its resource stays in AWS: not what is gone there, nor what is another's by now.
    pub fn keeps_resource(&self) -> bool {
        let goes = self.object.meta().deletion_timestamp.is_some();
        let retained = goes && self.object.deletion_policy() == DeletionPolicy::Retain;
        let missing = matches!(self.progress.observation, Some(Existence::Missing));
        retained && self.status().external.is_some() && !missing && !matches!(self.judged(), Some(Err(_)))
    }

    /// Lets the resource go and keeps it. AWS is asked to remember, and whatever it answers the object
    /// goes: a deletion that retains needs nothing from AWS.
    pub(super) fn releasing(&self) -> ActionOf<X> {
        let identity = match (self.identity, &self.progress.error) {
            (None, _) => return Action::Identify,
            (Some(Ok(identity)), None) => identity,
            _ => return Action::RemoveFinalizer,
        };
        if self.moved(identity).is_some() || !self.progress.refused.is_empty() {
            return Action::RemoveFinalizer;
        }
        match &self.progress.observation {
            None => Action::Observe(Reads { tags: true, ..Reads::default() }),
            Some(Existence::Present { tags: Some(tags), .. }) if !tags.contains_key(RELEASED) => {
                match self.claim(identity).judge(tags) {
                    Ok(owned) if owned.deletable().is_some() => {
                        Action::Perform(owned, vec![X::release(identity, tags)])
                    }
                    _ => Action::RemoveFinalizer,
                }
            }
            Some(_) => Action::RemoveFinalizer,
        }
    }
}

//! The object goes and the resource in AWS stays.

use crate::managed::{
    external::ExternalResource,
    identity::RELEASED,
    observation::{Existence, Reads},
};

use super::super::{Action, ActionOf, Input};

impl<X: ExternalResource> Input<'_, X> {
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

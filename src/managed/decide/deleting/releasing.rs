//! The object goes and the thing in AWS stays.

use crate::managed::{
    external::External,
    identity::RELEASED,
    observation::{Existence, Reads},
};

use super::super::{Effect, EffectOf, Situation};

impl<X: External> Situation<'_, X> {
    /// Lets the thing go and keeps it. AWS is asked to remember, and whatever it answers the object
    /// goes: a deletion that retains needs nothing from AWS.
    pub(super) fn releasing(&self) -> EffectOf<X> {
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
}

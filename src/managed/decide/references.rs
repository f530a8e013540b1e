//! Whether a spec may name what it names, asked before anything is written to AWS for its sake.

use crate::managed::{
    conditions::Outcome,
    external::External,
    identity::Identity,
    mutants::{Mutant, mutant},
    references::{not_allowed, unallowed},
};

use super::{Effect, Situation};

impl<X: External> Situation<'_, X> {
    /// What stands against what the spec names, if anything: tags that have to be read, or a reference that is not
    /// allowed. Tags are read only for what no allowance covers.
    pub(super) fn references(&self, identity: &Identity, creating: bool) -> Option<Effect<X::Op>> {
        if mutant(Mutant::ReferencesUnchecked) {
            return None;
        }
        let open = unallowed(self.object, identity, &self.settings.allow_references, creating);
        let Some(owned) = &self.pass.owned_references else {
            let first = open.first()?;
            let taggable: Vec<_> = open.iter().filter(|reference| reference.taggable).cloned().collect();
            return Some(if taggable.is_empty() {
                self.conclude(&Outcome::Stalled(not_allowed(first, &identity.owner.namespace)))
            } else {
                Effect::ReadReferences(taggable)
            });
        };
        let refused = open.iter().find(|reference| !reference.taggable || !owned.contains(&reference.arn))?;
        Some(self.conclude(&Outcome::Stalled(not_allowed(refused, &identity.owner.namespace))))
    }
}

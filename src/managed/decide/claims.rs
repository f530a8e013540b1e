//! Whose the thing in AWS is, by what this pass has read and what the object has announced.

use crate::{
    api::CreationIntent,
    managed::{
        external::External,
        fault::{Fault, Reason},
        identity::Identity,
        object::ManagedObject,
        observation::Existence,
        ownership::{By, Claim, Owned, Refusal},
    },
};

use super::Situation;

impl<X: External> Situation<'_, X> {
    /// Whether the object would now stand for a thing in another region or account than the one it
    /// was made in. Nothing is then made or deleted: both sides would be wrong.
    pub(super) fn moved(&self, identity: &Identity) -> Option<Fault> {
        let made = self.status().external.as_ref()?;
        if made.region != identity.region {
            return Some(Fault::user(
                Reason::RegionChanged,
                format!(
                    "{} is in region {}, but the spec now selects {}. Set spec.region back, or create a new object \
                     for the other region",
                    made.name, made.region, identity.region
                ),
            ));
        }
        (made.account_id != identity.account_id).then(|| {
            Fault::user(
                Reason::AccountChanged,
                format!(
                    "{} is in AWS account {}, but the operator's credentials belong to {}. Restore the credentials \
                     for the first account",
                    made.name, made.account_id, identity.account_id
                ),
            )
        })
    }

    pub(super) fn claim<'b>(&'b self, identity: &'b Identity) -> Claim<'b> {
        Claim {
            identity,
            held: self.status().external.is_some(),
            intent: self.intent(),
            adoption: self.object.adoption_policy(),
            adoption_allowed: self
                .settings
                .allow_adoption
                .iter()
                .any(|allowance| allowance.admits(&identity.owner.namespace, &identity.name)),
            also_owns: &self.settings.also_owns,
        }
    }

    /// Whose this is by the tags that this pass has read; `None` if it has read none.
    fn judged(&self) -> Option<Result<Owned, Refusal>> {
        let (Some(Ok(identity)), Some(Existence::Present { tags: Some(tags), .. })) = (self.identity, &self.pass.sight)
        else {
            return None;
        };
        Some(self.claim(identity).judge(tags))
    }

    /// Why what was seen in this pass is not ours, with what its tags say of its owner: for the operator's log alone.
    pub fn refusal_in_full(&self) -> Option<String> {
        self.judged()?.err().map(|refusal| refusal.in_full())
    }

    /// The announced create, where it proves that an untagged thing is ours.
    ///
    /// It does once AWS has called the thing new. Where the answer was lost it may have been made by
    /// whoever else wanted the name: then what AWS tells of it must fit, and nobody else may have
    /// announced it. Rather a thing of our own that waits to be adopted than one of somebody else's.
    fn intent(&self) -> Option<&CreationIntent> {
        let intent = self.status().creation_intent.as_ref()?;
        if self.external.tags_at_creation(self.object) {
            return None;
        }
        let answered = self.pass.created || self.status().external.is_some();
        let fits = || match &self.pass.sight {
            Some(Existence::Present { seen, .. }) => !self.pass.contested && X::bears_out(self.object, intent, seen),
            _ => false,
        };
        (answered || fits()).then_some(intent)
    }

    /// What this object has made or claimed, by the tags that this pass has read.
    pub(super) fn owned(&self) -> Option<(&Identity, Owned, &X::Observed)> {
        let (Some(Ok(identity)), Some(Existence::Present { tags: Some(tags), seen })) =
            (self.identity, &self.pass.sight)
        else {
            return None;
        };
        let owned = self.claim(identity).judge(tags).ok().filter(|owned| owned.is_claimed() && !self.pass.unproven)?;
        Some((identity, owned, seen))
    }

    /// Whether what a create answered for is this object's, now that its tags were read.
    pub fn has_made_it(&self) -> bool {
        self.judged().is_some_and(|judged| judged.is_ok_and(|owned| owned.is_claimed()))
    }

    /// Whether the tags still are what they were before this pass claimed the thing.
    pub fn is_claim_invisible(&self) -> bool {
        self.judged().is_some_and(|judged| judged.is_ok_and(|owned| owned.by() != By::Uid))
    }
}

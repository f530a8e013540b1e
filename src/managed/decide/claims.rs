//! Whose the resource in AWS is, by what this reconciliation has read and what the object has announced.

use crate::{
    api::CreationIntent,
    managed::{
        error::{Error, Reason},
        external::ExternalResource,
        identity::Identity,
        object::ManagedObject,
        observation::Existence,
        ownership::{By, Claim, OwnershipProof, Refusal},
    },
};

use super::Input;

impl<X: ExternalResource> Input<'_, X> {
    /// Whether the object would now stand for a resource in another region or account than the one it
    /// was made in. Nothing is then made or deleted: both sides would be wrong.
    pub(super) fn moved(&self, identity: &Identity) -> Option<Error> {
        let made = self.status().external.as_ref()?;
        if made.region != identity.region {
            return Some(Error::user(
                Reason::RegionChanged,
                format!(
                    "{} is in {}, but the spec now selects {}. Set spec.region to {}, or create a new {} for the other \
                     region",
                    X::Object::NAMES.resource(&made.name),
                    made.region,
                    identity.region,
                    made.region,
                    X::Object::NAMES.kind
                ),
            ));
        }
        (made.account_id != identity.account_id).then(|| {
            Error::user(
                Reason::AccountChanged,
                format!(
                    "{} is in AWS account {}, but the operator's credentials belong to {}. Ask an administrator to \
                     restore the credentials of the first account",
                    X::Object::NAMES.resource(&made.name),
                    made.account_id,
                    identity.account_id
                ),
            )
        })
    }

    pub(super) fn claim<'b>(&'b self, identity: &'b Identity) -> Claim<'b> {
        Claim {
            identity,
            names: X::Object::NAMES,
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

    /// Whose this is by the tags that this reconciliation has read; `None` if it has read none.
    pub(super) fn judged(&self) -> Option<Result<OwnershipProof, Refusal>> {
        let (Some(Ok(identity)), Some(Existence::Present { tags: Some(tags), .. })) =
            (self.identity, &self.progress.observation)
        else {
            return None;
        };
        Some(self.claim(identity).judge(tags))
    }

    /// Why what was seen in this reconciliation is not ours, with what its tags say of its owner: for the operator's
    /// log alone.
    pub fn refusal_in_full(&self) -> Option<String> {
        self.judged()?.err().map(|refusal| refusal.in_full())
    }

    /// The announced create, where it proves that an untagged resource is ours.
    ///
    /// It does once AWS has called the resource new. Where the answer was lost it may have been made by
    /// whoever else wanted the name: then what AWS tells of it must fit, and nobody else may have
    /// announced it. Rather a resource of our own that waits to be adopted than one of somebody else's.
    fn intent(&self) -> Option<&CreationIntent> {
        let intent = self.status().creation_intent.as_ref()?;
        if self.external.tags_at_creation(self.object) {
            return None;
        }
        let answered = self.progress.created || self.status().external.is_some();
        let fits = || match &self.progress.observation {
            Some(Existence::Present { observed, .. }) => {
                !self.progress.contested && X::bears_out(self.object, intent, observed)
            }
            _ => false,
        };
        (answered || fits()).then_some(intent)
    }

    /// What this object has made or claimed, by the tags that this reconciliation has read.
    pub(super) fn owned(&self) -> Option<(&Identity, OwnershipProof, &X::Observed)> {
        let (Some(Ok(identity)), Some(Existence::Present { tags: Some(tags), observed })) =
            (self.identity, &self.progress.observation)
        else {
            return None;
        };
        let owned =
            self.claim(identity).judge(tags).ok().filter(|owned| owned.is_claimed() && !self.progress.unproven)?;
        Some((identity, owned, observed))
    }

    /// Whether what a create answered for is this object's, now that its tags were read.
    pub fn has_made_it(&self) -> bool {
        self.judged().is_some_and(|judged| judged.is_ok_and(|owned| owned.is_claimed()))
    }

    /// Whether the tags still are what they were before this reconciliation claimed the resource.
    pub fn is_claim_invisible(&self) -> bool {
        self.judged().is_some_and(|judged| judged.is_ok_and(|owned| owned.by() != By::Uid))
    }
}

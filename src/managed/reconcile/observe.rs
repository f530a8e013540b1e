//! What a reconciliation asks of AWS: which resource it is about, what is there, and whose it is.

use kube::{Resource as _, ResourceExt as _, core::object::HasStatus as _};

use crate::{
    api::tags::Tags,
    managed::{
        decide::not_visible_yet,
        error::Error,
        external::ExternalResource,
        identity::{Identity, Owner},
        object::ManagedObject,
        observation::{Existence, Reads},
        references,
        step::TAGS,
    },
};

use super::Reconciliation;

impl<X: ExternalResource> Reconciliation<'_, X> {
    /// Finds out which resource in AWS the object stands for.
    pub(super) async fn identify(&mut self) {
        self.identity = Some(self.resolved().await);
    }

    /// The region is what the spec says, or the operator's; `decide` compares it with where the resource was made.
    async fn resolved(&self) -> Result<Identity, Error> {
        let Self { context, object, .. } = self;
        let region = object.region().unwrap_or(&context.region);
        context.external.admits(object, region)?;
        let account_id = context.external.account().await?;
        Ok(Identity {
            name: object.name_in(region, &account_id)?,
            region: region.to_owned(),
            account_id,
            owner: Owner {
                cluster: context.settings.cluster.clone(),
                namespace: object.namespace().unwrap_or_default(),
                name: object.name_any(),
                uid: object.uid().unwrap_or_default(),
                origin: None,
            },
        })
    }

    /// Reserves the name. What was seen before that may have changed since.
    pub(super) fn reserve(&mut self, name: String) -> bool {
        self.reservation = self.others.names.reserve(name);
        self.progress.reserved = self.reservation.is_some();
        self.progress.observation = None;
        self.progress.read = Reads::default();
        self.progress.reserved
    }

    /// Whether another object has announced that it makes what this one does not hold yet.
    fn is_contested(&self) -> bool {
        let Some(Ok(identity)) = &self.identity else { return false };
        let held = self.object.status().is_some_and(|status| status.external.is_some());
        !held && !self.context.external.tags_at_creation(&self.object) && (self.others.announced)(identity)
    }

    pub(super) async fn observe(&mut self, reads: Reads) {
        let Some(Ok(identity)) = &self.identity else { return };
        match self.context.external.observe(identity, &reads).await {
            Ok(existence) => self.progress.observation = Some(existence),
            Err(error) => self.progress.error = Some(error),
        }
        self.progress.read = reads;
        self.progress.advanced = false;
        self.progress.contested = self.is_contested();
        if let Some(Existence::Present { observed, .. }) = &self.progress.observation {
            self.history.looked(X::transition(observed).is_none());
        }
        // Most objects are in sync and were never written: they cost no plan here.
        if !self.history.is_empty() {
            let in_place = self.input().in_place();
            self.history.in_place(&in_place);
        }
    }

    /// Reads the tags of what a write has made or claimed, and what is to be confirmed of it.
    pub(super) async fn prove(&mut self, reads: &Reads) {
        let Some(Ok(identity)) = self.identity.clone() else { return };
        let Some(tags) = self.confirm(reads).await else { return };
        self.progress.unproven = false;
        if let Some(Existence::Present { tags: known, .. }) = &mut self.progress.observation {
            *known = Some(tags);
        }
        if self.progress.wrote.contains(TAGS) {
            if self.input().is_claim_invisible() {
                self.progress.error = Some(not_visible_yet());
            }
        } else if self.input().has_made_it() {
            self.made(&identity);
        } else {
            // What was taken for a new one is an old one, of which nothing is known yet.
            self.progress.read = Reads { tags: true, ..Reads::default() };
        }
    }

    /// Reads what was only assumed of a resource, and its tags if they are asked for.
    pub(super) async fn confirm(&mut self, reads: &Reads) -> Option<Tags> {
        let Some(Ok(identity)) = &self.identity else { return None };
        let (tags, read) = match self.context.external.observe(identity, reads).await {
            Ok(Existence::Present { tags, observed }) if tags.is_some() >= reads.tags => (tags, observed),
            Ok(_) => {
                self.progress.error = Some(not_visible_yet());
                return None;
            }
            Err(error) => {
                self.progress.error = Some(error);
                return None;
            }
        };
        self.progress.confirmed.extend(&reads.blocks);
        if let Some(Existence::Present { observed, .. }) = &mut self.progress.observation {
            X::confirm(observed, read);
        }
        tags
    }

    /// What is named and no allowance covers is ours to name if its tags say that it belongs to an object of this
    /// namespace.
    pub(super) async fn check_references(&mut self, creating: bool) {
        let Some(Ok(identity)) = &self.identity else { return };
        let settings = &self.context.settings;
        let mut refused = Vec::new();
        for reference in references::check::unallowed(&*self.object, identity, &settings.allow_references, creating) {
            let tags =
                if reference.taggable { self.context.owners.tags_of(identity, &reference).await } else { Ok(None) };
            match tags {
                Ok(Some(tags)) if references::check::owned_here(&tags, identity, &settings.also_owns) => {}
                Ok(_) => refused.push(reference),
                Err(error) => return self.progress.error = Some(error.at(&reference.path)),
            }
            // One is enough to stop it, and a thousand would be as many calls.
            if !refused.is_empty() {
                break;
            }
        }
        let generation = self.object.meta().generation.unwrap_or_default();
        self.progress.references = Some(references::Checked { generation, creating, refused });
    }
}

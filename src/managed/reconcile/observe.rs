//! What a pass asks of AWS: which thing it is about, what is there, and whose it is.

use kube::{Resource as _, ResourceExt as _, core::object::HasStatus as _};

use crate::{
    api::tags::Tags,
    managed::{
        decide::not_visible_yet,
        external::External,
        fault::Fault,
        identity::{Identity, Owner},
        object::ManagedObject,
        observation::{Existence, Reads},
        references,
        step::TAGS,
    },
};

use super::Running;

impl<X: External> Running<'_, X> {
    /// Finds out which thing in AWS the object stands for.
    pub(super) async fn identify(&mut self) {
        self.identity = Some(self.resolved().await);
    }

    /// The region is what the spec says, or the operator's; `decide` compares it with where the thing was made.
    async fn resolved(&self) -> Result<Identity, Fault> {
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
        self.pass.reserved = self.reservation.is_some();
        self.pass.sight = None;
        self.pass.read = Reads::default();
        self.pass.reserved
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
            Ok(existence) => self.pass.sight = Some(existence),
            Err(fault) => self.pass.fault = Some(fault),
        }
        self.pass.read = reads;
        self.pass.advanced = false;
        self.pass.contested = self.is_contested();
        if let Some(Existence::Present { seen, .. }) = &self.pass.sight {
            self.history.looked(X::settling(seen).is_none());
        }
        // Most objects are in sync and were never written: they cost no plan here.
        if !self.history.is_empty() {
            let in_place = self.situation().in_place();
            self.history.in_place(&in_place);
        }
    }

    /// Reads the tags of what a write has made or claimed, and what is to be confirmed of it.
    pub(super) async fn prove(&mut self, reads: &Reads) {
        let Some(Ok(identity)) = self.identity.clone() else { return };
        let Some(tags) = self.confirm(reads).await else { return };
        self.pass.unproven = false;
        if let Some(Existence::Present { tags: known, .. }) = &mut self.pass.sight {
            *known = Some(tags);
        }
        if self.pass.wrote.contains(TAGS) {
            if self.situation().is_claim_invisible() {
                self.pass.fault = Some(not_visible_yet());
            }
        } else if self.situation().has_made_it() {
            self.made(&identity);
        } else {
            // What was taken for a new one is an old one, of which nothing is known yet.
            self.pass.read = Reads { tags: true, ..Reads::default() };
        }
    }

    /// Reads what was only assumed of a resource, and its tags if they are asked for.
    pub(super) async fn confirm(&mut self, reads: &Reads) -> Option<Tags> {
        let Some(Ok(identity)) = &self.identity else { return None };
        let (tags, read) = match self.context.external.observe(identity, reads).await {
            Ok(Existence::Present { tags, seen }) if tags.is_some() >= reads.tags => (tags, seen),
            Ok(_) => {
                self.pass.fault = Some(not_visible_yet());
                return None;
            }
            Err(fault) => {
                self.pass.fault = Some(fault);
                return None;
            }
        };
        self.pass.confirmed.extend(&reads.blocks);
        if let Some(Existence::Present { seen, .. }) = &mut self.pass.sight {
            X::confirm(seen, read);
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
                Err(fault) => return self.pass.fault = Some(fault.at(&reference.path)),
            }
            // One is enough to stop it, and a thousand would be as many calls.
            if !refused.is_empty() {
                break;
            }
        }
        let generation = self.object.meta().generation.unwrap_or_default();
        self.pass.references = Some(references::Checked { generation, creating, refused });
    }
}

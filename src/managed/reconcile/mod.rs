//! One pass of one object: the shell around [`super::decide`].

use std::{borrow::Cow, sync::Arc, time::Duration};

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Condition, jiff::Timestamp};
use kube::{Client, Resource as _, ResourceExt, core::object::HasStatus};
use tokio_util::sync::CancellationToken;

use crate::{
    api::{Status, tags::Tags},
    lease::Fence,
    telemetry::{Events, Metrics, Note},
};

use super::{
    approval,
    change::{Change, printable},
    cluster::{Cluster, ClusterError},
    conditions::{READY, STALLED, SYNCED},
    decide::{Effect, Next, Pass, Settings, Situation, Undo, decide, not_visible_yet},
    external::{Existence, External, Made, ManagedObject, Reads, Step, TAGS, places},
    fault::{Class, Fault, Reason},
    history::History,
    identity::{Identity, Origin, Owner},
    names::{Others, Reservation},
    ownership::{Absent, By, Deletable, Owned},
    references, secret,
};

/// The most Events on changes that one reconciliation leaves.
const MOST_NOTES: usize = 10;

/// No reconciliation takes this many decisions: one that does is going round in circles.
const MOST_EFFECTS: usize = 256;

/// Everything a pass needs beside the object.
pub struct Context<X: External> {
    /// The kind in AWS.
    pub external: X,
    /// The API server.
    pub client: Client,
    /// What the administrator has set.
    pub settings: Arc<Settings>,
    /// The operator's region, for objects that name none.
    pub region: String,
    /// Says that the process is to end: a pass then stops after the call it is in.
    pub shutdown: CancellationToken,
    /// Whether this process may write at all.
    pub fence: Fence,
    /// Counters.
    pub metrics: Metrics,
    /// Events on objects.
    pub events: Events,
    /// The time of day.
    pub clock: fn() -> Timestamp,
}

/// What a pass came to.
pub struct Report<K> {
    /// When to look again.
    pub next: Next,
    /// How often to look at it once it is in sync, if it says so itself.
    pub resync: Option<Duration>,
    /// Whether AWS took a write.
    pub wrote: bool,
    /// The object as the last write left it, for a reader whose cache may be behind.
    pub object: Arc<K>,
}

/// Brings one object one pass further:
///
/// 1. ask [`decide`] for the one thing to do next;
/// 2. do it, and record what came of it;
/// 3. repeat until the decision is to conclude, and write the status if it differs.
///
/// `others` is what it must know of the objects beside it, and
/// `history` is what this object's earlier passes left, and what the next one must be given.
///
/// # Errors
/// Only for trouble with the API server. Whatever AWS says ends up in the status.
pub async fn reconcile<X: External>(
    context: &Context<X>,
    others: Others<'_>,
    object: Arc<X::Object>,
    history: &mut History,
) -> Result<Report<X::Object>, ClusterError> {
    let cluster = Cluster::of(&context.client, &*object);
    let mut pass = Running {
        context,
        others,
        reservation: None,
        cluster,
        object,
        identity: None,
        pass: Pass::default(),
        wrote: false,
        notes: 0,
        history,
    };
    for _ in 0..MOST_EFFECTS {
        if pass.must_stop() {
            // Every point of a pass is one that the next process can go on from.
            return Ok(pass.report(Next::Retry));
        }
        // A decision on long lists takes milliseconds: others get the core between two.
        tokio::task::yield_now().await;
        match decide(&pass.situation()) {
            // A read is given up at once when the process is to end; a write is awaited, since it may land.
            Effect::Identify => match context.shutdown.run_until_cancelled(identify(context, &pass.object)).await {
                Some(identity) => pass.identity = Some(identity),
                None => return Ok(pass.report(Next::Retry)),
            },
            Effect::Observe(reads) => {
                if context.shutdown.run_until_cancelled(pass.observe(reads)).await.is_none() {
                    return Ok(pass.report(Next::Retry));
                }
            }
            Effect::CheckReferences { creating } => {
                if context.shutdown.run_until_cancelled(pass.check_references(creating)).await.is_none() {
                    return Ok(pass.report(Next::Retry));
                }
            }
            Effect::Prove(reads) => {
                if context.shutdown.run_until_cancelled(pass.prove(&reads)).await.is_none() {
                    return Ok(pass.report(Next::Retry));
                }
            }
            Effect::Confirm(reads) => {
                if context.shutdown.run_until_cancelled(pass.confirm(&reads)).await.is_none() {
                    return Ok(pass.report(Next::Retry));
                }
            }
            Effect::Reserve(name) => {
                if !pass.reserve(name) {
                    return Ok(pass.report(Next::Busy));
                }
            }
            Effect::ReadNamespace => pass.read_namespace().await?,
            Effect::AddFinalizer => pass.add_finalizer().await?,
            Effect::ReadLive => pass.read_live().await?,
            Effect::Announce(status) => pass.announce(&status).await?,
            Effect::Create(proof, step) => pass.create(&proof, &step).await,
            Effect::Perform(proof, steps) => pass.perform_all(&proof, steps).await,
            Effect::Undo(proof, undo) => pass.undo(&proof, undo).await,
            Effect::Delete(proof) => pass.delete(&proof).await,
            Effect::WriteSecret { outputs } => pass.write_secret(&outputs).await?,
            Effect::RemoveFinalizer => {
                let Some(object) = pass.cluster.remove_finalizer(&pass.object).await? else {
                    return Ok(pass.report(Next::Never));
                };
                pass.object = object;
            }
            Effect::Conclude { status, next } => return pass.conclude(&status, next).await,
        }
    }
    tracing::error!(effects = MOST_EFFECTS, "a pass did not come to an end; please report this");
    Ok(pass.report(Next::Retry))
}

/// Which thing in AWS the object stands for. The region is what the spec says, or the operator's;
/// `decide` compares it with where the thing was made.
async fn identify<X: External>(context: &Context<X>, object: &X::Object) -> Result<Identity, Fault> {
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

struct Running<'a, X: External> {
    context: &'a Context<X>,
    others: Others<'a>,
    /// Given back when the pass is over.
    reservation: Option<Reservation<'a>>,
    cluster: Cluster<X::Object>,
    object: Arc<X::Object>,
    identity: Option<Result<Identity, Fault>>,
    pass: Pass<X>,
    wrote: bool,
    /// Events on changes so far.
    notes: usize,
    history: &'a mut History,
}

impl<X: External> Running<'_, X> {
    fn situation(&self) -> Situation<'_, X> {
        Situation {
            object: &*self.object,
            external: &self.context.external,
            identity: self.identity.as_ref().map(Result::as_ref),
            settings: &self.context.settings,
            pass: &self.pass,
            history: self.history,
            now: (self.context.clock)(),
        }
    }

    fn report(self, next: Next) -> Report<X::Object> {
        Report { next, resync: self.object.resync_interval(), wrote: self.wrote, object: self.object }
    }

    /// Reserves the name. What was seen before that may have changed since.
    fn reserve(&mut self, name: String) -> bool {
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

    /// Reads the tags of what a write has made or claimed, and what is to be confirmed of it.
    async fn prove(&mut self, reads: &Reads) {
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
    async fn confirm(&mut self, reads: &Reads) -> Option<Tags> {
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

    async fn observe(&mut self, reads: Reads) {
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

    /// What is named and no allowance covers is ours to name if its tags say that it belongs to an object of this
    /// namespace.
    async fn check_references(&mut self, creating: bool) {
        let Some(Ok(identity)) = &self.identity else { return };
        let settings = &self.context.settings;
        let mut refused = Vec::new();
        for reference in references::unallowed(&*self.object, identity, &settings.allow_references, creating) {
            let tags =
                if reference.taggable { self.context.external.tags_of(identity, &reference).await } else { Ok(None) };
            match tags {
                Ok(Some(tags)) if references::owned_here(&tags, identity, &settings.also_owns) => {}
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

    async fn announce(&mut self, status: &Status) -> Result<(), ClusterError> {
        let approvals = self.object.status().map_or(0, |status| status.approvals);
        self.object = self.cluster.write_status(&self.object, status).await?;
        self.pass.announced = status.creation_intent.is_some();
        if let Some(approved) = status.approved.as_ref().filter(|_| status.approvals > approvals) {
            tracing::info!(hash = approved.hash, steps = approved.steps.len(), "plan approved");
            self.note(Note::approved(&approved.hash));
        }
        Ok(())
    }

    async fn add_finalizer(&mut self) -> Result<(), ClusterError> {
        self.object = self.cluster.add_finalizer().await?;
        self.pass.live = true;
        Ok(())
    }

    async fn read_live(&mut self) -> Result<(), ClusterError> {
        self.object = self.cluster.read_live().await?;
        self.pass.live = true;
        Ok(())
    }

    /// Finds out which namespace the object is in, beyond its name. It outlives all that is in it: what is asked
    /// now holds for as long as the object is there.
    async fn read_namespace(&mut self) -> Result<(), ClusterError> {
        let namespace = match self.cluster.namespace_uid().await? {
            Ok(uid) => uid,
            Err(fault) => {
                self.pass.fault = Some(fault);
                return Ok(());
            }
        };
        if let Some(Ok(identity)) = &mut self.identity {
            let cluster = self.context.settings.cluster_uid.clone();
            identity.owner.origin = Some(Origin { cluster, namespace });
        }
        Ok(())
    }

    async fn create(&mut self, proof: &Absent, step: &Step<X::Op>) {
        self.pass.wrote.insert(step.block);
        let (tags, seen) = match self.context.external.create(proof, &step.op).await {
            Ok(Made::New { tags, seen }) => (Some(tags), seen),
            Ok(Made::Unclear { seen }) => (None, seen),
            Ok(Made::Existed(fault)) => {
                tracing::warn!(external = proof.identity().name, %fault, "existed before");
                self.pass.existed = true;
                return self.pass.fault = Some(fault);
            }
            Err(fault) => {
                tracing::warn!(external = proof.identity().name, %fault, "create failed");
                return self.pass.fault = Some(fault);
            }
        };
        self.wrote = true;
        self.pass.unproven = tags.is_none();
        self.pass.sight = Some(Existence::Present { tags, seen });
        self.pass.read = Reads { tags: true, blocks: X::BLOCKS.iter().copied().collect(), ..Reads::default() };
        if !self.pass.unproven {
            self.made(proof.identity());
        }
    }

    /// What a create has answered for is new, and ours.
    fn made(&mut self, identity: &Identity) {
        self.pass.created = true;
        let recreated = self.object.status().is_some_and(|status| status.external.is_some());
        tracing::info!(external = identity.name, region = identity.region, recreated, "created");
        self.note(if recreated { Note::recreated(X::recreated(identity)) } else { Note::created(&identity.name) });
    }

    /// Whether the process is to end, or may not write any more.
    fn must_stop(&self) -> bool {
        self.context.shutdown.is_cancelled() || self.context.fence.admits(Duration::ZERO).is_err()
    }

    async fn perform_all(&mut self, proof: &Owned, steps: Vec<Step<X::Op>>) {
        for step in steps {
            if self.must_stop() || !self.perform(proof, step).await {
                return;
            }
        }
    }

    /// Answers whether the next step of the plan can follow at once.
    async fn perform(&mut self, proof: &Owned, step: Step<X::Op>) -> bool {
        let digest = approval::digest(&step);
        let unshown = self.history.is_unshown(step.block, || digest.clone());
        let drift = self.was_in_sync() && !self.pass.wrote.contains(step.block) && !unshown;
        self.pass.wrote.insert(step.block);
        let emptied = X::emptied(&step.op);
        self.pass.batches += usize::from(emptied > 0);
        self.pass.calls += 1;
        if let Err(fault) = self.context.external.perform(proof, &step.op).await {
            tracing::warn!(block = step.block, %fault, "write failed");
            self.pass.emptied += fault.removed;
            self.failed(&step, fault);
            return false;
        }
        let mut follows = true;
        if let Some(Existence::Present { tags, seen }) = &mut self.pass.sight {
            X::advance(tags, seen, &step.op);
            if X::settling(seen).is_some() {
                self.pass.advanced = true;
                self.history.is_busy();
                follows = false;
            }
        }
        // Two who claim one thing both write: only what is read afterwards tells who was last.
        self.pass.unproven = proof.by() != By::Uid && !self.pass.created;
        follows &= !self.pass.unproven;
        self.wrote = true;
        self.pass.emptied += emptied;
        if self.situation().is_asked() {
            self.history.begins_anew(step.block);
        }
        let generation = self.object.meta().generation.unwrap_or_default();
        self.history.wrote(step.block, &digest, drift, generation, (self.context.clock)());
        // Once for all the entries of a list: it takes the whole spec.
        if !self.history.is_meant(step.block, generation) {
            let declared = self.situation().declared(step.block);
            self.history.meant(step.block, generation, declared);
        }
        if self.history.loops(step.block) {
            tracing::warn!(block = step.block, "AWS accepts this write and never shows it");
            self.context.metrics.write_loop(X::Object::NOUN);
        }
        if let Some((unless, op)) = step.unless {
            self.pass.undo.push(Undo { block: step.block, unless, op });
        }
        self.tell(proof, step.block, &step.changes, drift);
        follows
    }

    /// A log line and an Event for what was just done.
    fn tell(&mut self, proof: &Owned, block: &'static str, changes: &[Change], drift: bool) {
        let described = described(changes);
        tracing::info!(block, changes = described, drift, "changed");
        if !proof.is_claimed() && block == TAGS {
            return self.note(Note::adopted(&proof.identity().name));
        }
        if drift {
            let repeated = self.history.repeats(block);
            for change in changes {
                self.context.metrics.drift_corrected(X::Object::NOUN);
                self.note_change(Note::drift_corrected(change, repeated));
            }
        } else if self.object.status().is_some_and(|status| status.is_true(READY)) {
            self.note_change(Note::updated(block, &described));
        }
    }

    async fn undo(&mut self, proof: &Owned, undo: Undo<X::Op>) {
        tracing::warn!(block = undo.block, refused = ?undo.unless, "taking a step back");
        self.pass.undo.retain(|other| *other != undo);
        let fault = match self.context.external.perform(proof, &undo.op).await {
            Ok(()) => {
                if let Some(Existence::Present { tags, seen }) = &mut self.pass.sight {
                    X::advance(tags, seen, &undo.op);
                }
                self.history.took_back(undo.block);
                self.pass.took_back = true;
                Fault::user(
                    Reason::DependencyRefused,
                    format!("taken back, since {} was refused", undo.unless.join(" or ")),
                )
            }
            Err(fault) => fault,
        };
        self.pass.refused.insert(undo.block, fault);
    }

    /// A write that AWS refuses stops its block; one whose outcome is not known, or that time may
    /// heal, ends the pass.
    fn failed(&mut self, step: &Step<X::Op>, fault: Fault) {
        let block = step.block;
        // AWS often names neither the field nor the entry that it does not take.
        let about = places([step]);
        let fault = if about == block {
            fault
        } else {
            Fault { message: format!("{} (the request was about {about})", fault.message), ..fault }
        };
        match fault.class {
            Class::User | Class::Denied | Class::Premature | Class::Quota | Class::Allowance => {
                self.pass.refused.insert(block, fault);
            }
            Class::Pending | Class::Credentials | Class::Transient | Class::Unknown => {
                self.pass.fault = Some(fault.at(block));
            }
        }
    }

    async fn delete(&mut self, proof: &Deletable) {
        match self.context.external.delete(proof).await {
            Ok(()) => {
                self.wrote = true;
                tracing::info!(external = proof.identity().name, region = proof.identity().region, "deleted");
                self.note(Note::deleted(&proof.identity().name));
                self.pass.deleted = true;
                self.pass.sight = None;
            }
            Err(fault) => self.pass.fault = Some(fault),
        }
    }

    async fn write_secret(&mut self, outputs: &secret::Outputs) -> Result<(), ClusterError> {
        let status = self.object.status().cloned().unwrap_or_default();
        let written = status.binding.as_ref().map(|binding| binding.name.as_str());
        let result = match secret::wanted(&*self.object, outputs) {
            Some(wanted) => self.cluster.write_secret(&wanted, written == Some(&wanted.name)).await?,
            None => Ok(()),
        };
        if let (Ok(()), Some(obsolete)) = (&result, secret::obsolete(&*self.object, &status)) {
            self.cluster.delete_secret(&obsolete).await?;
        }
        self.pass.secret = Some(result);
        Ok(())
    }

    async fn conclude(mut self, status: &Status, next: Next) -> Result<Report<X::Object>, ClusterError> {
        let before = self.object.status().cloned().unwrap_or_default();
        if *status != before {
            if let Some(stalled) = status.condition(STALLED).filter(|now| !same(before.condition(STALLED), now)) {
                let refusal = self.situation().refusal_in_full();
                let message = refusal.as_deref().map_or(Cow::Borrowed(stalled.message.as_str()), printable);
                tracing::warn!(reason = stalled.reason, message = %message, "stalled");
                self.note(Note::trouble(&stalled.reason, &stalled.message));
            } else if let (Next::Retry, Some(synced)) = (next, status.condition(SYNCED))
                && !same(before.condition(SYNCED), synced)
            {
                tracing::warn!(reason = synced.reason, message = synced.message, "failed; trying again");
                self.note(Note::trouble(&synced.reason, &synced.message));
            }
            self.object = self.cluster.write_status(&self.object, status).await?;
        }
        Ok(self.report(next))
    }

    /// Whether AWS equalled this very generation when it was last looked at: what differs now was
    /// changed behind our back.
    fn was_in_sync(&self) -> bool {
        self.object.status().is_some_and(|status| {
            status.is_true(SYNCED) && Some(status.observed_generation) == self.object.meta().generation
        })
    }

    /// An Event about a change, unless there have been enough of them: the log has them all.
    fn note_change(&mut self, note: Note) {
        self.notes += 1;
        if self.notes <= MOST_NOTES {
            self.note(note);
        }
    }

    fn note(&self, note: Note) {
        self.context.events.publish(&*self.object, note);
    }
}

/// Changes in one line of a log.
fn described(changes: &[Change]) -> String {
    changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Whether a condition says the same as before.
fn same(before: Option<&Condition>, now: &Condition) -> bool {
    before.is_some_and(|before| before.reason == now.reason && before.message == now.message)
}

//! What to do next, given everything that is known. Pure: no IO, no clock.
//!
//! A pass is this function called again and again: the shell in [`super::reconcile`] does the one
//! [`Effect`] it names, records what came of it in the [`Situation`], and asks again, until it says
//! [`Effect::Conclude`]. Every point at which a process can die is a `Situation`, so a test can
//! enumerate them.
//!
//! [`living`], [`deleting`], [`references`] (what a spec names beside its own resource), [`consent`] (what waits
//! for a yes), [`writes`] (what earlier writes mean) and [`report`] (what the status says) are the chapters of it.
//!
//! The order of a life, each step taken only if the one before it holds:
//! look -> prove absence or ownership -> finalizer -> announce in status -> create -> the steps of
//! the plan, one call each -> Secret -> status. And of a death: look -> prove that it is this very
//! object's -> live read -> delete -> see it gone -> drop the finalizer.

mod consent;
mod deleting;
mod living;
mod references;
mod report;
mod writes;

use std::collections::{BTreeMap, BTreeSet};

use globset::GlobMatcher;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt as _, core::object::HasStatus};

use crate::api::{CreationIntent, FINALIZER, Status, tags::Tags};

use super::{
    conditions::{READY, SYNCED},
    external::{CREATION, Existence, External, ManagedObject, Reads, Step, TAGS},
    fault::{Class, Fault, Reason},
    history::History,
    identity::Identity,
    ownership::{Absent, By, Claim, Deletable, Owned, Refusal},
    references::{Checked, ReferenceAllowance},
    secret::Outputs,
};

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

/// What the administrator has set, as far as decisions rest on it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of this cluster in ownership tags.
    pub cluster: String,
    /// Uid of `kube-system`; empty where the operator may not read it.
    pub cluster_uid: String,
    /// Earlier names of this cluster.
    pub also_owns: Vec<String>,
    /// Which namespaces may adopt which names.
    pub allow_adoption: Vec<super::adoption::Allowance>,
    /// Which namespaces may delete things together with what they hold.
    pub allow_force_delete: Vec<GlobMatcher>,
    /// Which namespaces may name what in AWS; nothing but what is copied is checked without one.
    pub allow_references: Vec<ReferenceAllowance>,
    /// How long after our own create "does not exist" is not believed.
    pub creation_grace: SignedDuration,
    /// How long after a write AWS may go on showing what was there before.
    pub visibility: SignedDuration,
}

#[cfg(test)]
impl Settings {
    /// Of a cluster `c` whose administrator has allowed nothing.
    pub(crate) fn sample() -> Self {
        Self {
            cluster: "c".into(),
            cluster_uid: "kube-system-1".into(),
            also_owns: Vec::new(),
            allow_adoption: Vec::new(),
            allow_force_delete: Vec::new(),
            allow_references: Vec::new(),
            creation_grace: SignedDuration::from_mins(2),
            visibility: SignedDuration::from_mins(3),
        }
    }
}

/// What a pass has seen and done so far.
#[derive(Clone, Debug)]
pub struct Pass<X: External> {
    /// What was seen in AWS, brought up to date by every write that was answered with success.
    pub sight: Option<Existence<X::Observed>>,
    /// What `sight` covers.
    pub read: Reads,
    /// Whether `sight` holds what a write should come to that AWS is busy with, and has not been read since.
    pub advanced: bool,
    /// Whether this pass has written down the intent to create.
    pub announced: bool,
    /// Whether the object was read live, by uid, in this pass.
    pub live: bool,
    /// The fault that ends the work in AWS for this pass.
    pub fault: Option<Fault>,
    /// Blocks whose write was refused in this pass.
    pub refused: BTreeMap<&'static str, Fault>,
    /// How to go back on steps that were done for the sake of a block, should it be refused.
    pub undo: Vec<Undo<X::Op>>,
    /// Whether this pass made the thing.
    pub created: bool,
    /// Whether no other object of this process can make or claim it meanwhile.
    pub reserved: bool,
    /// Whether its tags must be read before anything more is written, since the answer to a write did not
    /// say whose it is.
    pub unproven: bool,
    /// Blocks of what this pass has made that were read since: nothing of them is assumed any more.
    pub confirmed: BTreeSet<&'static str>,
    /// Whether AWS has answered a create with "it existed before".
    pub existed: bool,
    /// Whether another object has announced that it makes it.
    pub contested: bool,
    /// Whether this pass had AWS delete the thing.
    pub deleted: bool,
    /// Blocks that this pass has written, whatever came of it.
    pub wrote: BTreeSet<&'static str>,
    /// How many things inside this pass has removed for a forced deletion.
    pub emptied: usize,
    /// How many calls that took.
    pub batches: usize,
    /// How many writes to the thing this reconciliation has asked AWS for.
    pub calls: usize,
    /// Whether it went back on a step of its own.
    pub took_back: bool,
    /// What came of the Secret.
    pub secret: Option<Result<(), Fault>>,
    /// What came of checking what the spec names; `None` if nobody has yet.
    pub references: Option<Checked>,
}

/// How to go back on a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Undo<Op> {
    /// The block of the step.
    pub block: &'static str,
    /// The blocks for whose sake it was done.
    pub unless: &'static [&'static str],
    /// The op that goes back on it.
    pub op: Op,
}

impl<X: External> Default for Pass<X> {
    fn default() -> Self {
        Self {
            sight: None,
            read: Reads::default(),
            advanced: false,
            announced: false,
            live: false,
            fault: None,
            refused: BTreeMap::new(),
            undo: Vec::new(),
            created: false,
            reserved: false,
            unproven: false,
            confirmed: BTreeSet::new(),
            existed: false,
            contested: false,
            deleted: false,
            wrote: BTreeSet::new(),
            emptied: 0,
            batches: 0,
            calls: 0,
            took_back: false,
            secret: None,
            references: None,
        }
    }
}

/// The one thing to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect<Op> {
    /// Find out which thing in AWS the object stands for: the account is asked of AWS.
    Identify,
    /// Keep other objects from making or claiming what bears this name, and forget what was seen before.
    Reserve(String),
    /// Read the tags of what a write has just made or claimed: they say whose it is. The rest of these is
    /// confirmed in the same wave.
    Prove(Reads),
    /// Read what was only assumed of a new resource.
    Confirm(Reads),
    /// Read AWS.
    Observe(Reads),
    /// Check what the spec names in AWS beside the resource, and read the tags of what no allowance covers.
    CheckReferences {
        /// Whether the resource is about to be made, so that what is copied counts, too.
        creating: bool,
    },
    /// Find out which namespace the object is in, beyond its name: the API server is asked.
    ReadNamespace,
    /// Put the finalizer on the object. The answer is a live read.
    AddFinalizer,
    /// Read the object live and compare its uid.
    ReadLive,
    /// Write this status before anything more is written to AWS.
    Announce(Box<Status>),
    /// Make the thing.
    Create(Absent, Step<Op>),
    /// Do these steps, one after another. They are all that a decision after each would name, so none is asked for
    /// between them; the first that does not succeed, or that AWS is busy with from then on, ends them.
    Perform(Owned, Vec<Step<Op>>),
    /// Go back on a step of this pass; its block then rests until the next one.
    Undo(Owned, Undo<Op>),
    /// Ask AWS to delete the thing.
    Delete(Deletable),
    /// Write the connection Secret, and delete one that is no longer wanted.
    WriteSecret {
        /// What goes into it.
        outputs: Outputs,
    },
    /// Let the object go.
    RemoveFinalizer,
    /// The pass is over.
    Conclude {
        /// The status to write, if it differs.
        status: Box<Status>,
        /// When to look again.
        next: Next,
    },
}

/// When to look at an object again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Next {
    /// Another object is making what bears its name: in a moment.
    Busy,
    /// AWS is busy with it: soon, with a growing interval.
    Poll,
    /// It failed: after a growing pause.
    Retry,
    /// Only a user can put it right, and has it run by doing so: after a pause that grows to an hour.
    Mend,
    /// There is more to do and nothing to wait for: as soon as the others had their turn.
    Again,
    /// Writes do not take: after a long and growing pause.
    Slow,
    /// It was written to: once more, soon, to see that it took.
    Verify,
    /// It is in sync: at the next resync.
    Resync,
    /// It is gone.
    Never,
}

/// What to do next.
pub fn decide<X: External>(s: &Situation<'_, X>) -> Effect<X::Op> {
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

    /// The blocks, and the parts of blocks, that are for others to look after by now.
    fn ignored(&self) -> Vec<String> {
        if self.initial() { Vec::new() } else { self.object.ignored() }
    }

    /// Whether the object would now stand for a thing in another region or account than the one it
    /// was made in. Nothing is then made or deleted: both sides would be wrong.
    fn moved(&self, identity: &Identity) -> Option<Fault> {
        let made = self.status().external.as_ref()?;
        if made.region != identity.region {
            return Some(Fault::user(
                Reason::RegionChanged,
                format!(
                    "{} was made in {} and the spec now resolves to {}: set spec.region back; to move it, make a new object",
                    made.name, made.region, identity.region
                ),
            ));
        }
        (made.account_id != identity.account_id).then(|| {
            Fault::user(
                Reason::AccountChanged,
                format!(
                    "{} was made in account {} and the operator's credentials now belong to {}: give it credentials of the first",
                    made.name, made.account_id, identity.account_id
                ),
            )
        })
    }

    fn claim<'b>(&'b self, identity: &'b Identity) -> Claim<'b> {
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
    fn owned(&self) -> Option<(&Identity, Owned, &X::Observed)> {
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

    /// The blocks that were read in this pass, need no step, and are not what AWS is still at work on.
    pub fn in_place(&self) -> Vec<&'static str> {
        let (Some(Ok(identity)), Some(Existence::Present { tags, seen })) = (self.identity, &self.pass.sight) else {
            return Vec::new();
        };
        let steps = self.plan(identity, tags.as_ref(), seen);
        let faulty = self.unread(seen).into_iter().map(|(block, _)| block);
        let at_work = X::at_work(self.object, seen);
        let outdated = self.outdated(&steps);
        let differing = steps.iter().map(|step| step.block).chain(faulty).chain(at_work);
        let differing: BTreeSet<&str> = differing.chain(outdated).collect();
        let known = self.pass.read.blocks.iter().copied().chain(self.pass.read.tags.then_some(TAGS));
        known.filter(|block| !differing.contains(block)).collect()
    }

    /// Blocks of what this pass has made that the spec declares and that are in place by assumption alone: they
    /// went with no write and were not read.
    fn unconfirmed(&self, steps: &[Step<X::Op>]) -> BTreeSet<&'static str> {
        if !self.pass.wrote.contains(CREATION) {
            return BTreeSet::new();
        }
        let known = |block: &str| {
            self.pass.wrote.contains(block)
                || self.pass.confirmed.contains(block)
                || steps.iter().any(|step| step.block == block)
        };
        self.object.declared_blocks().into_iter().filter(|block| X::is_assumed(block) && !known(block)).collect()
    }

    /// Blocks that could not be read, and why.
    ///
    /// What an endpoint does not offer cannot be there: a block that is no longer declared needs no reset
    /// then, and nobody can help it being asked for; and one that is declared to be off is off.
    fn unread(&self, seen: &X::Observed) -> Vec<(&'static str, Fault)> {
        let (declared, off) = (self.object.declared_blocks(), self.object.blocks_off());
        let wanted = |block: &str| declared.contains(&block) && !off.contains(&block);
        let matters = |block: &str, fault: &Fault| fault.reason != Reason::FeatureNotOffered || wanted(block);
        X::block_faults(seen).into_iter().filter(|(block, fault)| matters(block, fault)).collect()
    }

    /// The steps that stand between AWS and the spec, without those that are for others to take.
    fn plan(&self, identity: &Identity, tags: Option<&Tags>, seen: &X::Observed) -> Vec<Step<X::Op>> {
        let ignored = self.ignored();
        let mut steps = X::plan(self.object, &self.status().managed, identity, tags, seen);
        steps.retain(|step| !ignored.iter().any(|name| name == step.block || Some(name) == step.part.as_ref()));
        steps
    }
}

pub(super) fn not_visible_yet() -> Fault {
    Fault::new(
        Class::Pending,
        Reason::NotVisibleYet,
        "AWS does not show what was made a moment ago; waiting for it to appear",
    )
}

#[cfg(test)]
mod tests;

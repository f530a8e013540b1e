//! What a kind must offer: the trait, and the values it speaks in.

use std::{collections::BTreeSet, fmt::Debug, future::Future, time::Duration};

use kube::{
    Resource, ResourceExt as _,
    core::object::{HasSpec, HasStatus},
};
use serde::{Serialize, de::DeserializeOwned};

pub use crate::api::Effect;
use crate::api::{
    AdoptionPolicy, ConnectionSecret, CreationIntent, DeletionPolicy, Managed, ManagementPolicy, Status, tags::Tags,
};

use super::{
    change::Change,
    fault::Fault,
    identity::Identity,
    ownership::{Absent, Deletable, Owned},
    references::Field,
    secret::Outputs,
};

/// The name that tags have as a block. They are read by a rule of their own, since they also prove
/// ownership.
pub const TAGS: &str = "tags";

/// What the step that makes a thing is about.
pub const CREATION: &str = "creation";

/// The fields that every kind's spec has, by the names that they have there.
///
/// Not one struct that both specs flatten: serde cannot deny unknown fields then.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is described in the spec")]
pub struct Common<'a> {
    pub name: Option<&'a str>,
    pub region: Option<&'a str>,
    pub tags: Option<&'a Tags>,
    pub management_policy: ManagementPolicy,
    pub ignore_changes: &'a [String],
    pub resync_interval_seconds: Option<u32>,
    pub adoption_policy: AdoptionPolicy,
    pub deletion_policy: DeletionPolicy,
    pub connection_secret: Option<&'a ConnectionSecret>,
}

/// The [`Common`] fields of a spec. A macro, since the specs share no type.
macro_rules! common {
    ($spec:expr) => {{
        let spec = &$spec;
        $crate::managed::external::Common {
            name: spec.name.as_deref(),
            region: spec.region.as_deref(),
            tags: spec.tags.as_ref(),
            management_policy: spec.management_policy,
            ignore_changes: spec.ignore_changes.as_deref().unwrap_or_default(),
            resync_interval_seconds: spec.resync_interval_seconds,
            adoption_policy: spec.adoption_policy,
            deletion_policy: spec.deletion_policy,
            connection_secret: spec.connection_secret.as_ref(),
        }
    }};
}

pub(crate) use common;

/// A Kubernetes kind whose objects stand for things in AWS.
pub trait ManagedObject:
    Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>
    + HasSpec<Spec: Serialize>
    + HasStatus<Status = Status>
    + Clone
    + Debug
    + PartialEq
    + Serialize
    + DeserializeOwned
    + Send
    + Sync
    + 'static
{
    /// Ends the default name of the connection Secret: `bucket`, `table`.
    const NOUN: &'static str;

    /// The fields of the spec that name something in AWS beside the resource itself.
    const REFERENCES: &'static [Field];

    /// Whether making the resource copies what something else holds.
    fn copies(&self) -> bool {
        false
    }

    /// What every kind declares alike.
    fn common(&self) -> Common<'_>;

    /// The name that the manifest gives it: `spec.name`, or that of the object.
    fn declared_name(&self) -> String {
        self.common().name.map_or_else(|| self.name_any(), str::to_owned)
    }
    /// Its whole name in AWS.
    ///
    /// # Errors
    /// When AWS would not take it.
    fn name_in(&self, _region: &str, _account_id: &str) -> Result<String, Fault> {
        Ok(self.declared_name())
    }
    /// `spec.region`, if it is set.
    fn region(&self) -> Option<&str> {
        self.common().region
    }
    /// `spec.tags`, if they are set.
    fn tags(&self) -> Option<&Tags> {
        self.common().tags
    }
    /// `spec.managementPolicy`.
    fn management_policy(&self) -> ManagementPolicy {
        self.common().management_policy
    }
    /// `spec.ignoreChanges`: names of blocks, or of parts of them.
    fn ignored(&self) -> &[String] {
        self.common().ignore_changes
    }
    /// `spec.resyncIntervalSeconds`, if it is set.
    fn resync_interval(&self) -> Option<Duration> {
        self.common().resync_interval_seconds.map(|seconds| Duration::from_secs(seconds.into()))
    }
    /// `spec.adoptionPolicy`.
    fn adoption_policy(&self) -> AdoptionPolicy {
        self.common().adoption_policy
    }
    /// `spec.deletionPolicy`.
    fn deletion_policy(&self) -> DeletionPolicy {
        self.common().deletion_policy
    }
    /// `spec.connectionSecret`, if it is set.
    fn connection_secret(&self) -> Option<&ConnectionSecret> {
        self.common().connection_secret
    }
    /// Names of the blocks that the spec declares, `tags` excepted.
    fn declared_blocks(&self) -> Vec<&'static str>;
    /// Names of those among them that an endpoint which lacks the feature is in accord with: they declare it to be off.
    fn blocks_off(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

/// One kind of thing in AWS: how it is read, what it should be, and how it is changed.
///
/// `plan`, `advance` and everything else that is not `async` is pure: no IO, no clock. The shell in
/// [`super::reconcile`] does the calling; [`super::decide`] does the thinking.
pub trait External: Send + Sync + 'static {
    /// The Kubernetes kind.
    type Object: ManagedObject;
    /// What AWS has, as plain data.
    type Observed: Clone + Debug + PartialEq + Send + Sync;
    /// How it is made: what the creating call says.
    type Creation: Clone + Debug + PartialEq + Send + Sync;
    /// What can be done to it: exactly one AWS call each.
    type Op: Clone + Debug + PartialEq + Send + Sync;

    /// The blocks of the spec that can be declared, [`TAGS`] excepted.
    const BLOCKS: &'static [&'static str];

    /// Whether ownership tags go with the call that makes this object's thing. Where they cannot, an intent
    /// in status precedes the create.
    fn tags_at_creation(&self, object: &Self::Object) -> bool;

    /// Whether the administrator lets this object's thing be in this region, and in those that it names besides.
    ///
    /// # Errors
    /// When one of them is not allowed. What is there already stays.
    fn admits(&self, object: &Self::Object, region: &str) -> Result<(), Fault>;

    /// Resolves which account the credentials belong to.
    fn account(&self) -> impl Future<Output = Result<String, Fault>> + Send;

    /// Reads what is asked for, all of it at once.
    ///
    /// # Errors
    /// When existence or ownership could not be read. A block that could not be read is a fault
    /// inside [`External::Observed`] and stops that block only.
    fn observe(
        &self,
        id: &Identity,
        reads: &Reads,
    ) -> impl Future<Output = Result<Existence<Self::Observed>, Fault>> + Send;

    /// The creating step for this object.
    fn creation(&self, object: &Self::Object, id: &Identity) -> Step<Self::Creation>;

    /// What the thing is right after `creation`: its tags and its state, as AWS makes it.
    fn fresh(&self, creation: &Self::Creation) -> (Tags, Self::Observed);

    /// Whether no creating call carries this block and no answer to one tells it: what [`Self::fresh`] says of it
    /// is assumed, and endpoints differ.
    fn is_assumed(block: &str) -> bool;

    /// What stands between AWS and the spec, in the order in which it must be done; empty when they
    /// are equal. `tags` are those on the thing, if they have been read.
    fn plan(
        object: &Self::Object,
        managed: &Managed,
        id: &Identity,
        tags: Option<&Tags>,
        seen: &Self::Observed,
    ) -> Vec<Step<Self::Op>>;

    /// The step that marks the thing as released, for a deletion that retains it.
    fn release(id: &Identity, tags: &Tags) -> Step<Self::Op>;

    /// What the observation becomes once AWS has answered `op` with success.
    fn advance(tags: &mut Option<Tags>, seen: &mut Self::Observed, op: &Self::Op);

    /// Takes over the blocks that were read apart, and keeps the rest of `seen`.
    fn confirm(seen: &mut Self::Observed, read: Self::Observed);

    /// The change of state that AWS is busy with, if any: nothing can be written until it is over.
    fn settling(seen: &Self::Observed) -> Option<Settling>;

    /// What AWS is still at work on while the thing serves and other things of it can be changed, such as an
    /// index that is being built; for people. The object is not in sync before it is over.
    fn progress(object: &Self::Object, seen: &Self::Observed) -> Option<String>;

    /// The declared blocks that this is about: what AWS is at work on is not in place yet, and may fail.
    fn at_work(_: &Self::Object, _: &Self::Observed) -> Vec<&'static str> {
        Vec::new()
    }

    /// What of the declared AWS has reported as failed later than in its answer to a call, by block, each with the words
    /// that say where and what to do. The object is not in sync while one of them stands.
    fn failures(_: &Self::Object, _: &Self::Observed) -> Vec<(&'static str, Fault)> {
        Vec::new()
    }

    /// What makes it impossible to reach the spec, such as another key schema than the declared one. `seen` is
    /// `None` before the thing is made.
    fn obstacle(object: &Self::Object, id: &Identity, seen: Option<&Self::Observed>) -> Option<Fault>;

    /// What must be done before a deletion under this policy.
    ///
    /// # Errors
    /// What forbids it: protection, content.
    fn before_deletion(object: &Self::Object, seen: &Self::Observed) -> Result<Preparation<Self::Op>, Fault>;

    /// How many things inside of it `op` removes, for the progress of a forced deletion.
    fn emptied(op: &Self::Op) -> usize;

    /// Faults of single blocks in the observation.
    fn block_faults(seen: &Self::Observed) -> Vec<(&'static str, Fault)>;

    /// What sets its name apart from all others in AWS: two objects of one scope cannot both have it.
    fn scope(id: &Identity) -> String;

    /// Whether what was seen, untagged, can be what this announced create has made, whose answer is not
    /// known.
    fn bears_out(object: &Self::Object, intent: &CreationIntent, seen: &Self::Observed) -> bool;

    /// The block that guards against what this block holds: while it stands AWS refuses it, and for some seconds after
    /// it was opened.
    fn guard_of(block: &str) -> Option<&'static str>;

    /// Makes the thing and says what AWS's answer proves.
    ///
    /// # Errors
    /// Where AWS made nothing, or did not answer.
    fn create(
        &self,
        proof: &Absent,
        creation: &Self::Creation,
    ) -> impl Future<Output = Result<Made<Self::Observed>, Fault>> + Send;

    /// Does one step.
    fn perform(&self, proof: &Owned, op: &Self::Op) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Asks AWS to delete the thing. Success means that it was asked for, not that it is gone.
    fn delete(&self, proof: &Deletable) -> impl Future<Output = Result<(), Fault>> + Send;

    /// What to tell the user when a thing that had vanished was made again.
    fn recreated(id: &Identity) -> String;

    /// What applications want to know of it.
    fn outputs(&self, id: &Identity, seen: &Self::Observed) -> Outputs;

    /// Writes into the status what this kind alone has. `as_read` says that AWS has shown `seen` as it is: what a write
    /// should come to is not there yet, and AWS may never show it.
    fn report(_: &Self::Object, _: &Identity, _seen: &Self::Observed, _as_read: bool, _: &mut Status) {}
}

/// What a pass wants to read of a thing, beside its existence.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reads {
    /// Its tags, which prove ownership.
    pub tags: bool,
    /// These blocks of the spec.
    pub blocks: BTreeSet<&'static str>,
    /// Whether it holds anything: asked before a deletion.
    pub contents: bool,
    /// The import that is to bring it about, by ARN, until that has ended.
    pub import: Option<String>,
}

impl Reads {
    /// Whether everything in `other` is in here too.
    pub fn covers(&self, other: &Reads) -> bool {
        self.tags >= other.tags && self.contents >= other.contents && self.blocks.is_superset(&other.blocks)
    }
}

/// Whether a thing is there. "Forbidden to look" is neither: it is a [`Fault`].
#[derive(Clone, Debug, PartialEq)]
pub enum Existence<T> {
    /// AWS says that nothing of this name exists.
    Absent,
    /// It exists.
    Present {
        /// Its tags, if they were read.
        tags: Option<Tags>,
        /// What else was read.
        seen: T,
    },
}

/// What AWS's answer to a create proves.
#[derive(Clone, Debug, PartialEq)]
pub enum Made<T> {
    /// That it is new.
    New {
        /// The tags that went with the create.
        tags: Tags,
        /// What else it is.
        seen: T,
    },
    /// Nothing: the answer is the same where the account had it before. Its tags must say whose it is,
    /// before anything is written to it.
    Unclear {
        /// What it is if it is new.
        seen: T,
    },
    /// That it existed before this attempt. An earlier attempt of the same call may have made it.
    Existed(Fault),
}

/// What a deletion takes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Preparation<Op> {
    /// Nothing: the thing itself can be deleted.
    Ready,
    /// This step.
    Do(Step<Op>),
    /// To look again at what it holds.
    Look,
}

/// A change of state that AWS is busy with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Settling {
    /// It is being made.
    Creating,
    /// It is being changed.
    Updating,
    /// It is being deleted.
    Deleting,
}

impl<Op> Step<Op> {
    /// A step that does what the spec declares, as soon as its turn comes.
    pub fn new(block: &'static str, op: Op, changes: Vec<Change>) -> Self {
        Self { block, part: None, not_yet: None, after: &[], op, changes, effect: Effect::Update, unless: None }
    }

    /// The same with another effect.
    #[must_use]
    pub fn with_effect(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }

    /// The same without the call, for those who only tell of it.
    pub fn without_op(self) -> Step<()> {
        Step {
            block: self.block,
            part: self.part,
            not_yet: self.not_yet,
            after: self.after,
            op: (),
            changes: self.changes,
            effect: self.effect,
            unless: self.unless.map(|(blocks, _)| (blocks, ())),
        }
    }
}

/// What some steps are about, in a few words: the entries that they change, or their blocks.
pub fn places<'a, Op: 'a>(steps: impl IntoIterator<Item = &'a Step<Op>>) -> String {
    /// More than a handful helps nobody.
    const MOST: usize = 5;
    let mut places: Vec<&str> = Vec::new();
    let mut more = false;
    for step in steps {
        for place in step.changes.iter().map(Change::place).chain([step.block]) {
            let within = |known: &&str| {
                known.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
            };
            let known = places.iter().any(within);
            if !known && places.len() == MOST {
                more = true;
            } else if !known {
                places.push(place);
            }
        }
    }
    format!("{}{}", places.join(", "), if more { " and more" } else { "" })
}

/// One step towards the spec.
#[derive(Clone, Debug, PartialEq)]
pub struct Step<Op> {
    /// The block of the spec that it serves.
    pub block: &'static str,
    /// The part of the block that it is all about, if `ignoreChanges` can name it:
    /// `globalSecondaryIndexes/by-customer/provisionedThroughput`.
    pub part: Option<String>,
    /// Why it cannot be taken yet, should AWS be known to refuse it for the time being.
    pub not_yet: Option<Fault>,
    /// Blocks that must not have been refused in this pass for this step to make sense.
    pub after: &'static [&'static str],
    /// The call.
    pub op: Op,
    /// What the call achieves, for people.
    pub changes: Vec<Change>,
    /// What the call does to those who rely on the thing.
    pub effect: Effect,
    /// The op that takes this step back should one of the blocks named here be refused later in the
    /// pass.
    pub unless: Option<(&'static [&'static str], Op)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_about_the_entries_that_they_change_or_their_blocks() {
        let step = |block, paths: &[&str]| {
            let change = |path: &&str| Change { path: (*path).to_owned(), from: None, to: Some("x".to_owned()) };
            Step::new(block, (), paths.iter().map(change).collect())
        };
        let billing = step(
            "billingMode",
            &[
                "billingMode",
                "provisionedThroughput.readCapacityUnits",
                "globalSecondaryIndexes[a].provisionedThroughput",
            ],
        );
        assert_eq!(places([&billing]), "billingMode, provisionedThroughput, globalSecondaryIndexes[a]");
        let rules = step("lifecycle", &["lifecycle.rules[a].status", "lifecycle.rules[a].id", "lifecycle.rules[b].id"]);
        assert_eq!(places([&rules]), "lifecycle.rules[a], lifecycle.rules[b]");
        let metrics: Vec<_> =
            ["a", "b", "c", "d", "e", "f"].iter().map(|id| step("metrics", &[&*format!("metrics[{id}].id")])).collect();
        assert_eq!(places(&metrics), "metrics[a], metrics[b], metrics[c], metrics[d], metrics[e] and more");
        assert_eq!(places([&step("versioning", &["versioning.status"])]), "versioning");
    }
}

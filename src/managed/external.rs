//! What a kind must offer the reconciler.

use std::{fmt::Debug, future::Future};

use crate::api::{CreationIntent, Managed, Status, tags::Tags};

use super::{
    error::{Error, Reason},
    identity::Identity,
    object::ManagedObject,
    observation::{Existence, Made, Preparation, Reads, Transition},
    ownership::{AbsenceProof, Deletable, OwnershipProof},
    secret::Outputs,
    step::Step,
};

/// One kind of resource in AWS: how it is read, what it should be, and how it is changed.
///
/// `plan`, `advance` and everything else that is not `async` is pure: no IO, no clock. The shell in
/// [`super::reconcile`] does the calling; [`super::decide`] does the thinking.
pub trait ExternalResource: Send + Sync + 'static {
    /// The Kubernetes kind.
    type Object: ManagedObject;
    /// What AWS has, as plain data.
    type Observed: Clone + Debug + PartialEq + Send + Sync;
    /// How it is made: what the creating call says.
    type Creation: Clone + Debug + PartialEq + Send + Sync;
    /// What can be done to it: exactly one AWS call each.
    type Op: Clone + Debug + PartialEq + Send + Sync;

    /// The blocks of the spec that can be declared, [`super::step::TAGS`] excepted.
    const BLOCKS: &'static [&'static str];

    /// The reason of a deletion that only what the resource holds is in the way of.
    const NOT_EMPTY: Reason;

    /// Whether ownership tags go with the call that makes this object's resource. Where they cannot, an intent
    /// in status precedes the create.
    fn tags_at_creation(&self, object: &Self::Object) -> bool;

    /// Whether the administrator lets this object's resource be in this region, and in those that it names besides.
    ///
    /// # Errors
    /// When one of them is not allowed. What is there already stays.
    fn admits(&self, object: &Self::Object, region: &str) -> Result<(), Error>;

    /// Resolves which account the credentials belong to.
    fn account(&self) -> impl Future<Output = Result<String, Error>> + Send;

    /// Reads what is asked for, all of it at once.
    ///
    /// # Errors
    /// When existence or ownership could not be read. A block that could not be read is an error
    /// inside [`ExternalResource::Observed`] and stops that block only.
    fn observe(
        &self,
        id: &Identity,
        reads: &Reads,
    ) -> impl Future<Output = Result<Existence<Self::Observed>, Error>> + Send;

    /// The creating step for this object.
    fn creation(&self, object: &Self::Object, id: &Identity) -> Step<Self::Creation>;

    /// What the resource is right after `creation`: its tags and its state, as AWS makes it.
    fn fresh(&self, creation: &Self::Creation) -> (Tags, Self::Observed);

    /// Whether no creating call carries this block and no answer to one tells it: what [`Self::fresh`] says of it
    /// is assumed, and endpoints differ.
    fn is_assumed(block: &str) -> bool;

    /// What stands between AWS and the spec, in the order in which it must be done; empty when they
    /// are equal. `tags` are those on the resource, if they have been read.
    fn plan(
        object: &Self::Object,
        managed: &Managed,
        id: &Identity,
        tags: Option<&Tags>,
        observed: &Self::Observed,
    ) -> Vec<Step<Self::Op>>;

    /// The step that marks the resource as released, for a deletion that retains it.
    fn release(id: &Identity, tags: &Tags) -> Step<Self::Op>;

    /// What the observation becomes once AWS has answered `op` with success.
    fn advance(tags: &mut Option<Tags>, observed: &mut Self::Observed, op: &Self::Op);

    /// Takes over the blocks that were read apart, and keeps the rest of `observed`.
    fn confirm(observed: &mut Self::Observed, read: Self::Observed);

    /// The change of state that AWS is busy with, if any: nothing can be written until it is over.
    fn transition(_: &Self::Observed) -> Option<Transition> {
        None
    }

    /// What AWS is still at work on while the resource serves and other parts of it can be changed, such as an
    /// index that is being built; for people. The object is not in sync before it is over.
    fn progress(_: &Self::Object, _: &Self::Observed) -> Option<String> {
        None
    }

    /// The declared blocks that this is about: what AWS is at work on is not in place yet, and may fail.
    fn at_work(_: &Self::Object, _: &Self::Observed) -> Vec<&'static str> {
        Vec::new()
    }

    /// What of the declared AWS has reported as failed later than in its answer to a call, by block, each with the
    /// words that say where and what to do. The object is not in sync while one of them stands.
    fn failures(_: &Self::Object, _: &Self::Observed) -> Vec<(&'static str, Error)> {
        Vec::new()
    }

    /// What makes it impossible to reach the spec, such as another key schema than the declared one. `observed` is
    /// `None` before the resource is made.
    fn obstacle(_: &Self::Object, _: &Identity, _observed: Option<&Self::Observed>) -> Option<Error> {
        None
    }

    /// What must be done before a deletion under this policy.
    ///
    /// # Errors
    /// What forbids it: protection, content.
    fn before_deletion(object: &Self::Object, observed: &Self::Observed) -> Result<Preparation<Self::Op>, Error>;

    /// How many of the objects that it holds `op` removes, for the progress of a forced deletion.
    fn emptied(_: &Self::Op) -> usize {
        0
    }

    /// Errors of single blocks in the observation.
    fn block_errors(observed: &Self::Observed) -> Vec<(&'static str, Error)>;

    /// What sets its name apart from all others in AWS: two objects of one scope cannot both have it.
    fn scope(id: &Identity) -> String;

    /// Whether what was seen, untagged, can be what this announced create has made, whose answer is not
    /// known.
    fn bears_out(object: &Self::Object, intent: &CreationIntent, observed: &Self::Observed) -> bool;

    /// The block that guards against what this block holds: while it stands AWS refuses it, and for some seconds after
    /// it was opened.
    fn guard_of(_block: &str) -> Option<&'static str> {
        None
    }

    /// Makes the resource and says what AWS's answer proves.
    ///
    /// # Errors
    /// Where AWS made nothing, or did not answer.
    fn create(
        &self,
        proof: &AbsenceProof,
        creation: &Self::Creation,
    ) -> impl Future<Output = Result<Made<Self::Observed>, Error>> + Send;

    /// Does one step.
    fn perform(&self, proof: &OwnershipProof, op: &Self::Op) -> impl Future<Output = Result<(), Error>> + Send;

    /// Asks AWS to delete the resource. Success means that it was asked for, not that it is gone.
    fn delete(&self, proof: &Deletable) -> impl Future<Output = Result<(), Error>> + Send;

    /// What to tell the user when a resource that had vanished was made again.
    fn recreated(id: &Identity) -> String;

    /// What applications want to know of it.
    fn outputs(&self, id: &Identity, observed: &Self::Observed) -> Outputs;

    /// Writes into the status what this kind alone has. `as_read` says that AWS has shown `observed` as it is: what a
    /// write should come to is not there yet, and AWS may never show it.
    fn report(_: &Self::Object, _: &Identity, _seen: &Self::Observed, _as_read: bool, _: &mut Status) {}
}

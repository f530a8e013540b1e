//! What a decision says: the next action, and when to look again.

use crate::{
    api::Status,
    managed::{
        external::ExternalResource,
        observation::Reads,
        ownership::{AbsenceProof, Deletable, OwnershipProof},
        secret::Outputs,
        step::Step,
    },
};

use super::Undo;

/// The next action.
#[derive(Clone, Debug, PartialEq)]
pub enum Action<Creation, Op> {
    /// Find out which resource in AWS the object stands for: the account is asked of AWS.
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
    /// Make the resource.
    Create(AbsenceProof, Step<Creation>),
    /// Do these steps, one after another. They are all that a decision after each would name, so none is asked for
    /// between them; the first that does not succeed, or that AWS is busy with from then on, ends them.
    Perform(OwnershipProof, Vec<Step<Op>>),
    /// Go back on a step of this reconciliation; its block then rests until the next one.
    Undo(OwnershipProof, Undo<Op>),
    /// Ask AWS to delete the resource.
    Delete(Deletable),
    /// Write the connection Secret, and delete one that is no longer wanted.
    WriteSecret {
        /// What goes into it.
        outputs: Outputs,
    },
    /// Let the object go.
    RemoveFinalizer,
    /// The reconciliation is over.
    Conclude {
        /// The status to write, if it differs.
        status: Box<Status>,
        /// When to look again.
        next: Next,
    },
}

/// The same for a kind.
pub type ActionOf<X> = Action<<X as ExternalResource>::Creation, <X as ExternalResource>::Op>;

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
    Now,
    /// Writes do not take: after a long and growing pause.
    Slow,
    /// It was written to: once more, soon, to see that it took.
    Verify,
    /// It is in sync: at the next resync.
    Resync,
    /// It is gone.
    Never,
}

//! Faults on purpose: the mistakes that the tests must notice, by name.
//!
//! Each stands at the place in the code where somebody could make it. Outside the test build
//! [`mutant`] is a constant `false` and the compiler takes it away.

/// A mistake that the simulation must catch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mutant {
    /// No live read before a create or a delete.
    NoLiveRead,
    /// Writes to Kubernetes do not test the uid.
    NoUidTest,
    /// "Forbidden" is read as "does not exist".
    ForbiddenIsAbsent,
    /// "Does not exist" is believed right after our own create.
    NoGrace,
    /// A create without an answer counts as a create that failed.
    TimeoutIsFailure,
    /// The finalizer goes before AWS says that the thing is gone.
    FinalizerFirst,
    /// Ready before the Secret is written.
    ReadyBeforeSecret,
    /// The deletion policy is the one that the object had when its deletion began.
    PolicyEditIgnored,
    /// An approval is not counted.
    ApprovalTwice,
    /// A thing that another uid has claimed is taken back.
    UidTakenBack,
    /// The next write does not wait until the table is at rest.
    TwoWritesInFlight,
    /// Ownership is not looked at.
    NoProof,
    /// A deletion does not look at the uid.
    DeleteByName,
    /// What adopting would change is published to whoever names the resource.
    PlanOfStrangers,
    /// A spec may name whatever it likes.
    ReferencesUnchecked,
    /// Who asks for a reserved name in vain gives it back.
    EagerGuard,
    /// A create is believed to have made what it may only have met.
    CreateBelieved,
    /// An announced create counts although AWS has said that the name existed before.
    IntentOutlivesRefusal,
    /// An announced create counts whatever AWS tells of where a table comes from.
    IntentIsEnough,
    /// The whole plan is made again after each call: what it costs grows with the square of a list.
    PlanAfterEachCall,
    /// A namespace is its name.
    NamespaceByName,
}

impl Mutant {
    /// All that change what is done; the others change what it costs, or is said of it, and have tests of their own.
    #[cfg(test)]
    pub const ALL: &[Self] = &[
        Self::NoLiveRead,
        Self::NoUidTest,
        Self::ForbiddenIsAbsent,
        Self::NoGrace,
        Self::TimeoutIsFailure,
        Self::FinalizerFirst,
        Self::ReadyBeforeSecret,
        Self::PolicyEditIgnored,
        Self::ApprovalTwice,
        Self::UidTakenBack,
        Self::TwoWritesInFlight,
        Self::NoProof,
        Self::DeleteByName,
        Self::PlanOfStrangers,
        Self::ReferencesUnchecked,
        Self::EagerGuard,
        Self::CreateBelieved,
        Self::IntentOutlivesRefusal,
        Self::IntentIsEnough,
    ];
}

/// Whether this mistake is switched on.
#[cfg(not(test))]
pub const fn mutant(_: Mutant) -> bool {
    false
}

#[cfg(test)]
pub use switch::{mutant, with_mutant, without_mutants};

#[cfg(test)]
mod switch {
    use std::cell::Cell;

    use super::Mutant;

    thread_local! {
        static ON: Cell<Option<Mutant>> = const { Cell::new(None) };
    }

    pub fn mutant(which: Mutant) -> bool {
        ON.get() == Some(which)
    }

    /// Awaits `work` with no mistake switched on.
    pub async fn without_mutants<T>(work: impl Future<Output = T>) -> T {
        let before = ON.replace(None);
        let result = work.await;
        ON.set(before);
        result
    }

    /// Runs `body` with one mistake switched on in this thread.
    pub fn with_mutant<T>(which: Mutant, body: impl FnOnce() -> T) -> T {
        ON.set(Some(which));
        let result = body();
        ON.set(None);
        result
    }
}

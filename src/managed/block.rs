//! One block of a spec, whole: what the spec declares of it, what AWS has, what a reset of it does, and the calls
//! that read and write it.
//!
//! A kind has a table of its blocks, a [`Row`] each: everything that asks "for each block" walks it. What is
//! compared is a *state*, the block in a normal form in which equal meaning is equal value, so that there is no drift
//! where nothing differs.

use std::{future::Future, pin::Pin};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{api::Impact, iam::operation::Operation};

use super::error::{Error, ErrorKind, Reason};

/// A kind whose spec has blocks.
pub(crate) trait Blocks: 'static {
    /// Its spec.
    type Spec: 'static;
    /// Where calls go.
    type Target: Sync + 'static;
}

/// The spec of the kind that a block belongs to.
pub(crate) type Spec<B> = <<B as Block>::Kind as Blocks>::Spec;

/// Where the calls of a block go.
pub(crate) type Target<B> = <<B as Block>::Kind as Blocks>::Target;

/// One block of a spec.
pub(crate) trait Block: Sized + 'static {
    /// The kind that it belongs to.
    type Kind: Blocks;
    /// The field of the spec.
    const NAME: &'static str;
    /// The most that a reset does to those who rely on the block.
    const IMPACT: Impact = Impact::Update;
    /// Where a reset leads, in the words of the reference.
    const RESET_TO: &'static str = "reset to the AWS default";
    /// Blocks that must be in place before this one is written.
    const AFTER: &'static [&'static str] = &[];
    /// AWS operations that reading and writing it take: the one that reads comes first.
    const OPERATIONS: &'static [Operation];
    /// The block in normal form.
    type State: Clone + PartialEq + Serialize + DeserializeOwned + Send + Sync;
    /// What one call that writes it says.
    type Call: Serialize + DeserializeOwned + Send + Sync;

    /// What AWS gives something new.
    fn initial() -> Self::State;

    /// What the spec declares, given what was observed: leaves that it does not declare stay as they are.
    /// `None` if the block is absent.
    fn declared(spec: &Spec<Self>, observed: &Self::State) -> Option<Self::State>;

    /// Where a block that is no longer declared goes back to.
    fn reset(_observed: &Self::State) -> Self::State {
        Self::initial()
    }

    /// The state where the endpoint lacks the feature: a block that declares it is in place there. `None` where
    /// that cannot be known.
    fn lacking() -> Option<Self::State> {
        Some(Self::initial())
    }

    /// Whether two states mean the same.
    fn same(a: &Self::State, b: &Self::State) -> bool {
        a == b
    }

    /// Whether a reset from the first state to the second has [`Block::IMPACT`].
    fn has_impact(_from: &Self::State, _to: &Self::State) -> bool {
        true
    }

    /// Why AWS would refuse this state, as far as that can be told without asking.
    fn refusal(_state: &Self::State) -> Option<Error> {
        None
    }

    /// Reads it; "there is none" is a state, not an error.
    fn read(target: &Target<Self>) -> impl Future<Output = Result<Self::State, Error>> + Send;

    /// Makes one call.
    fn write(target: &Target<Self>, call: &Self::Call) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What the reference and the policy tell of a block.
#[derive(Debug)]
pub struct BlockInfo {
    /// The field of the spec.
    pub name: &'static str,
    /// AWS operations that reading and writing it take.
    pub operations: &'static [Operation],
    /// What AWS gives something new.
    pub initial: Value,
    /// The most that a reset does to those who rely on it.
    pub reset: Impact,
    /// Where a reset leads, in the words of the reference.
    pub reset_to: &'static str,
}

/// A future with its type forgotten.
pub(crate) type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// What a state must become, of the spec, whether the block is managed, and what was observed.
pub(crate) type Wanted<Spec> = fn(&Spec, bool, &Value) -> Result<Option<Value>, Error>;

/// A [`Block`] with its type forgotten: states are JSON, which is also what people are shown.
pub(crate) struct Row<K: Blocks, W> {
    pub name: &'static str,
    pub impact: Impact,
    pub reset_to: &'static str,
    pub after: &'static [&'static str],
    pub operations: &'static [Operation],
    pub is_declared: fn(&K::Spec) -> bool,
    /// Whether the spec declares what there is where the endpoint lacks the feature.
    pub is_off: fn(&K::Spec) -> bool,
    pub initial: fn() -> Result<Value, Error>,
    /// What the state must become; `None` if it is as it should be.
    pub wanted: Wanted<K::Spec>,
    pub has_impact: fn(&Value, &Value) -> bool,
    /// Why AWS would refuse to be told this: a whole state, or one configuration of a list.
    pub refusal: fn(&Value) -> Option<Error>,
    pub read: for<'a> fn(&'a K::Target) -> Answer<'a, Value>,
    /// How it is written, which differs by kind.
    pub write: W,
}

impl<K: Blocks, W: Copy> Row<K, W> {
    /// The row of a block that is written so.
    pub const fn of<B: Block<Kind = K>>(write: W) -> Self {
        Self {
            name: B::NAME,
            impact: B::IMPACT,
            reset_to: B::RESET_TO,
            after: B::AFTER,
            operations: B::OPERATIONS,
            is_declared: |spec| B::declared(spec, &B::initial()).is_some(),
            is_off: |spec| {
                B::lacking().is_some_and(|off| B::declared(spec, &off).is_some_and(|declared| B::same(&off, &declared)))
            },
            initial: || json::<B>(&B::initial()),
            wanted: |spec, managed, observed| {
                let observed = state::<B>(observed)?;
                let target = match B::declared(spec, &observed) {
                    Some(declared) => declared,
                    None if managed => B::reset(&observed),
                    None => return Ok(None),
                };
                if B::same(&observed, &target) { Ok(None) } else { json::<B>(&target).map(Some) }
            },
            // What cannot be compared counts as lowered.
            has_impact: |from, to| match (state::<B>(from), state::<B>(to)) {
                (Ok(from), Ok(to)) => B::has_impact(&from, &to),
                _ => true,
            },
            refusal: |value| state::<B>(value).map_or_else(Some, |state| B::refusal(&state)),
            read: |target| Box::pin(async move { json::<B>(&B::read(target).await?) }),
            write,
        }
    }

    /// What the reference and the policy tell of it.
    pub fn info(&self) -> BlockInfo {
        BlockInfo {
            name: self.name,
            operations: self.operations,
            initial: (self.initial)().unwrap_or_default(),
            reset: self.impact,
            reset_to: self.reset_to,
        }
    }

    /// What a reset from one state to another does to those who rely on the block.
    pub fn reset(&self, from: &Value, to: &Value) -> Impact {
        if (self.has_impact)(from, to) { self.impact } else { Impact::Update }
    }
}

/// Names of the blocks of a table, in its order.
pub(crate) const fn names<K: Blocks, W, const N: usize>(rows: &[Row<K, W>; N]) -> [&'static str; N] {
    let mut names = [""; N];
    let mut at = 0;
    while at < N {
        names[at] = rows[at].name;
        at += 1;
    }
    names
}

/// A state as JSON.
///
/// # Errors
/// Never, but for a mistake in the type.
pub(crate) fn json<B: Block>(state: &B::State) -> Result<Value, Error> {
    to_json(B::NAME, state)
}

/// A state from JSON.
///
/// # Errors
/// Where the JSON is that of another block.
pub(crate) fn state<B: Block>(value: &Value) -> Result<B::State, Error> {
    from_json(B::NAME, value)
}

pub(crate) fn to_json(name: &str, value: impl Serialize) -> Result<Value, Error> {
    serde_json::to_value(value).map_err(|error| impossible(name, &error))
}

pub(crate) fn from_json<T: DeserializeOwned>(name: &str, value: &Value) -> Result<T, Error> {
    T::deserialize(value).map_err(|error| impossible(name, &error))
}

/// States and calls come from their own types, so this is a mistake in ours.
fn impossible(name: &str, error: &serde_json::Error) -> Error {
    Error::new(
        ErrorKind::Unknown,
        Reason::Internal,
        format!("Cannot convert {name} to JSON and back: {error}. Please report this"),
    )
}

//! What keeps the passes coming: watches fill a queue, workers empty it.
//!
//! kube-runtime's `Controller` is not used: one failing watch pauses all of its triggers, and it
//! draws pending objects at random. Its `watcher` and `reflector` are.

mod budget;
mod controller;
mod error;
mod gate;
mod http;
mod key;
mod lane;
mod operator;
mod options;
mod preflight;
mod priority;
mod probes;
mod queue;
mod schedule;
mod size;
mod start;
mod tenure;
mod watch;
mod work;

pub use error::RunError;
pub(crate) use operator::{Operator, Registered};
pub use options::Options;
pub use start::run;

#[cfg(test)]
pub(crate) mod parts {
    //! What the simulation puts together by itself.
    pub(crate) use super::{
        controller::{Controller, KindController},
        key::Key,
        queue::Attempts,
        schedule::Schedule,
        watch::Intake,
        work::Shared,
    };
}

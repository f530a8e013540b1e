//! A probe, and what it finds.

use std::{panic::AssertUnwindSafe, pin::Pin};

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::FutureExt as _;

use crate::{bench::Bench, proxy::Rule};

/// What an endpoint does about a rule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding {
    Kept,
    /// What it did instead.
    NotKept(String),
}

/// A finding, or why there is none.
pub type Outcome = Result<Finding, String>;

/// Who keeps a rule in the tests of this repository.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Here {
    /// The proxy, and LocalStack does not.
    Proxy,
    /// LocalStack by itself.
    LocalStack,
    /// The proxy, and LocalStack cannot be asked: it does not answer.
    ProxyAlone,
}

/// Whether AWS can be asked.
#[derive(Clone, Copy, Debug)]
pub enum OnAws {
    Probed,
    /// Why not.
    Not(&'static str),
}

pub type Reconciliation<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

pub struct Probe {
    pub rule: Rule,
    pub here: Here,
    pub on_aws: OnAws,
    pub run: for<'a> fn(&'a Bench) -> Reconciliation<'a>,
}

/// The outcome of a probe; one that panics or does not end has none.
pub async fn run(probe: &Probe, bench: &Bench) -> Outcome {
    let running = AssertUnwindSafe((probe.run)(bench)).catch_unwind();
    match tokio::time::timeout(bench.patience() * 3, running).await {
        Ok(outcome) => outcome.unwrap_or_else(|_| Err("the probe panicked".to_owned())),
        Err(_) => Err(format!("the probe did not end within {:?}", bench.patience() * 3)),
    }
}

/// The code of AWS's answer; its HTTP status where it has no body.
pub fn code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> String {
    let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
    let status = error.raw_response().map(|response| response.status().as_u16()).unwrap_or_default();
    code.map_or_else(|| format!("Http{status}"), str::to_owned)
}

/// Code and words.
pub fn said<E: ProvideErrorMetadata + std::fmt::Debug>(error: &SdkError<E, HttpResponse>) -> String {
    let words = error.as_service_error().and_then(ProvideErrorMetadata::message);
    match words {
        Some(words) => format!("{} ({words})", code(error)),
        None if error.raw_response().is_some() => code(error),
        None => format!("{error:?}"),
    }
}

/// Kept where the call was refused with one of these codes; an HTTP status is written `Http403`.
pub fn refused<T, E>(what: &str, codes: &[&str], answer: Result<T, SdkError<E, HttpResponse>>) -> Outcome
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    match answer {
        Ok(_) => Ok(Finding::NotKept(format!("{what} was accepted"))),
        Err(error) if codes.contains(&code(&error).as_str()) => Ok(Finding::Kept),
        Err(error) => Err(format!("{what} answered {}", said(&error))),
    }
}

/// What has to succeed for a probe to go on.
pub fn done<T, E>(what: &str, answer: Result<T, SdkError<E, HttpResponse>>) -> Result<T, String>
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    answer.map_err(|error| format!("{what}: {}", said(&error)))
}

#[allow(clippy::unnecessary_wraps, reason = "it is the last word of a probe")]
pub fn not_kept(what: impl Into<String>) -> Outcome {
    Ok(Finding::NotKept(what.into()))
}

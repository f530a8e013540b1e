//! AWS as the kinds see it: clients per region, which regions are allowed, whose account the credentials
//! belong to, what an error means, which endpoints do not answer, and a count of every attempt.

mod account;
mod circuit;
mod classify;
mod clients;
mod denial;
mod elsewhere;
mod error_text;
mod errors;
mod http;
mod kind;
mod meter;
#[cfg(test)]
mod mock;
mod observer;
#[cfg(test)]
mod outages;
mod partitions;
pub(crate) mod policy_document;
#[cfg(test)]
mod profiles;
mod regions;
mod retries;
mod service;
mod timeouts;

pub use account::is_account_id;
pub use circuit::Circuits;
pub use clients::{Aws, Options, s3_website_domain};
pub use elsewhere::Elsewhere;
#[cfg(test)]
pub(crate) use errors::refusal;
pub use errors::{code, error_of, http_status, not_offered};
pub use kind::AwsKind;
pub use meter::Meter;
pub use partitions::{PARTITIONS, dns_suffix, dns_suffix_of, partition};
pub(crate) use retries::NotAfterATimeout;
pub(crate) use service::service_client;
pub use service::{Connection, ServiceClient};

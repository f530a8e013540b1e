//! AWS as the kinds see it: clients per region, whose account the credentials belong to, what an
//! error means, and a count of every attempt.

mod clients;
mod errors;
mod keys;
mod meter;
mod observer;
mod owners;
#[cfg(test)]
mod played;

pub use clients::{Aws, Options, Regional, dns_suffix, partition, s3_website_domain};
pub use errors::{code, fault, http_status, not_offered};
pub use meter::Meter;

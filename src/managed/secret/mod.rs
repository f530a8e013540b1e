//! What the connection Secret holds. How it is written is in [`super::cluster`].

pub mod wanted;

use std::collections::BTreeMap;

/// What applications want to know of a resource, by the names that `connectionSecret.keys` uses.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outputs {
    /// Its ARN.
    pub arn: String,
    /// The endpoint that applications reach it at.
    pub endpoint: String,
    /// `servicebinding.io/<type>` is the type of the Secret: `s3`, `dynamodb`.
    pub binding_type: &'static str,
    /// The outputs that go into the Secret by themselves, by name, the ones above included.
    pub values: BTreeMap<&'static str, String>,
    /// Outputs that go into the Secret only where `connectionSecret.keys` asks for them, and into
    /// status.
    pub more: BTreeMap<&'static str, String>,
    /// Numbers that AWS counts by itself and that change all the time: they go into status only when a reconciliation
    /// ends in sync.
    pub measured: BTreeMap<&'static str, String>,
}

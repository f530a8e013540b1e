use std::sync::Arc;

use crate::{
    iam::Operation,
    managed::{block::BlockInfo, external::External},
};

use super::Aws;

/// A kind as the registry ([`crate::kinds`]) takes it: what is known of it beside how it is reconciled.
pub trait AwsKind: External {
    /// The AWS service, as people write it: `S3`.
    const SERVICE: &'static str;
    /// What the reference says of all its blocks together.
    const NOTE: &'static str;
    /// AWS operations that every object takes, whatever its spec declares.
    const OPERATIONS: &'static [Operation];
    /// Whether AWS takes its settings as XML, which some characters cannot be written in.
    const AS_XML: bool = false;

    /// Its blocks, in the order of the reference.
    fn blocks() -> Vec<BlockInfo>;

    /// Reached through these clients.
    fn new(aws: Arc<Aws>) -> Self;
}

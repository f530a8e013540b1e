use std::sync::Arc;

use crate::{
    api::tags::Tags,
    iam::operation::Operation,
    managed::{block::BlockInfo, error::Error, external::ExternalResource},
};

use super::Aws;

/// A kind as the registry ([`crate::kinds`]) takes it: what is known of it beside how it is reconciled.
pub trait AwsKind: ExternalResource {
    /// What the reference says of all its blocks together.
    const NOTE: &'static str;
    /// AWS operations that every object takes, whatever its spec declares.
    const OPERATIONS: &'static [Operation];
    /// The services that its calls go to, by the ids of AWS's SDKs: `S3`, `S3 Control`. The first is what the kind is
    /// of.
    const SDK_SERVICES: &'static [&'static str];
    /// What `ignoreChanges` can name beside whole blocks, as regular expressions.
    const PARTS: &'static [&'static str] = &[];
    /// Whether AWS takes its settings as XML, which some characters cannot be written in.
    const AS_XML: bool = false;

    /// Its blocks, in the order of the reference.
    fn blocks() -> Vec<BlockInfo>;

    /// Reached through these clients.
    fn new(aws: Arc<Aws>) -> Self;

    /// The tags of the resource of this kind and of the operator's account that a spec in this region names by its
    /// ARN; `None` if there is none.
    ///
    /// # Errors
    /// When AWS did not answer, or does not let it be looked at.
    fn tags_of(
        aws: &Aws,
        arn: &str,
        region: &str,
        account: &str,
    ) -> impl Future<Output = Result<Option<Tags>, Error>> + Send;
}

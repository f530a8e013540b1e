//! What a spec names in AWS beside its own resource: roles, buckets, queues, keys, backups, ...
//!
//! Whatever it is, the operator's one role reaches it for every namespace alike. `--allow-references
//! NAMESPACE=ARNGLOB` says which namespace may name what. Two rules:
//!
//! * Sources of copies (`createFrom`) are checked always, when the table is made: a backup, a table or files of
//!   another team would be copied to whoever names them.
//! * Everything else is checked as soon as one allowance is given. One team in one cluster needs none.
//!
//! A bucket or a table needs no allowance if its own ownership tags name an object of the same cluster and
//! namespace ([`check::owned_here`]); they are read from AWS for this, status is no proof. Principals in policy documents
//! are not references: they are given a right and lend none.

pub mod check;

use std::str::FromStr;

use crate::api::tags::Tags;

use super::{
    adoption::AdoptionRule,
    block::Answer,
    error::{Error, Reason},
    identity::Identity,
};

/// One namespace, or all of them (`*`), and the ARNs that it may name.
#[derive(Clone, Debug)]
pub struct ReferenceAllowance(AdoptionRule);

impl FromStr for ReferenceAllowance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((_, arn)) if arn == "*" || arn.starts_with("arn:") => text.parse().map(Self),
            _ => Err(format!("`{text}` is not NAMESPACE=ARN, for example shop=arn:aws:sqs:*:*:shop-*")),
        }
    }
}

/// Knows whose a resource is that a spec names, of whatever kind it is.
pub trait Owners: Send + Sync {
    /// Its tags: `None` if there is no such resource, or not in the account of the operator's credentials, or it may
    /// not be looked at. Asked for those alone that are [taggable](Reference::taggable).
    ///
    /// # Errors
    /// When AWS did not answer.
    fn tags_of<'a>(&'a self, id: &'a Identity, reference: &'a Reference) -> Answer<'a, Option<Tags>>;
}

/// A field of a spec that names something in AWS: its path, where `[]` stands for each item of a list.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Such as `replication.rules[].destination.bucket`.
    pub path: &'static str,
    /// How it names what it names.
    pub form: Form,
    /// Whether what it names is copied, once, when the resource is made.
    pub source: bool,
}

/// How a field names something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// By its ARN.
    Arn,
    /// A bucket, by its ARN.
    BucketArn,
    /// A bucket, by its name.
    BucketName,
    /// A table, by its ARN.
    TableArn,
    /// A key of AWS KMS, by its ARN, its id or its alias.
    Key,
    /// `true` for the account's default event bus.
    EventBus,
}

impl Field {
    /// Of a field that is enforced for as long as it is declared.
    pub const fn new(path: &'static str, form: Form) -> Self {
        Self { path, form, source: false }
    }

    /// Of a field that says what is copied when the resource is made.
    pub const fn source(path: &'static str, form: Form) -> Self {
        Self { path, form, source: true }
    }
}

/// What one field of one object names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference {
    /// Where, such as `replication.rules[nightly].destination.bucket`.
    pub path: String,
    /// What, as an ARN.
    pub arn: String,
    /// Whether its ownership tags can be asked for.
    pub taggable: bool,
    source: bool,
}

/// What came of checking what a spec names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    /// The generation of the object whose spec that was.
    pub generation: i64,
    /// Whether sources of copies were checked, too.
    pub creating: bool,
    /// What neither an allowance covers nor its tags.
    pub refused: Vec<Reference>,
}

impl Checked {
    /// What may not be named, `creating` the resource or not.
    pub fn refused(&self, creating: bool) -> Option<&Reference> {
        self.refused.iter().find(|reference| creating || !reference.source)
    }
}

/// What to tell whoever named this.
pub fn not_allowed(reference: &Reference, namespace: &str) -> Error {
    let Reference { path, arn, taggable, source } = reference;
    let owned = if *taggable { " is not owned by an object in this namespace, and which" } else { "" };
    let why = if *source { ", because its contents would be copied" } else { "" };
    Error::user(
        Reason::ReferenceNotAllowed,
        format!(
            "{path} refers to {arn}, which{owned} namespace {namespace} may not refer to{why}. Use another resource, \
             or ask an administrator to add {namespace}={arn} to --allow-references (may be a glob; Helm: \
             allowReferences)"
        ),
    )
}

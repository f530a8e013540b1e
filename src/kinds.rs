//! The kinds that the operator serves, one row each in [`ALL`].
//!
//! Whatever is about every kind walks it: the CustomResourceDefinitions, the reference, the IAM policy, the check for
//! CRDs at the start, and the controllers.

use std::sync::Arc;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{CustomResourceExt, core::ApiResource};

use crate::{
    api::{
        crd::{self, Shape},
        tags::Tags,
    },
    aws::{Aws, AwsKind},
    bucket::Buckets,
    iam::operation::Operation,
    managed::{
        block::{Answer, BlockInfo},
        error::ErrorKind,
        identity::Identity,
        object::ManagedObject,
        references::{Field, Owners, Reference},
    },
    runtime::{Operator, Registered},
    table::Tables,
};

/// Every kind, in the order of the reference.
pub const ALL: &[Kind] = &[Kind::of::<Buckets>(), Kind::of::<Tables>()];

/// A kind with its types forgotten.
pub struct Kind {
    /// What one of them is called: `bucket`.
    pub noun: &'static str,
    /// The AWS service that it is of, as people write it.
    pub service: &'static str,
    /// What the reference says of all its blocks together.
    pub note: &'static str,
    /// AWS operations that every object takes, whatever its spec declares.
    pub operations: &'static [Operation],
    /// Its blocks, in the order of the reference.
    pub blocks: fn() -> Vec<BlockInfo>,
    /// The services that its calls go to, by the ids of AWS's SDKs.
    pub sdk_services: &'static [&'static str],
    /// The fields of its spec that name something in AWS beside the resource itself.
    pub references: &'static [Field],
    as_xml: bool,
    parts: &'static [&'static str],
    derived: fn() -> CustomResourceDefinition,
    resource: fn() -> ApiResource,
    tags_of: for<'a> fn(&'a Aws, &'a str, &'a str, &'a str) -> Answer<'a, Option<Tags>>,
    pub(crate) register: fn(&mut Operator, Arc<Aws>) -> Registered,
}

impl Kind {
    const fn of<K: AwsKind<Object: CustomResourceExt>>() -> Self {
        Self {
            noun: K::Object::NOUN,
            service: K::SDK_SERVICES[0],
            note: K::NOTE,
            operations: K::OPERATIONS,
            blocks: K::blocks,
            sdk_services: K::SDK_SERVICES,
            references: K::Object::REFERENCES,
            as_xml: K::AS_XML,
            parts: K::PARTS,
            derived: K::Object::crd,
            resource: || ApiResource::erase::<K::Object>(&()),
            tags_of: |aws, arn, region, account| Box::pin(K::tags_of(aws, arn, region, account)),
            register: |operator, aws| operator.register(K::new(aws)),
        }
    }

    /// Its CustomResourceDefinition.
    ///
    /// # Errors
    /// When the derived schema cannot be read back as JSON, which is a mistake in the types.
    pub fn crd(&self) -> serde_json::Result<CustomResourceDefinition> {
        let blocks = (self.blocks)().into_iter().map(|block| block.name).collect();
        crd::finish((self.derived)(), &Shape { as_xml: self.as_xml, blocks, parts: self.parts })
    }

    /// The name of its CustomResourceDefinition: `buckets.s3.musubi.dev`.
    pub fn crd_name(&self) -> String {
        (self.derived)().metadata.name.unwrap_or_default()
    }

    /// How the API server serves it.
    pub fn resource(&self) -> ApiResource {
        (self.resource)()
    }

    /// The file in `crds/` that holds its CustomResourceDefinition.
    pub fn file(&self) -> String {
        let spec = (self.derived)().spec;
        format!("{}_{}.yaml", spec.group, spec.names.plural)
    }
}

/// Every CustomResourceDefinition, each with the file in `crds/` that holds it.
///
/// # Errors
/// When a derived schema cannot be read back as JSON, which is a mistake in the types.
pub fn crds() -> serde_json::Result<Vec<(String, CustomResourceDefinition)>> {
    ALL.iter().map(|kind| Ok((kind.file(), kind.crd()?))).collect()
}

/// Every operation of AWS that the code can call, but for `GetCallerIdentity`, which needs no permission.
pub fn operations() -> impl Iterator<Item = Operation> {
    ALL.iter().flat_map(|kind| {
        let of_blocks = (kind.blocks)().into_iter().flat_map(|block| block.operations.iter().copied());
        kind.operations.iter().copied().chain(of_blocks)
    })
}

/// The services that the operator calls for its objects, by the ids of AWS's SDKs.
pub fn sdk_services() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|kind| kind.sdk_services.iter().copied())
}

/// Whose the resources are that specs name, as their tags in AWS say.
pub struct Tagged(pub Arc<Aws>);

impl Owners for Tagged {
    /// What nobody can look at proves nothing.
    fn tags_of<'a>(&'a self, id: &'a Identity, reference: &'a Reference) -> Answer<'a, Option<Tags>> {
        let service = reference.arn.split(':').nth(2).unwrap_or_default();
        let kind = ALL.iter().find(|kind| kind.operations.iter().any(|operation| operation.service == service));
        Box::pin(async move {
            let Some(kind) = kind else { return Ok(None) };
            match (kind.tags_of)(&self.0, &reference.arn, &id.region, &id.account_id).await {
                Err(error) if matches!(error.kind, ErrorKind::User | ErrorKind::Denied) => Ok(None),
                answer => answer,
            }
        })
    }
}

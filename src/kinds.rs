//! The kinds that the operator serves, one row each in [`ALL`].
//!
//! Whatever is about every kind walks it: the CustomResourceDefinitions, the reference, the IAM policy, the check for
//! CRDs at the start, and the controllers.

use std::sync::Arc;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::{CustomResourceExt, core::ApiResource};

use crate::{
    api::crd,
    aws::{Aws, AwsKind},
    bucket::Buckets,
    iam::Operation,
    managed::block::BlockInfo,
    runtime::{Operator, Registered},
    table::Tables,
};

/// Every kind, in the order of the reference.
pub const ALL: &[Kind] = &[Kind::of::<Buckets>(), Kind::of::<Tables>()];

/// A kind with its types forgotten.
pub struct Kind {
    /// The AWS service, as people write it.
    pub service: &'static str,
    /// What the reference says of all its blocks together.
    pub note: &'static str,
    /// AWS operations that every object takes, whatever its spec declares.
    pub operations: &'static [Operation],
    /// Its blocks, in the order of the reference.
    pub blocks: fn() -> Vec<BlockInfo>,
    as_xml: bool,
    derived: fn() -> CustomResourceDefinition,
    resource: fn() -> ApiResource,
    pub(crate) register: fn(&mut Operator, Arc<Aws>) -> Registered,
}

impl Kind {
    const fn of<K: AwsKind<Object: CustomResourceExt>>() -> Self {
        Self {
            service: K::SERVICE,
            note: K::NOTE,
            operations: K::OPERATIONS,
            blocks: K::blocks,
            as_xml: K::AS_XML,
            derived: K::Object::crd,
            resource: || ApiResource::erase::<K::Object>(&()),
            register: |operator, aws| operator.register(K::new(aws)),
        }
    }

    /// Its CustomResourceDefinition.
    ///
    /// # Errors
    /// When the derived schema cannot be read back as JSON, which is a mistake in the types.
    pub fn crd(&self) -> serde_json::Result<CustomResourceDefinition> {
        crd::finish((self.derived)(), self.as_xml)
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

//! The kinds that have a model of what AWS does, which workloads and races are about.

use crate::{api::DeletionPolicy, kinds};

/// A kind that has a model.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Simulated {
    #[default]
    Bucket,
    Table,
}

impl Simulated {
    const ALL: [Self; 2] = [Self::Bucket, Self::Table];

    /// What one of them is called.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Bucket => "bucket",
            Self::Table => "table",
        }
    }

    /// Its name in the API of Kubernetes.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Bucket => "buckets",
            Self::Table => "tables",
        }
    }

    /// `apiVersion` and `kind` of its objects.
    pub const fn type_meta(self) -> (&'static str, &'static str) {
        match self {
            Self::Bucket => ("s3.musubi.dev/v1alpha1", "Bucket"),
            Self::Table => ("dynamodb.musubi.dev/v1alpha1", "Table"),
        }
    }

    /// The policy that the schema's default stores.
    pub fn deletion_policy(self) -> DeletionPolicy {
        match self {
            Self::Bucket => DeletionPolicy::for_bucket(),
            Self::Table => DeletionPolicy::for_table(),
        }
    }
}

#[test]
fn every_kind_has_a_model_and_workloads() {
    let workloads = [super::workloads::buckets(), super::workloads::tables()].concat();
    for kind in kinds::ALL {
        let simulated = Simulated::ALL.into_iter().find(|known| known.noun() == kind.noun);
        let simulated = simulated.unwrap_or_else(|| panic!("the simulation has no {}: add it to Simulated", kind.noun));
        let resource = kind.resource();
        let type_meta = (resource.api_version.as_str(), resource.kind.as_str());
        assert_eq!((type_meta, resource.plural.as_str()), (simulated.type_meta(), simulated.plural()));
        assert!(workloads.iter().any(|workload| workload.kind == simulated), "no workload is about a {}", kind.noun);
    }
}

use aws_sdk_s3::types::{
    self as sdk, IntelligentTieringAccessTier, IntelligentTieringFilter, IntelligentTieringStatus,
};
use serde_json::{Value, json};

use crate::{
    api::{AccessTier, BucketSpec, IntelligentTieringConfiguration, Switch},
    managed::error::Error,
};

use super::{
    Target,
    document::{Built as _, Filter, filter_of, object, sort_field, tidy, without_idle_filter},
    named::{Named, calls},
};

/// `intelligentTiering`: archive tiers of S3 Intelligent-Tiering.
pub(super) struct IntelligentTieringBlock;

impl Named for IntelligentTieringBlock {
    const NAME: &'static str = "intelligentTiering";

    fn declared(spec: &BucketSpec) -> Option<&[IntelligentTieringConfiguration]> {
        Some(&spec.intelligent_tiering.as_ref()?.configurations)
    }

    fn normal(configuration: Value) -> Value {
        let mut configuration = without_idle_filter(tidy(configuration), "filter");
        sort_field(&mut configuration, "tierings");
        configuration
    }

    calls!(
        IntelligentTieringConfiguration,
        list: list_bucket_intelligent_tiering_configurations as "ListBucketIntelligentTieringConfigurations" in intelligent_tiering_configuration_list,
        put: put_bucket_intelligent_tiering_configuration as "PutBucketIntelligentTieringConfiguration" in intelligent_tiering_configuration,
        delete: delete_bucket_intelligent_tiering_configuration as "DeleteBucketIntelligentTieringConfiguration",
        actions: "s3:GetIntelligentTieringConfiguration", "s3:PutIntelligentTieringConfiguration"
    );
}

fn from_sdk(found: &sdk::IntelligentTieringConfiguration) -> Value {
    let filter = found.filter().and_then(|filter| {
        let and = filter.and();
        let prefix = filter.prefix().or_else(|| and.and_then(sdk::IntelligentTieringAndOperator::prefix));
        let tags = filter.tag().into_iter().chain(and.into_iter().flat_map(sdk::IntelligentTieringAndOperator::tags));
        filter_of(prefix, tags)
    });
    let tier = |tier: &sdk::Tiering| json!({"accessTier": tier.access_tier().as_str(), "days": tier.days()});
    object([
        ("id", Some(json!(found.id()))),
        ("status", Some(json!(found.status().as_str()))),
        ("filter", filter),
        ("tierings", Some(found.tierings().iter().map(tier).collect())),
    ])
}

fn to_sdk(found: &IntelligentTieringConfiguration) -> Result<sdk::IntelligentTieringConfiguration, Error> {
    let filter = found.filter.as_ref().map(|filter| Filter::new(filter.prefix.as_deref(), filter.tags.as_ref()));
    let out = IntelligentTieringFilter::builder();
    let filter = match filter.transpose()? {
        None | Some(Filter::All) => None,
        Some(Filter::Prefix(prefix)) => Some(out.prefix(prefix).build()),
        Some(Filter::Tag(tag)) => Some(out.tag(tag).build()),
        Some(Filter::And(prefix, tags)) => {
            let and = sdk::IntelligentTieringAndOperator::builder().set_prefix(prefix).set_tags(Some(tags));
            Some(out.and(and.build()).build())
        }
    };
    let mut out =
        sdk::IntelligentTieringConfiguration::builder().id(&found.id).set_filter(filter).status(match found.status {
            Switch::Enabled => IntelligentTieringStatus::Enabled,
            Switch::Disabled => IntelligentTieringStatus::Disabled,
        });
    for tiering in &found.tierings {
        let tier = match tiering.access_tier {
            AccessTier::ArchiveAccess => IntelligentTieringAccessTier::ArchiveAccess,
            AccessTier::DeepArchiveAccess => IntelligentTieringAccessTier::DeepArchiveAccess,
        };
        out = out.tierings(sdk::Tiering::builder().access_tier(tier).days(tiering.days).build().built()?);
    }
    out.build().built()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let tiers =
            json!([{"accessTier": "DEEP_ARCHIVE_ACCESS", "days": 180}, {"accessTier": "ARCHIVE_ACCESS", "days": 90}]);
        for filter in [
            json!(null),
            json!({"prefix": "a"}),
            json!({"tags": {"a": "1"}}),
            json!({"prefix": "a", "tags": {"a": "1"}}),
        ] {
            let wanted = IntelligentTieringBlock::normal(
                json!({"id": "x", "status": "Enabled", "filter": filter, "tierings": tiers}),
            );
            let typed = serde_json::from_value(wanted.clone()).expect("a configuration of the spec");
            assert_eq!(IntelligentTieringBlock::normal(from_sdk(&to_sdk(&typed).expect("it is whole"))), wanted);
        }
    }
}

use aws_sdk_s3::types::{self as sdk, MetricsFilter};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, MetricsConfiguration},
    managed::error::Error,
};

use super::{
    Target,
    document::{
        Built as _, Filter, filter_of, object, sdk_tags, some_object, tags_of, text, tidy, without_idle_filter,
    },
    named::{Named, calls},
};

/// `metrics`: request metrics in Amazon CloudWatch.
pub(super) struct MetricsBlock;

impl Named for MetricsBlock {
    const NAME: &'static str = "metrics";

    fn declared(spec: &BucketSpec) -> Option<&[MetricsConfiguration]> {
        Some(&spec.metrics.as_ref()?.configurations)
    }

    fn normal(configuration: Value) -> Value {
        without_idle_filter(tidy(configuration), "filter")
    }

    calls!(
        MetricsConfiguration,
        list: list_bucket_metrics_configurations as "ListBucketMetricsConfigurations" in metrics_configuration_list,
        put: put_bucket_metrics_configuration as "PutBucketMetricsConfiguration" in metrics_configuration,
        delete: delete_bucket_metrics_configuration as "DeleteBucketMetricsConfiguration",
        actions: "s3:GetMetricsConfiguration", "s3:PutMetricsConfiguration"
    );
}

fn from_sdk(found: &sdk::MetricsConfiguration) -> Value {
    let filter = found.filter().and_then(|filter| match filter {
        MetricsFilter::Prefix(prefix) => filter_of(Some(prefix), []),
        MetricsFilter::Tag(tag) => filter_of(None, [tag]),
        MetricsFilter::AccessPointArn(arn) => some_object([("accessPointArn", text(Some(arn)))]),
        MetricsFilter::And(and) => some_object([
            ("prefix", text(and.prefix())),
            ("tags", tags_of(and.tags())),
            ("accessPointArn", text(and.access_point_arn())),
        ]),
        // Shown, so that it is a difference.
        other => Some(json!(format!("{other:?}"))),
    });
    object([("id", Some(json!(found.id()))), ("filter", filter)])
}

fn to_sdk(found: &MetricsConfiguration) -> Result<sdk::MetricsConfiguration, Error> {
    let filter = found.filter.clone().unwrap_or_default();
    let filter = match (Filter::new(filter.prefix.as_deref(), filter.tags.as_ref())?, filter.access_point_arn) {
        (Filter::All, None) => None,
        (Filter::All, Some(arn)) => Some(MetricsFilter::AccessPointArn(arn)),
        (Filter::Prefix(prefix), None) => Some(MetricsFilter::Prefix(prefix)),
        (Filter::Tag(tag), None) => Some(MetricsFilter::Tag(tag)),
        (_, arn) => Some(MetricsFilter::And(
            sdk::MetricsAndOperator::builder()
                .set_prefix(filter.prefix)
                .set_tags(Some(sdk_tags(filter.tags.as_ref())?).filter(|tags| !tags.is_empty()))
                .set_access_point_arn(arn)
                .build(),
        )),
    };
    sdk::MetricsConfiguration::builder().id(&found.id).set_filter(filter).build().built()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let arn = "arn:aws:s3:us-east-1:111122223333:accesspoint/a";
        for filter in [
            json!(null),
            json!({"prefix": "x"}),
            json!({"tags": {"a": "1"}}),
            json!({"accessPointArn": arn}),
            json!({"prefix": "x", "accessPointArn": arn}),
            json!({"prefix": "x", "tags": {"a": "1", "b": "2"}, "accessPointArn": arn}),
        ] {
            let wanted = MetricsBlock::normal(json!({"id": "a", "filter": filter}));
            let typed = serde_json::from_value(wanted.clone()).expect("a configuration of the spec");
            assert_eq!(MetricsBlock::normal(from_sdk(&to_sdk(&typed).expect("it is whole"))), wanted);
        }
    }
}

use aws_sdk_s3::types::{
    self as sdk, AnalyticsFilter, AnalyticsS3ExportFileFormat, StorageClassAnalysis, StorageClassAnalysisSchemaVersion,
};
use serde_json::{Value, json};

use crate::{
    api::{AnalyticsConfiguration, AnalyticsExport, BucketSpec},
    managed::error::Error,
};

use super::{
    Target,
    document::{Built as _, Filter, filter_of, object, text, tidy, without_empty, without_idle_filter},
    named::{Named, calls},
};

/// `analytics`: storage class analysis.
pub(super) struct AnalyticsBlock;

impl Named for AnalyticsBlock {
    const NAME: &'static str = "analytics";

    fn declared(spec: &BucketSpec) -> Option<&[AnalyticsConfiguration]> {
        Some(&spec.analytics.as_ref()?.configurations)
    }

    fn normal(configuration: Value) -> Value {
        let mut configuration = without_idle_filter(tidy(configuration), "filter");
        without_empty(configuration.get_mut("dataExport"), "prefix");
        configuration
    }

    calls!(
        AnalyticsConfiguration,
        list: list_bucket_analytics_configurations as "ListBucketAnalyticsConfigurations" in analytics_configuration_list,
        put: put_bucket_analytics_configuration as "PutBucketAnalyticsConfiguration" in analytics_configuration,
        delete: delete_bucket_analytics_configuration as "DeleteBucketAnalyticsConfiguration",
        actions: "s3:GetAnalyticsConfiguration", "s3:PutAnalyticsConfiguration"
    );
}

fn from_sdk(found: &sdk::AnalyticsConfiguration) -> Value {
    let filter = found.filter().and_then(|filter| match filter {
        AnalyticsFilter::Prefix(prefix) => filter_of(Some(prefix), []),
        AnalyticsFilter::Tag(tag) => filter_of(None, [tag]),
        AnalyticsFilter::And(and) => filter_of(and.prefix(), and.tags()),
        // Shown, so that it is a difference.
        other => Some(json!(format!("{other:?}"))),
    });
    let to = found
        .storage_class_analysis()
        .and_then(StorageClassAnalysis::data_export)
        .and_then(sdk::StorageClassAnalysisDataExport::destination)
        .and_then(sdk::AnalyticsExportDestination::s3_bucket_destination);
    let export = to.map(|to| {
        object([
            ("bucket", Some(json!(to.bucket()))),
            ("bucketAccountId", text(to.bucket_account_id())),
            ("prefix", text(to.prefix())),
        ])
    });
    object([("id", Some(json!(found.id()))), ("filter", filter), ("dataExport", export)])
}

/// S3 knows one format and one version of the schema.
fn export_to_sdk(to: &AnalyticsExport) -> Result<sdk::StorageClassAnalysisDataExport, Error> {
    let bucket = sdk::AnalyticsS3BucketDestination::builder()
        .format(AnalyticsS3ExportFileFormat::Csv)
        .bucket(&to.bucket)
        .set_bucket_account_id(to.bucket_account_id.clone())
        .set_prefix(to.prefix.clone())
        .build()
        .built()?;
    sdk::StorageClassAnalysisDataExport::builder()
        .output_schema_version(StorageClassAnalysisSchemaVersion::V1)
        .destination(sdk::AnalyticsExportDestination::builder().s3_bucket_destination(bucket).build())
        .build()
        .built()
}

fn to_sdk(found: &AnalyticsConfiguration) -> Result<sdk::AnalyticsConfiguration, Error> {
    let filter = found.filter.as_ref().map(|filter| Filter::new(filter.prefix.as_deref(), filter.tags.as_ref()));
    let filter = match filter.transpose()? {
        None | Some(Filter::All) => None,
        Some(Filter::Prefix(prefix)) => Some(AnalyticsFilter::Prefix(prefix)),
        Some(Filter::Tag(tag)) => Some(AnalyticsFilter::Tag(tag)),
        Some(Filter::And(prefix, tags)) => Some(AnalyticsFilter::And(
            sdk::AnalyticsAndOperator::builder().set_prefix(prefix).set_tags(Some(tags)).build(),
        )),
    };
    let export = found.data_export.as_ref().map(export_to_sdk).transpose()?;
    sdk::AnalyticsConfiguration::builder()
        .id(&found.id)
        .set_filter(filter)
        .storage_class_analysis(StorageClassAnalysis::builder().set_data_export(export).build())
        .build()
        .built()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for wanted in [
            json!({"id": "a"}),
            json!({"id": "a", "filter": {"prefix": "x"}}),
            json!({"id": "a", "filter": {"tags": {"a": "1"}}, "dataExport": {"bucket": "arn:aws:s3:::b"}}),
            json!({"id": "a", "filter": {"prefix": "x", "tags": {"a": "1"}},
                "dataExport": {"bucket": "arn:aws:s3:::b", "bucketAccountId": "111122223333", "prefix": "p"}}),
        ] {
            let typed = serde_json::from_value(wanted.clone()).expect("a configuration of the spec");
            assert_eq!(AnalyticsBlock::normal(from_sdk(&to_sdk(&typed).expect("it is whole"))), wanted);
        }
    }
}

//! Replicas, and what fails after it was accepted.

use aws_sdk_dynamodb::types::{
    AttributeValue, BillingMode, ContributorInsightsAction, CreateReplicationGroupMemberAction, ImportStatus,
    ImportTableDescription, InputFormat, KeyType, OnDemandThroughputOverride, ReplicaDescription, ReplicaStatus,
    ReplicationGroupUpdate, S3BucketSource, StreamSpecification, StreamViewType, TableClass, TableCreationParameters,
    UpdateReplicationGroupMemberAction,
};

use super::probe;
use crate::{
    bench::{Bench, key, text},
    probe::{Finding, Outcome, Probe, done, not_kept, refused, said},
    proxy::{Import, Rule},
};

const REPLICA: &str = "a replica takes long to come and go, and its source cannot be deleted for 24 hours";

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::ReplicaKeyFixed, |bench| Box::pin(key_fixed(bench))).not_on_aws(REPLICA),
        probe(Rule::ReplicaOverrides, |bench| Box::pin(overrides(bench))).not_on_aws(REPLICA),
        probe(Rule::ReplicaStates, |bench| Box::pin(states(bench))).not_on_aws(REPLICA),
        // LocalStack waits for ever for a Kinesis that it cannot install.
        probe(Rule::KinesisFails, |bench| Box::pin(kinesis(bench)))
            .localstack_hangs()
            .not_on_aws("it takes a Kinesis data stream that is lost while it is enabled"),
        probe(Rule::InsightsFail, |bench| Box::pin(insights(bench))).not_on_aws("AWS cannot be made to fail at them"),
        probe(Rule::Imports, |bench| Box::pin(imports(bench))),
    ]
}

const REGION: &str = "eu-west-1";

/// A table with a replica.
async fn replicated(bench: &Bench, own: CreateReplicationGroupMemberAction) -> Result<String, String> {
    let table = bench.table("replicas").await?;
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewAndOldImages);
    let stream = bench.dynamodb.update_table().table_name(&table).stream_specification(stream.build().expect("whole"));
    done("a stream", stream.send().await)?;
    bench.active(&table).await?;
    let create = ReplicationGroupUpdate::builder().create(own).build();
    done("a replica", bench.dynamodb.update_table().table_name(&table).replica_updates(create).send().await)?;
    bench.active(&table).await?;
    Ok(table)
}

async fn replica(bench: &Bench, table: &str) -> Result<ReplicaDescription, String> {
    let found = bench.describe(table).await?;
    let replica = found.replicas().iter().find(|replica| replica.region_name() == Some(REGION));
    replica.cloned().ok_or_else(|| format!("no replica is shown: {found:?}"))
}

fn plain() -> CreateReplicationGroupMemberAction {
    CreateReplicationGroupMemberAction::builder().region_name(REGION).build().expect("it is whole")
}

async fn key_fixed(bench: &Bench) -> Outcome {
    let table = replicated(bench, plain()).await?;
    let key = format!("arn:aws:kms:{REGION}:{}:key/0b7d3c1e-1111-2222-3333-444455556666", bench.account);
    let update = UpdateReplicationGroupMemberAction::builder().region_name(REGION).kms_master_key_id(key);
    let update = ReplicationGroupUpdate::builder().update(update.build().expect("it is whole")).build();
    let update = bench.dynamodb.update_table().table_name(&table).replica_updates(update).send().await;
    refused("an Update of a replica with a key", &["ValidationException"], update)
}

/// One override that is the table's own value, and one that is not.
async fn overrides(bench: &Bench) -> Outcome {
    let limit = OnDemandThroughputOverride::builder().max_read_request_units(7).build();
    let own = CreateReplicationGroupMemberAction::builder()
        .region_name(REGION)
        .table_class_override(TableClass::Standard)
        .on_demand_throughput_override(limit)
        .build()
        .expect("it is whole");
    let table = replicated(bench, own).await?;
    let found = replica(bench, &table).await?;
    let limit = found.on_demand_throughput_override().and_then(OnDemandThroughputOverride::max_read_request_units);
    match (limit, found.replica_table_class_summary()) {
        (Some(7), None) => Ok(Finding::Kept),
        other => not_kept(format!("limit and class are shown as {other:?}")),
    }
}

async fn states(bench: &Bench) -> Outcome {
    let table = replicated(bench, plain()).await?;
    bench.plant(|proxy| proxy.plant_replica_state(&table, REGION, "CREATION_FAILED", "the region is out of order"));
    let found = replica(bench, &table).await?;
    let words = found.replica_status_description().unwrap_or_default();
    if found.replica_status() == Some(&ReplicaStatus::CreationFailed) && words == "the region is out of order" {
        Ok(Finding::Kept)
    } else {
        not_kept(format!("{:?} {words}", found.replica_status()))
    }
}

async fn kinesis(bench: &Bench) -> Outcome {
    let table = bench.table("kinesis").await?;
    bench.plant(|proxy| proxy.plant_kinesis_failure(&table, "the stream is not there any more"));
    let stream = format!("arn:aws:kinesis:{}:{}:stream/{}", bench.region, bench.account, bench.name("nowhere"));
    let enable = bench.dynamodb.enable_kinesis_streaming_destination().table_name(&table).stream_arn(stream);
    if let Err(error) = enable.send().await {
        return not_kept(format!("EnableKinesisStreamingDestination answered {}", said(&error)));
    }
    let found = bench.dynamodb.describe_kinesis_streaming_destination().table_name(&table).send().await;
    let found = done("DescribeKinesisStreamingDestination", found)?;
    let told = found.kinesis_data_stream_destinations().first().map(|found| format!("{found:?}")).unwrap_or_default();
    if told.contains("EnableFailed") && told.contains("not there any more") {
        Ok(Finding::Kept)
    } else {
        not_kept(told)
    }
}

async fn insights(bench: &Bench) -> Outcome {
    let table = bench.table("insights").await?;
    bench.plant(|proxy| proxy.plant_insights_failure(&table, "AccessDeniedException", "no role for insights"));
    let enable = bench.dynamodb.update_contributor_insights().table_name(&table);
    if let Err(error) = enable.contributor_insights_action(ContributorInsightsAction::Enable).send().await {
        return not_kept(format!("UpdateContributorInsights answered {}", said(&error)));
    }
    let found = bench.dynamodb.describe_contributor_insights().table_name(&table).send().await;
    let told = format!("{:?}", done("DescribeContributorInsights", found)?);
    let kept = told.contains("Failed") && told.contains("no role for insights");
    if kept { Ok(Finding::Kept) } else { not_kept(told) }
}

/// Begins an import from a bucket that is not there, and waits for its end. None where imports are not offered.
async fn import(bench: &Bench, table: &str) -> Result<Option<ImportTableDescription>, String> {
    let parameters = TableCreationParameters::builder()
        .table_name(table)
        .attribute_definitions(text("pk"))
        .key_schema(key("pk", KeyType::Hash))
        .billing_mode(BillingMode::PayPerRequest)
        .build()
        .expect("it is whole");
    let source = S3BucketSource::builder().s3_bucket(bench.name("nowhere")).build().expect("it is whole");
    let begun = bench.dynamodb.import_table().s3_bucket_source(source).input_format(InputFormat::DynamodbJson);
    let begun = match begun.table_creation_parameters(parameters).send().await {
        Ok(begun) => begun.import_table_description.unwrap_or_else(|| ImportTableDescription::builder().build()),
        Err(error) if bench.proxy.is_some() && format!("{error:?}").contains("UnknownOperation") => return Ok(None),
        Err(error) => return Err(format!("ImportTable answered {}", said(&error))),
    };
    let arn = begun.import_arn().unwrap_or_default().to_owned();
    let look = || async {
        let found = bench.dynamodb.describe_import().import_arn(&arn).send().await;
        found.ok().and_then(|found| found.import_table_description)
    };
    let ended = || async { look().await.is_some_and(|found| found.import_status != Some(ImportStatus::InProgress)) };
    bench.took("an import from a bucket that is not there to end", bench.until("the import has ended", ended).await?);
    look().await.map(Some).ok_or_else(|| "DescribeImport describes nothing".to_owned())
}

async fn imports(bench: &Bench) -> Outcome {
    let table = bench.name("import");
    bench.remember_table(&table);
    bench.plant(|proxy| {
        proxy.plant_import(&table, Import::FailsAtOnce("S3NoSuchBucket".into(), "The bucket does not exist".into()));
    });
    let Some(found) = import(bench, &table).await? else { return not_kept("imports are not offered") };
    if found.import_status != Some(ImportStatus::Failed) || found.failure_code().is_none() {
        return not_kept(format!("{found:?}"));
    }
    if bench.proxy.is_some() {
        return planted_imports(bench).await;
    }
    Ok(Finding::Kept)
}

/// Those that only the proxy can be made to show.
async fn planted_imports(bench: &Bench) -> Outcome {
    let (late, partly) = (bench.name("late"), bench.name("partly"));
    bench.remember_table(&late);
    bench.remember_table(&partly);
    bench.plant(|proxy| {
        proxy.plant_import(&late, Import::FailsLater("ItemValidationError".into(), "Too many errors".into()));
        proxy.plant_import(&partly, Import::LeavesOut { errors: 3, imported: 39 });
    });
    let failed = import(bench, &late).await?.ok_or("imports are not offered")?;
    let ended = import(bench, &partly).await?.ok_or("imports are not offered")?;
    bench.active(&partly).await?;
    let item = bench.dynamodb.get_item().table_name(&partly).key("pk", AttributeValue::S("x".into())).send().await;
    done("a read of the table", item)?;
    let told = (failed.failure_message(), ended.error_count, ended.imported_item_count);
    let kept = told == (Some("Too many errors"), 3, 39) && ended.import_status == Some(ImportStatus::Completed);
    if kept { Ok(Finding::Kept) } else { not_kept(format!("{told:?}")) }
}

//! What a bucket's configuration points to, and what it waits for.

use aws_sdk_s3::{
    operation::put_bucket_replication::PutBucketReplicationError,
    types::{
        BucketLoggingStatus, BucketVersioningStatus, DeleteMarkerReplication, DeleteMarkerReplicationStatus,
        Destination, Event, InventoryConfiguration, InventoryDestination, InventoryFormat, InventoryFrequency,
        InventoryIncludedObjectVersions, InventoryS3BucketDestination, InventorySchedule, LoggingEnabled,
        NotificationConfiguration, QueueConfiguration, ReplicationConfiguration, ReplicationRule,
        ReplicationRuleFilter, ReplicationRuleStatus, VersioningConfiguration,
    },
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};

use super::probe;
use crate::{
    bench::Bench,
    probe::{Finding, Outcome, Probe, code, done, not_kept, refused, said},
    proxy::Rule,
};

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::ReplicationNeedsVersioning, |bench| Box::pin(needs_versioning(bench))).kept_by_localstack(),
        probe(Rule::ReplicationWaits, |bench| Box::pin(waits(bench)))
            .not_on_aws("replication that is accepted needs an IAM role which S3 may assume"),
        probe(Rule::LoggingTarget, |bench| Box::pin(logging(bench))).kept_by_localstack(),
        probe(Rule::NotificationTarget, |bench| Box::pin(notifications(bench))),
        probe(Rule::ReportDestination, |bench| Box::pin(inventory(bench))),
    ]
}

async fn replicate(
    bench: &Bench,
    from: &str,
    to: &str,
) -> Result<(), SdkError<PutBucketReplicationError, HttpResponse>> {
    let markers = DeleteMarkerReplication::builder().status(DeleteMarkerReplicationStatus::Disabled).build();
    let rule = ReplicationRule::builder()
        .id("all")
        .priority(1)
        .status(ReplicationRuleStatus::Enabled)
        .filter(ReplicationRuleFilter::builder().prefix("").build())
        .delete_marker_replication(markers)
        .destination(Destination::builder().bucket(format!("arn:aws:s3:::{to}")).build().expect("it is whole"))
        .build()
        .expect("it is whole");
    let assumed = format!("arn:aws:iam::{}:role/replication", bench.account);
    let all = ReplicationConfiguration::builder().role(assumed).rules(rule).build().expect("it is whole");
    bench.s3.put_bucket_replication().bucket(from).replication_configuration(all).send().await.map(drop)
}

async fn enable_versioning(bench: &Bench, bucket: &str) -> Result<(), String> {
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = bench.s3.put_bucket_versioning().bucket(bucket).versioning_configuration(on);
    done("PutBucketVersioning", put.send().await).map(drop)
}

async fn needs_versioning(bench: &Bench) -> Outcome {
    let (from, to) = (bench.bucket("from").await?, bench.bucket("to").await?);
    match replicate(bench, &from, &to).await {
        Ok(()) => not_kept("replication between buckets without versioning was accepted"),
        Err(error) if code(&error) == "InvalidRequest" && said(&error).contains("ersioning") => Ok(Finding::Kept),
        Err(error) => Err(format!("PutBucketReplication answered {}", said(&error))),
    }
}

async fn waits(bench: &Bench) -> Outcome {
    let (from, to) = (bench.bucket("from").await?, bench.bucket("to").await?);
    enable_versioning(bench, &to).await?;
    enable_versioning(bench, &from).await?;
    let first = replicate(bench, &from, &to).await;
    let finding = refused("replication right after versioning", &["InvalidRequest"], first)?;
    if finding == Finding::Kept {
        let took = bench.until("replication is accepted", || async { replicate(bench, &from, &to).await.is_ok() });
        bench.took("versioning to let replication through", took.await?);
    }
    Ok(finding)
}

async fn logging(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("logged").await?;
    let to = LoggingEnabled::builder().target_bucket(bench.name("nowhere")).target_prefix("logs/");
    let status = BucketLoggingStatus::builder().logging_enabled(to.build().expect("it is whole")).build();
    let put = bench.s3.put_bucket_logging().bucket(&bucket).bucket_logging_status(status).send().await;
    refused("logging to a bucket that is not there", &["InvalidTargetBucketForLogging"], put)
}

async fn notifications(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("notified").await?;
    let arn = format!("arn:aws:sqs:{}:{}:{}", bench.region, bench.account, bench.name("nowhere"));
    bench.plant(|proxy| proxy.plant_missing_destination(&arn));
    let queue = QueueConfiguration::builder().queue_arn(&arn).events(Event::S3ObjectCreated);
    let all = NotificationConfiguration::builder().queue_configurations(queue.build().expect("it is whole")).build();
    let put = || {
        let put = bench.s3.put_bucket_notification_configuration().bucket(&bucket);
        put.notification_configuration(all.clone()).send()
    };
    let finding = refused("notifications to a queue that is not there", &["InvalidArgument"], put().await)?;
    if finding == Finding::Kept {
        bench.plant(|proxy| proxy.make_destination(&arn));
        if bench.proxy.is_some() {
            done("notifications to a queue that is there now", put().await)?;
        }
    }
    Ok(finding)
}

async fn inventory(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("listed").await?;
    let to = InventoryS3BucketDestination::builder()
        .bucket(format!("arn:aws:s3:::{}", bench.name("nowhere")))
        .format(InventoryFormat::Csv)
        .build()
        .expect("it is whole");
    let weekly = InventorySchedule::builder().frequency(InventoryFrequency::Weekly).build().expect("it is whole");
    let configuration = InventoryConfiguration::builder()
        .id("all")
        .is_enabled(true)
        .included_object_versions(InventoryIncludedObjectVersions::Current)
        .schedule(weekly)
        .destination(InventoryDestination::builder().s3_bucket_destination(to).build())
        .build()
        .expect("it is whole");
    let put = bench.s3.put_bucket_inventory_configuration().bucket(&bucket).id("all");
    let put = put.inventory_configuration(configuration).send().await;
    refused("inventory to a bucket that is not there", &["InvalidS3DestinationBucket"], put)
}

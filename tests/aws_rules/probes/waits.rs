//! What DynamoDB takes only after a while, or only so often.

use aws_sdk_dynamodb::types::{PointInTimeRecoverySpecification, ProvisionedThroughput, TimeToLiveSpecification};

use super::probe;
use crate::{
    bench::Bench,
    probe::{Finding, Outcome, Probe, done, refused},
    proxy::Rule,
};

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::TimeToLiveWaits, |bench| Box::pin(time_to_live(bench))),
        probe(Rule::CapacityDecreases, |bench| Box::pin(decreases(bench))),
        probe(Rule::BackupsBeingEnabled, |bench| Box::pin(backups(bench))),
    ]
}

async fn time_to_live(bench: &Bench) -> Outcome {
    let table = bench.table("expiry").await?;
    let set = |on: bool| {
        let specification = TimeToLiveSpecification::builder().enabled(on).attribute_name("expires").build();
        let call = bench.dynamodb.update_time_to_live().table_name(&table);
        call.time_to_live_specification(specification.expect("it is whole")).send()
    };
    done("time to live", set(true).await)?;
    refused("a second change of time to live", &["ValidationException"], set(false).await)
}

async fn decreases(bench: &Bench) -> Outcome {
    const MAX: i64 = 6;
    let table = bench.provisioned_table("decreases").await?;
    let set = |units: i64| {
        let capacity = ProvisionedThroughput::builder().read_capacity_units(units).write_capacity_units(1);
        let update = bench.dynamodb.update_table().table_name(&table);
        update.provisioned_throughput(capacity.build().expect("it is whole")).send()
    };
    for units in (2..=MAX).rev() {
        done("a change of capacity", set(units).await)?;
        bench.active(&table).await?;
    }
    refused("a fifth decrease", &["LimitExceededException"], set(1).await)
}

async fn backups(bench: &Bench) -> Outcome {
    let table = bench.table("backups").await?;
    let enable = || {
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let call = bench.dynamodb.update_continuous_backups().table_name(&table);
        call.point_in_time_recovery_specification(on.expect("it is whole")).send()
    };
    let finding = refused("backups of a new table", &["ContinuousBackupsUnavailableException"], enable().await)?;
    if finding == Finding::Kept {
        let took = bench.until("backups can be switched on", || async { enable().await.is_ok() });
        bench.took("backups of a new table until they can be switched on", took.await?);
    }
    Ok(finding)
}

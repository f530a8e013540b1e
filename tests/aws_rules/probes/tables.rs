//! What UpdateTable takes, what it shows afterwards, and tags.

use std::time::Instant;

use aws_sdk_dynamodb::types::{
    OnDemandThroughput, ProvisionedThroughput, SseSpecification, StreamSpecification, StreamViewType, TableDescription,
    TableStatus, TableWarmThroughputDescription, Tag, WarmThroughput,
};

use super::probe;
use crate::{
    bench::Bench,
    probe::{Finding, Outcome, Probe, code, done, not_kept, refused, said},
    proxy::Rule,
};

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::DeletionProtectionAlone, |bench| Box::pin(protection_alone(bench))),
        probe(Rule::DeletionProtectionKept, |bench| Box::pin(protection_kept(bench))),
        probe(Rule::EncryptionAlone, |bench| Box::pin(encryption_alone(bench))),
        probe(Rule::StreamApartFromThroughput, |bench| Box::pin(stream_apart(bench))).kept_by_localstack(),
        probe(Rule::OnDemandLimitsOfProvisioned, |bench| Box::pin(limits_of_provisioned(bench))),
        probe(Rule::UpdateNeverShown, |bench| Box::pin(never_shown(bench)))
            .not_on_aws("no update is known that every account's AWS drops"),
        probe(Rule::WarmThroughputSpreads, |bench| Box::pin(warm(bench))),
        probe(Rule::TableTagsSpread, |bench| Box::pin(tags_spread(bench))),
        probe(Rule::TableTagLimit, |bench| Box::pin(tag_limit(bench))),
        probe(Rule::TablePolicyVersion, |bench| Box::pin(policy_version(bench))),
    ]
}

fn stream() -> StreamSpecification {
    let stream = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::KeysOnly);
    stream.build().expect("it is whole")
}

const INVALID: &[&str] = &["ValidationException"];

async fn protection_alone(bench: &Bench) -> Outcome {
    let table = bench.table("alone").await?;
    let update = bench.dynamodb.update_table().table_name(&table).deletion_protection_enabled(true);
    refused("deletion protection together with a stream", INVALID, update.stream_specification(stream()).send().await)
}

async fn protection_kept(bench: &Bench) -> Outcome {
    let table = bench.table("kept").await?;
    let on = bench.dynamodb.update_table().table_name(&table).deletion_protection_enabled(true).send().await;
    done("deletion protection", on)?;
    bench.active(&table).await?;
    let update = bench.dynamodb.update_table().table_name(&table).stream_specification(stream()).send().await;
    done("a stream", update)?;
    bench.active(&table).await?;
    if bench.describe(&table).await?.deletion_protection_enabled == Some(true) {
        Ok(Finding::Kept)
    } else {
        not_kept("a stream took the deletion protection off")
    }
}

async fn encryption_alone(bench: &Bench) -> Outcome {
    let table = bench.table("encryption").await?;
    let managed = SseSpecification::builder().enabled(true).build();
    let update = bench.dynamodb.update_table().table_name(&table).sse_specification(managed);
    refused("encryption together with a stream", INVALID, update.stream_specification(stream()).send().await)
}

async fn stream_apart(bench: &Bench) -> Outcome {
    let table = bench.provisioned_table("apart").await?;
    let two = ProvisionedThroughput::builder().read_capacity_units(2).write_capacity_units(1);
    let update = bench.dynamodb.update_table().table_name(&table).stream_specification(stream());
    let update = update.provisioned_throughput(two.build().expect("it is whole"));
    refused("a stream together with capacity", INVALID, update.send().await)
}

async fn limits_of_provisioned(bench: &Bench) -> Outcome {
    let table = bench.provisioned_table("limits").await?;
    let limits = OnDemandThroughput::builder().max_read_request_units(10).max_write_request_units(10).build();
    let update = bench.dynamodb.update_table().table_name(&table).on_demand_throughput(limits);
    refused("on-demand limits of a PROVISIONED table", INVALID, update.send().await)
}

async fn never_shown(bench: &Bench) -> Outcome {
    let table = bench.table("dropped").await?;
    bench.plant(|proxy| proxy.plant_update_never_shown(&table));
    let update = bench.dynamodb.update_table().table_name(&table).stream_specification(stream()).send().await;
    done("a stream", update)?;
    let shown = bench.describe(&table).await?.stream_specification.is_some_and(|stream| stream.stream_enabled);
    if shown { not_kept("the stream is shown") } else { Ok(Finding::Kept) }
}

fn warm_units(found: &TableWarmThroughputDescription) -> (Option<i64>, Option<i64>) {
    (found.read_units_per_second, found.write_units_per_second)
}

async fn warm(bench: &Bench) -> Outcome {
    const RAISED: (i64, i64) = (12_001, 4_001);
    let table = bench.table("warm").await?;
    let wanted = WarmThroughput::builder().read_units_per_second(RAISED.0).write_units_per_second(RAISED.1).build();
    let update = bench.dynamodb.update_table().table_name(&table).warm_throughput(wanted).send().await;
    done("warm throughput", update)?;
    let raised = |found: &TableDescription| {
        let warm = found.warm_throughput();
        warm.is_some_and(|warm| warm_units(warm) == (Some(RAISED.0), Some(RAISED.1)))
    };
    let began = Instant::now();
    let mut spread = false;
    loop {
        let found = bench.describe(&table).await?;
        if raised(&found) {
            break;
        }
        let Some(warm) = found.warm_throughput() else { return not_kept("no warm throughput is shown") };
        spread |= found.table_status == Some(TableStatus::Active) && warm.status == Some(TableStatus::Updating);
        if began.elapsed() > bench.patience() {
            return Err("warm throughput was not raised in time".to_owned());
        }
        tokio::time::sleep(bench.patience() / 100).await;
    }
    bench.took("warm throughput to be raised by one unit", began.elapsed());
    if spread { Ok(Finding::Kept) } else { not_kept("it was never UPDATING while the table was ACTIVE") }
}

fn tag(key: &str) -> Tag {
    Tag::builder().key(key).value("x").build().expect("it is whole")
}

async fn tags_spread(bench: &Bench) -> Outcome {
    let table = bench.table("tagged").await?;
    let arn = bench.table_arn(&table);
    done("TagResource", bench.dynamodb.tag_resource().resource_arn(&arn).tags(tag("a")).send().await)?;
    let untag = || bench.dynamodb.untag_resource().resource_arn(&arn).tag_keys("a").send();
    match untag().await {
        Ok(_) => return not_kept("UntagResource right after TagResource was accepted"),
        Err(error) if code(&error) == "LimitExceededException" => {}
        Err(error) => return Err(format!("UntagResource answered {}", said(&error))),
    }
    let took = bench.until("UntagResource is accepted", || async { untag().await.is_ok() });
    bench.took("tags of a table until they can be changed again", took.await?);
    Ok(Finding::Kept)
}

async fn tag_limit(bench: &Bench) -> Outcome {
    let table = bench.table("many-tags").await?;
    let tags = (0..51).map(|number| tag(&format!("key-{number}"))).collect();
    let put = bench.dynamodb.tag_resource().resource_arn(bench.table_arn(&table)).set_tags(Some(tags));
    refused("TagResource with 51 tags", &["ValidationException", "LimitExceededException"], put.send().await)
}

async fn policy_version(bench: &Bench) -> Outcome {
    let table = bench.table("policy").await?;
    bench.plant(crate::proxy::Proxy::plant_table_policies);
    let arn = bench.table_arn(&table);
    let policy = serde_json::json!({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan",
        "Resource": arn, "Condition": {"StringEquals": {"aws:PrincipalAccount": "999999999999"}}}]});
    match bench.dynamodb.put_resource_policy().resource_arn(&arn).policy(policy.to_string()).send().await {
        Ok(_) => {}
        Err(error) if bench.proxy.is_some() => return not_kept(said(&error)),
        Err(error) => return Err(format!("PutResourcePolicy answered {}", said(&error))),
    }
    let read = || bench.dynamodb.get_resource_policy().resource_arn(&arn).send();
    bench.until("the policy is there", || async { read().await.is_ok() }).await?;
    let found = done("GetResourcePolicy", read().await)?.policy.unwrap_or_default();
    if found.contains("2008-10-17") { Ok(Finding::Kept) } else { not_kept(format!("it is read back as {found}")) }
}

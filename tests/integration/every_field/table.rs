//! The sweep over Tables: what LocalStack can show of them. All of it, on the model:
//! `simulation::expansion::every_block_of_the_sweep_leads_to_every_other_variant_of_it`.

use aws_sdk_dynamodb::types::{BillingMode, TimeToLiveStatus};
use musubi::api::Table;
use serde_json::{Value, json};

use crate::{aws::Aws, support::localstack::MAX_CAPACITY, world::World};

use super::{Swept, sweep};

impl Swept for Table {
    const AT_ONCE: usize = 24;
    const ONE_VALUE: &'static [&'static str] = &["billingMode", "pointInTimeRecovery.enabled", "stream.enabled"];
    const NO_BLOCK: &'static [(&'static str, &'static str)] = &[
        ("name", "refusals"),
        ("region", "refusals"),
        ("partitionKey", "tables::a_table_with_another_key_schema_is_not_what_was_asked_for, refusals"),
        ("sortKey", "tables, refusals"),
        ("localSecondaryIndexes", "table_updates::everything_that_the_create_takes_goes_with_it, refusals"),
        (
            "createFrom",
            "table_updates::what_the_endpoint_lacks_is_named_and_nothing_else_waits_for_it, on the model, and as played",
        ),
        ("tags", "in this sweep, as a block"),
        ("managementPolicy", "policies"),
        (
            "ignoreChanges",
            "policies, table_updates::capacity_of_one_index_is_left_to_autoscaling_and_that_of_another_is_not",
        ),
        ("resyncIntervalSeconds", "policies"),
        ("adoptionPolicy", "ownership"),
        ("deletionPolicy", "deletion"),
        ("connectionSecret", "connections"),
    ];

    fn file(_: &str) -> Value {
        serde_saphyr::from_str(include_str!("../../table-blocks.yaml")).expect("it is YAML")
    }

    fn others(path: &str, _: &[String; 2]) -> Vec<Value> {
        let values: Vec<&str> = match path {
            "globalSecondaryIndexes[].name" => vec!["other.index_1-a"],
            "replicas[].regionName" => vec!["ap-northeast-1"],
            _ => vec![],
        };
        values.into_iter().map(Value::from).collect()
    }

    fn fits(_: &str, value: &Value) -> bool {
        value.as_i64().is_none_or(|units| units <= MAX_CAPACITY)
    }

    /// DynamoDB Local knows no key of more than one attribute on each side.
    fn knows(variant: &Value) -> bool {
        let long = |index: &Value, keys: &str| index[keys].as_array().is_some_and(|keys| keys.len() > 1);
        let mut indexes = variant.as_array().into_iter().flatten();
        !indexes.any(|index| long(index, "partitionKeys") || long(index, "sortKeys"))
    }

    fn complete(spec: &mut Value) {
        spec["partitionKey"] = json!({"name": "pk", "type": "S"});
        // An index has capacity where its table has.
        let indexes = spec["globalSecondaryIndexes"].as_array().into_iter().flatten();
        if indexes.into_iter().any(|index| index["provisionedThroughput"].is_object()) {
            spec["provisionedThroughput"] = json!({"readCapacityUnits": 5, "writeCapacityUnits": 6});
        }
    }

    /// An index is built anew, which takes seconds; and DynamoDB Local remembers the capacity that an index had before
    /// its table was PAY_PER_REQUEST, and refuses to give it back.
    fn apart(path: &str) -> bool {
        let changed_in_place = path.contains("Throughput") && !path.ends_with("provisionedThroughput");
        path.starts_with("globalSecondaryIndexes") && !changed_in_place
    }

    async fn block(aws: &Aws, name: &str, block: &str) -> String {
        let Some(found) = aws.table(name).await else { return "no table".to_owned() };
        match block {
            "billingMode" => format!("{:?}", found.billing_mode_summary().and_then(|summary| summary.billing_mode())),
            "provisionedThroughput" => {
                let units = found
                    .provisioned_throughput()
                    .map(|units| (units.read_capacity_units(), units.write_capacity_units()));
                format!("{units:?}")
            }
            "onDemandThroughput" => format!("{:?}", limits(found.on_demand_throughput())),
            "tableClass" => {
                let class = found.table_class_summary().and_then(|summary| summary.table_class());
                format!("{:?}", class.map_or("STANDARD", |class| class.as_str()))
            }
            "deletionProtection" => format!("{:?}", found.deletion_protection_enabled()),
            "globalSecondaryIndexes" => {
                let mode = found.billing_mode_summary().and_then(|summary| summary.billing_mode());
                let by_capacity = mode != Some(&BillingMode::PayPerRequest);
                let index = |index: &aws_sdk_dynamodb::types::GlobalSecondaryIndexDescription| {
                    // LocalStack keeps the last capacity of an index that has none any more.
                    let units = index.provisioned_throughput().filter(|_| by_capacity);
                    let units = units.map(|units| (units.read_capacity_units(), units.write_capacity_units()));
                    let limits = limits(index.on_demand_throughput());
                    let (name, keys, projection) = (index.index_name(), index.key_schema(), index.projection());
                    let mut names =
                        projection.map(|projection| projection.non_key_attributes().to_vec()).unwrap_or_default();
                    names.sort();
                    let projection = projection.and_then(|projection| projection.projection_type());
                    format!(
                        "{name:?} {keys:?} {projection:?} {names:?} {units:?} {limits:?} {:?}",
                        index.index_status()
                    )
                };
                let mut all: Vec<String> = found.global_secondary_indexes().iter().map(index).collect();
                all.sort();
                format!("{all:?} {:?}", types(&found))
            }
            "stream" => format!("{:?}", found.stream_specification().filter(|stream| stream.stream_enabled())),
            "timeToLive" => {
                let answer = aws.dynamodb.describe_time_to_live().table_name(name).send().await;
                let found = answer.ok().and_then(|found| found.time_to_live_description);
                let found = found.map(|found| (found.time_to_live_status, found.attribute_name));
                // The last attribute is told of an expiry that is off, or not.
                let off = found.as_ref().is_none_or(|(status, _)| *status == Some(TimeToLiveStatus::Disabled));
                if off { "off".to_owned() } else { format!("{found:?}") }
            }
            "pointInTimeRecovery" => {
                let answer = aws.dynamodb.describe_continuous_backups().table_name(name).send().await;
                let found = answer.ok().and_then(|found| found.continuous_backups_description);
                let found = found.and_then(|found| found.point_in_time_recovery_description);
                format!("{:?}", found.and_then(|found| found.point_in_time_recovery_status))
            }
            "replicas" => {
                let mut all: Vec<_> = found.replicas().iter().filter_map(|replica| replica.region_name()).collect();
                all.sort_unstable();
                format!("{all:?}")
            }
            "tags" => {
                let mut tags = aws.table_tags(name).await;
                tags.retain(|key, _| !key.starts_with("musubi.dev/"));
                format!("{tags:?}")
            }
            other => panic!("say how to look at {other}"),
        }
    }
}

/// Limits, without the ways of saying that there is none.
fn limits(found: Option<&aws_sdk_dynamodb::types::OnDemandThroughput>) -> [Option<i64>; 2] {
    let found = found.map(|found| [found.max_read_request_units(), found.max_write_request_units()]);
    found.unwrap_or_default().map(|limit| limit.filter(|limit| *limit > 0))
}

/// Types of key attributes, by name.
fn types(table: &aws_sdk_dynamodb::types::TableDescription) -> std::collections::BTreeMap<&str, &str> {
    table.attribute_definitions().iter().map(|key| (key.attribute_name(), key.attribute_type().as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_every_block_of_a_table_can_be_set_changed_refused_and_taken_away() {
    let world = World::new("table-sweep").await;
    let targets = [world.name("t0"), world.name("t1")];
    Box::pin(sweep::<Table>(world, targets)).await;
}

//! What the schema cannot say, or not as clearly, and AWS refuses: some of it after the table was made. Told before
//! anything is done.

use std::collections::BTreeMap;

use crate::{
    api::{AttributeType, KeyAttribute, TableBlock, TableSpec, WarmThroughput},
    managed::{
        error::{Error, Reason},
        identity::Identity,
    },
    table::{blocks, indexes},
};

use super::{Billing, Observed, billing};

/// What a PAY_PER_REQUEST table and each of its indexes have from the beginning (Developer Guide, "Understanding
/// DynamoDB warm throughput").
const FLOOR: WarmThroughput = WarmThroughput { read_units_per_second: 12_000, write_units_per_second: 4_000 };

pub(super) fn refused(spec: &TableSpec, id: &Identity, observed: Option<&Observed>) -> Option<Error> {
    attribute_types(spec)
        .or_else(|| indexes::refused(spec))
        .or_else(|| warm(spec, observed))
        .or_else(|| regions(spec, id))
}

/// Each key attribute with the place that names it.
fn keys(spec: &TableSpec) -> impl Iterator<Item = (String, &KeyAttribute)> {
    let own = [("partitionKey".to_owned(), &spec.partition_key)];
    let sort = spec.sort_key.iter().map(|key| ("sortKey".to_owned(), key));
    own.into_iter().chain(sort).chain(indexes::key_attributes(spec))
}

/// One attribute has one type, wherever it is a key.
fn attribute_types(spec: &TableSpec) -> Option<Error> {
    let mut types: BTreeMap<&str, (String, AttributeType)> = BTreeMap::new();
    for (place, KeyAttribute { name, type_ }) in keys(spec) {
        let (before, known) = types.entry(name).or_insert_with(|| (place.clone(), *type_));
        if known != type_ {
            return Some(Error::user(
                Reason::AttributeTypesDiffer,
                format!(
                    "Attribute {name} has type {known:?} in {before} and type {type_:?} in {place}. Use the same \
                     type everywhere"
                ),
            ));
        }
    }
    None
}

/// Less than what every such table has is not to be had.
fn warm(spec: &TableSpec, observed: Option<&Observed>) -> Option<Error> {
    let apply_billing =
        billing::declared(spec).or(observed.map(|observed| observed.billing)).unwrap_or(Billing::OnDemand);
    if apply_billing != Billing::OnDemand {
        return None;
    }
    let own = spec.warm_throughput.filter(|warm| warm.at_least(FLOOR) != *warm);
    let own = own.map(|_| TableBlock::WarmThroughput.name().to_owned());
    let place = own.or_else(|| indexes::less_than(FLOOR, spec))?;
    let WarmThroughput { read_units_per_second: read, write_units_per_second: write } = FLOOR;
    Some(Error::user(
        Reason::WarmThroughputTooLow,
        format!(
            "{place} is less than the minimum of {read} reads and {write} writes per second of every PAY_PER_REQUEST \
             table and index. Increase it, or remove the field"
        ),
    ))
}

/// What works in the table's own region only, and is named by an ARN that says another one.
fn regions(spec: &TableSpec, id: &Identity) -> Option<Error> {
    let key = spec.encryption.as_ref().and_then(|block| block.kms_key_id.as_deref());
    let key = key.map(|key| ("encryption.kmsKeyId", key));
    let (place, arn) = key
        .into_iter()
        .chain(blocks::of_region(spec))
        .find(|(_, arn)| arn.split(':').nth(3).is_some_and(|region| region != id.region))?;
    let region = &id.region;
    Some(Error::user(
        Reason::ForeignRegion,
        format!("{place} is {arn}, but the table is in {region}. Use one in {region}, or set spec.region"),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{
        obstacle,
        tests::{identity, index, made, table},
    };

    fn told(spec: Value) -> Option<(String, String)> {
        obstacle(&table(spec), &identity(), None).map(|error| (error.reason.to_string(), error.message))
    }

    fn wide(name: &str, from: usize) -> Value {
        let mut index = index(name, "a");
        let names: Vec<String> = (from..from + 20).map(|n| format!("attribute-{n}")).collect();
        index["projection"] = json!({"type": "INCLUDE", "nonKeyAttributes": names});
        index
    }

    #[test]
    fn what_aws_would_refuse_is_told_before_anything_is_made() {
        let sort = json!({"name": "sk", "type": "S"});
        let local = json!({"name": "one", "sortKey": {"name": "x", "type": "S"}, "projection": {"type": "ALL"}});
        let with_local =
            |more: Value| json!({"sortKey": sort, "localSecondaryIndexes": [local], "globalSecondaryIndexes": [more]});
        let mut twice = index("two", "a");
        twice["sortKeys"] = json!([{"name": "a", "type": "S"}]);
        let mut number = index("two", "x");
        number["partitionKeys"][0]["type"] = json!("N");
        let warm = |read: i64, write: i64| json!({"readUnitsPerSecond": read, "writeUnitsPerSecond": write});
        let mut cold = index("two", "a");
        cold["warmThroughput"] = warm(12_000, 3_999);
        let six: Vec<Value> = (0..6).map(|n| wide(&format!("index-{n}"), 0)).collect();
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
        for (spec, reason, display) in [
            (with_local(index("one", "a")), "DuplicateIndexName", "one is the name of a local and of a global"),
            (
                json!({"globalSecondaryIndexes": [twice]}),
                "DuplicateKeyAttribute",
                "globalSecondaryIndexes[two] uses attribute a twice",
            ),
            (
                with_local(number),
                "AttributeTypesDiffer",
                "type S in localSecondaryIndexes[one] and type N in globalSecondaryIndexes[two]",
            ),
            (json!({"globalSecondaryIndexes": six}), "TooManyProjectedAttributes", "together have 120"),
            (json!({"warmThroughput": warm(11_999, 4_000)}), "WarmThroughputTooLow", "warmThroughput is less than"),
            (
                json!({"globalSecondaryIndexes": [cold]}),
                "WarmThroughputTooLow",
                "globalSecondaryIndexes[two].warmThroughput is less",
            ),
            (
                json!({"encryption": {"type": "CustomerManaged", "kmsKeyId": key}}),
                "ForeignRegion",
                "encryption.kmsKeyId is arn:aws:kms:eu-west-1",
            ),
            (
                json!({"kinesisStream": {"enabled": true, "streamArn": "arn:aws:kinesis:eu-west-1:111122223333:stream/a"}}),
                "ForeignRegion",
                "kinesisStream.streamArn",
            ),
        ] {
            let (found, message) = told(spec.clone()).unwrap_or_else(|| panic!("{spec} is refused"));
            assert!(found == reason && message.contains(display), "{found}: {message}");
        }
    }

    #[test]
    fn what_aws_takes_is_not_refused() {
        let warm = |read: i64| json!({"readUnitsPerSecond": read, "writeUnitsPerSecond": 4_000});
        let capacity = json!({"readCapacityUnits": 1, "writeCapacityUnits": 1});
        let five: Vec<Value> = (0..5).map(|n| wide(&format!("index-{n}"), n)).collect();
        for spec in [
            json!({"globalSecondaryIndexes": five}),
            json!({"warmThroughput": warm(12_000)}),
            json!({"warmThroughput": warm(1), "provisionedThroughput": capacity}),
            json!({"kinesisStream": {"enabled": false, "streamArn": "arn:aws:kinesis:eu-west-1:111122223333:stream/a"}}),
        ] {
            assert_eq!(told(spec.clone()), None, "{spec}");
        }
        let provisioned = made(json!({"provisionedThroughput": capacity}));
        let spec = json!({"warmThroughput": warm(1)});
        assert_eq!(obstacle(&table(spec), &identity(), Some(&provisioned)), None, "its floor is its capacity");
    }
}

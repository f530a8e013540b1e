//! What differs of an index, what another index must wait for, and how that is told.

use serde_json::{Value, json};

use super::*;
use crate::{
    api::{AttributeType, Impact, KeyAttribute},
    table::{
        Observed, Op, Update,
        plan::tests::{index, made, steps},
    },
};

#[test]
fn throughput_of_one_index_can_be_left_to_others() {
    let capacity = |units: i64| json!({"readCapacityUnits": units, "writeCapacityUnits": units});
    let with = |units: i64| {
        let mut index = index("one", "a");
        index["provisionedThroughput"] = capacity(units);
        json!({"provisionedThroughput": capacity(5), "globalSecondaryIndexes": [index]})
    };
    let steps = steps(with(7), &[], &made(with(5)));
    assert_eq!(
        steps.iter().map(|step| step.part.as_deref()).collect::<Vec<_>>(),
        [Some("globalSecondaryIndexes/one/provisionedThroughput")]
    );
    assert_eq!(steps[0].changes[0].path, "globalSecondaryIndexes[one].provisionedThroughput.readCapacityUnits");
}

#[test]
fn an_index_that_another_must_make_way_for_waits_for_the_yes_to_that() {
    let keyed = |name: &str, type_: &str| {
        let mut index = index(name, "state");
        index["partitionKeys"][0]["type"] = json!(type_);
        index
    };
    let list = |indexes: &[Value]| json!({"globalSecondaryIndexes": indexes});
    let ops = |spec: Value, observed: &Observed| -> Vec<(Impact, Op)> {
        steps(spec, &[], observed).into_iter().map(|step| (step.impact, step.op)).collect()
    };
    // Renamed, with a key of another type.
    let old = made(list(&[keyed("old", "S")]));
    let renamed = list(&[keyed("new", "N"), index("other", "b")]);
    let delete = |name: &str| Op::Update(Update::Index(IndexUpdate { name: name.into(), change: IndexChange::Delete }));
    let found = ops(renamed.clone(), &old);
    assert_eq!(found[0], (Impact::Destructive, delete("old")));
    let [_, (Impact::Update, Op::Update(Update::Index(made_now)))] = &found[..] else { panic!("{found:?}") };
    assert!(made_now.creates() && made_now.name == "other", "the other index waits for nobody: {made_now:?}");
    let mut gone = old.clone();
    gone.indexes.remove("old");
    assert_eq!(ops(renamed, &gone).len(), 2, "it follows");
    assert_eq!(ops(list(&[keyed("new", "S")]), &old).len(), 2, "of the same type it need not wait");
    // The 21st index, and the 101st attribute.
    let many: Vec<Value> = (0..20).map(|n| index(&format!("index-{n}"), "a")).collect();
    let full = made(list(&many));
    let mut swapped = many.clone();
    swapped[0] = index("swapped", "a");
    assert_eq!(ops(list(&swapped), &full), [(Impact::Destructive, delete("index-0"))]);
    let wide = |name: &str| {
        let mut index = index(name, "a");
        let names: Vec<String> = (0..20).map(|n| format!("attribute-{n}")).collect();
        index["projection"] = json!({"type": "INCLUDE", "nonKeyAttributes": names});
        index
    };
    let five = ["one", "two", "three", "four", "five"].map(wide);
    let mut swapped = five.to_vec();
    swapped[0] = wide("six");
    assert_eq!(ops(list(&swapped), &made(list(&five))).len(), 1);
}

#[test]
fn an_index_that_goes_is_told_by_its_name() {
    let observed = made(json!({"globalSecondaryIndexes": [index("one", "a"), index("two", "b"), index("three", "c")]}));
    let steps = steps(json!({"globalSecondaryIndexes": []}), &[], &observed);
    let told: Vec<String> = steps.iter().flat_map(|step| &step.changes).map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "globalSecondaryIndexes[one]: index on a -> (unset)",
            "globalSecondaryIndexes[three]: index on c -> (unset)",
            "globalSecondaryIndexes[two]: index on b -> (unset)",
        ]
    );
}

#[test]
fn keys_of_an_index_keep_their_order_and_projections_do_not() {
    let key = |name: &str| KeyAttribute { name: name.into(), type_: AttributeType::S };
    let definition = |keys: [&str; 2], names: [&str; 2]| {
        let json = json!({"name": "one", "partitionKeys": keys.map(key), "projection": {"type": "INCLUDE", "nonKeyAttributes": names}});
        Index::declared(&serde_json::from_value(json).expect("an index")).definition
    };
    assert_eq!(definition(["a", "b"], ["x", "y"]), definition(["a", "b"], ["y", "x"]));
    assert_ne!(definition(["a", "b"], ["x", "y"]), definition(["b", "a"], ["x", "y"]));
}

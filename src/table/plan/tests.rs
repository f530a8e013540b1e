//! Plans on arbitrary tables: equal states plan nothing, steps lead to the spec, guards stand.

use proptest::prelude::*;

use super::*;
use crate::managed::identity::Owner;

fn identity() -> Identity {
    Identity {
        name: "orders".into(),
        region: "us-east-1".into(),
        account_id: "111122223333".into(),
        owner: Owner { cluster: "c".into(), namespace: "n".into(), name: "o".into(), uid: "u".into() },
    }
}

fn table(spec: Value) -> Table {
    let mut json = json!({"partitionKey": {"name": "id", "type": "S"}});
    json.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
    Table::new("orders", serde_json::from_value(json).expect("a spec"))
}

fn new_table() -> Observed {
    Observed {
        settling: None,
        unusable: None,
        partition_key: Some(table(json!({})).spec.partition_key),
        sort_key: None,
        billing: Billing::OnDemand,
        deletion_protection: false,
        ttl: Some(Ok(Ttl::default())),
        empty: None,
    }
}

/// Takes the first step of each plan, as passes do while AWS settles in between; how many it took.
fn converge(object: &Table, managed: &Managed, tags: &mut Option<Tags>, seen: &mut Observed) -> usize {
    for taken in 0..16 {
        seen.settling = None;
        let Some(step) = plan(object, managed, &identity(), tags.as_ref(), seen).into_iter().next() else {
            return taken;
        };
        advance(tags, seen, &step.op);
    }
    panic!("the ladder has no end: {object:?} {seen:?}");
}

fn specs() -> impl Strategy<Value = Value> {
    let throughput = prop::option::of((1..9_i64, 1..9_i64));
    let attribute = prop::option::of(prop::option::of("[a-c]"));
    let tags = prop::collection::btree_map("[a-z]{1,3}", "[a-z]{0,3}", 0..3);
    (throughput, any::<bool>(), attribute, prop::option::of(any::<bool>()), tags).prop_map(
        |(throughput, say_mode, attribute, protection, tags)| {
            let mut spec = json!({"tags": tags});
            match throughput {
                Some((read, write)) => {
                    spec["provisionedThroughput"] = json!({"readCapacityUnits": read, "writeCapacityUnits": write});
                }
                None if say_mode => spec["billingMode"] = json!("PAY_PER_REQUEST"),
                None => {}
            }
            if let Some(attribute) = attribute {
                spec["timeToLive"] = json!({"enabled": attribute.is_some(), "attributeName": attribute});
            }
            if let Some(protection) = protection {
                spec["deletionProtection"] = json!(protection);
            }
            spec
        },
    )
}

proptest! {
    #[test]
    fn from_any_table_the_ladder_leads_to_any_other_and_then_there_is_nothing_to_do(from in specs(), to in specs()) {
        let (mut tags, mut seen) = (Some(Tags::new()), new_table());
        for spec in [from, to] {
            let object = table(spec);
            converge(&object, &Managed::default(), &mut tags, &mut seen);
            prop_assert_eq!(plan(&object, &Managed::default(), &identity(), tags.as_ref(), &seen), vec![]);
        }
    }
}

#[test]
fn another_attribute_of_time_to_live_takes_two_steps() {
    let mut seen = new_table();
    let declared = |attribute: &str| table(json!({"timeToLive": {"enabled": true, "attributeName": attribute}}));
    let mut tags = Some(identity().owner.tags());
    assert_eq!(converge(&declared("a"), &Managed::default(), &mut tags, &mut seen), 1);
    assert_eq!(converge(&declared("b"), &Managed::default(), &mut tags, &mut seen), 2);
}

#[test]
fn declared_protection_goes_along_with_a_change_of_billing() {
    let object = table(
        json!({"deletionProtection": true, "provisionedThroughput": {"readCapacityUnits": 1, "writeCapacityUnits": 1}}),
    );
    let seen = Observed { deletion_protection: true, ..new_table() };
    let steps = plan(&object, &Managed::default(), &identity(), None, &seen);
    assert!(
        matches!(&steps[..], [Step { op: Op::Update { billing: Some(_), deletion_protection: Some(true) }, .. }]),
        "{steps:?}"
    );
}

#[test]
fn protection_that_was_declared_and_no_longer_is_waits_for_consent() {
    let managed = Managed { blocks: vec!["deletionProtection".into()], ..Managed::default() };
    let seen = Observed { deletion_protection: true, ..new_table() };
    let steps = plan(&table(json!({})), &managed, &identity(), None, &seen);
    assert_eq!(steps.iter().map(|step| step.effect).collect::<Vec<_>>(), [Effect::Weakening]);
    let declared_off = table(json!({"deletionProtection": false}));
    let steps = plan(&declared_off, &managed, &identity(), None, &seen);
    assert_eq!(steps.iter().map(|step| step.effect).collect::<Vec<_>>(), [Effect::Update]);
}

#[test]
fn another_key_schema_is_an_obstacle_and_so_is_a_lost_key() {
    assert_eq!(obstacle(&table(json!({})), &new_table()), None);
    let other = table(json!({"sortKey": {"name": "sk", "type": "N"}}));
    assert_eq!(obstacle(&other, &new_table()).map(|fault| fault.reason), Some("KeySchemaDiffers".to_owned()));
    let lost = Observed { unusable: Some("INACCESSIBLE_ENCRYPTION_CREDENTIALS".into()), ..new_table() };
    assert!(obstacle(&table(json!({})), &lost).is_some_and(|fault| fault.message.contains("KMS key")));
}

#[test]
fn a_deletion_asks_for_emptiness_first_and_for_protection_second() {
    let object = table(json!({}));
    let reason = |seen: &Observed| before_deletion(&object, seen).map_err(|fault| fault.reason);
    let holding = |empty| Observed { empty, deletion_protection: true, ..new_table() };
    assert_eq!(reason(&holding(Some(Ok(false)))), Err("TableNotEmpty".to_owned()));
    assert_eq!(reason(&holding(None)), Ok(Preparation::Look));
    assert_eq!(reason(&holding(Some(Err(Fault::user("AccessDenied", "no"))))), Err("AccessDenied".to_owned()));
    assert_eq!(reason(&holding(Some(Ok(true)))), Err("DeletionProtected".to_owned()));
    assert_eq!(reason(&Observed { empty: Some(Ok(true)), ..new_table() }), Ok(Preparation::Ready));
    let consent = before_deletion(&table(json!({"deletionProtection": false})), &holding(Some(Ok(true))));
    assert!(matches!(
        consent,
        Ok(Preparation::Do(Step { op: Op::Update { deletion_protection: Some(false), .. }, .. }))
    ));
}

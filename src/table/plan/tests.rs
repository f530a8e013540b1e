//! What each step costs those who use the table, what stands in its way, and what forbids a deletion. That the
//! plan leads anywhere is shown against the model (`crate::simulation::expansion`).

use serde_json::json;

use super::*;
use crate::{
    api::Impact,
    managed::observation::Preparation,
    table::{
        Index,
        blocks::{
            point_in_time_recovery::{PointInTimeRecoveryBlock, Recovery},
            resource_policy::{Policy, ResourcePolicyBlock},
            time_to_live::{TimeToLiveBlock, Ttl},
        },
        state::{Encryption, Key},
    },
};

const DENYING: &str = r#"{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:*"}}"#;

pub(in crate::table) fn identity() -> Identity {
    Identity::sample("orders")
}

pub(in crate::table) fn table(spec: Value) -> Table {
    let mut json = json!({"partitionKey": {"name": "id", "type": "S"}});
    json.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
    Table::new("orders", serde_json::from_value(json).expect("a spec"))
}

/// A table that was made so.
pub(in crate::table) fn made(spec: Value) -> Observed {
    fresh(&creation(&table(spec), &identity()).op).1
}

pub(in crate::table) fn steps(spec: Value, managed: &[&str], observed: &Observed) -> Vec<Step<Op>> {
    let managed = Managed { blocks: managed.iter().map(|name| (*name).to_owned()).collect(), ..Managed::default() };
    plan(&table(spec), &managed, &identity(), None, observed)
}

fn effects(spec: Value, managed: &[&str], observed: &Observed) -> Vec<Impact> {
    steps(spec, managed, observed).iter().map(|step| step.impact).collect()
}

pub(in crate::table) fn index(name: &str, key: &str) -> Value {
    json!({"name": name, "partitionKeys": [{"name": key, "type": "S"}], "projection": {"type": "ALL"}})
}

fn index_of(observed: &mut Observed) -> &mut Index {
    observed.indexes.get_mut("one").expect("it")
}

#[test]
fn what_takes_something_away_waits_for_a_yes_and_what_is_declared_does_not() {
    let on = json!({
        "globalSecondaryIndexes": [index("one", "a")],
        "stream": {"enabled": true, "viewType": "KEYS_ONLY"},
        "deletionProtection": true,
        "tableClass": "STANDARD_INFREQUENT_ACCESS",
        "encryption": {"type": "AwsManaged"},
        "timeToLive": {"enabled": true, "attributeName": "a"},
        "pointInTimeRecovery": {"enabled": true},
        "contributorInsights": {"enabled": true},
        "resourcePolicy": DENYING,
        "kinesisStream": {"enabled": true, "streamArn": "arn:aws:kinesis:us-east-1:111122223333:stream/a"},
        "replicas": [{"regionName": "eu-west-1"}],
    });
    let mut observed = made(on.clone());
    for _ in 0..16 {
        let Some(step) = steps(on.clone(), &[], &observed).into_iter().next() else { break };
        advance(&mut None, &mut observed, &step.op);
    }
    // AWS has ended what it was at.
    for read in observed.settings.values_mut() {
        let state = read.as_mut().expect("it was read");
        if let Some(changing) = state.get_mut("changing") {
            *changing = json!(false);
        }
    }
    assert_eq!(steps(on.clone(), &[], &observed), vec![]);
    for (block, reset) in [
        ("globalSecondaryIndexes", Impact::Destructive),
        ("stream", Impact::Disruptive),
        ("deletionProtection", Impact::Weakening),
        ("tableClass", Impact::Update),
        ("encryption", Impact::Weakening),
        ("timeToLive", Impact::Update),
        ("pointInTimeRecovery", Impact::Weakening),
        ("contributorInsights", Impact::Update),
        ("resourcePolicy", Impact::Weakening),
        ("kinesisStream", Impact::Disruptive),
        ("replicas", Impact::Destructive),
    ] {
        let mut spec = on.clone();
        spec.as_object_mut().expect("an object").remove(block);
        if block == "stream" {
            // Declared replicas keep it.
            spec.as_object_mut().expect("an object").remove("replicas");
        }
        assert_eq!(effects(spec.clone(), &[block], &observed), [reset], "{block} taken out");
        assert_eq!(steps(spec, &[], &observed), vec![], "{block} never declared");
        let told = crate::table::blocks::blocks().into_iter().find(|told| told.name == block).map(|told| told.reset);
        assert_eq!(told, Some(reset), "{block} in the reference");
    }
    for (block, off) in [
        ("stream", json!({"enabled": false})),
        ("deletionProtection", json!(false)),
        ("encryption", json!({"type": "AwsOwned"})),
        ("pointInTimeRecovery", json!({"enabled": false})),
        ("resourcePolicy", json!("")),
        ("kinesisStream", json!({"enabled": false})),
    ] {
        let mut spec = on.clone();
        spec[block] = off;
        assert_eq!(effects(spec, &[block], &observed), [Impact::Update], "{block} declared off");
    }
    for (block, other) in [
        ("stream", json!({"enabled": true, "viewType": "NEW_IMAGE"})),
        ("kinesisStream", json!({"enabled": true, "streamArn": "arn:aws:kinesis:us-east-1:111122223333:stream/b"})),
        ("globalSecondaryIndexes", json!([index("one", "b")])),
    ] {
        let mut spec = on.clone();
        spec[block] = other;
        assert_eq!(effects(spec, &[block], &observed), [Impact::Disruptive], "another {block}");
    }
}

#[test]
fn while_an_index_is_built_the_table_takes_what_is_not_updatetable() {
    let spec = json!({
        "globalSecondaryIndexes": [index("one", "a"), index("two", "b")],
        "timeToLive": {"enabled": true, "attributeName": "a"},
        "deletionProtection": true,
    });
    let mut observed = made(json!({"globalSecondaryIndexes": [index("one", "a")]}));
    index_of(&mut observed).phase = Phase::Creating { backfilling: true };
    let waiting: Vec<(&str, Option<String>)> = steps(spec.clone(), &[], &observed)
        .into_iter()
        .map(|step| (step.block, step.not_yet.map(|error| error.reason.to_string())))
        .collect();
    let changing = || Some("IndexChanging".to_owned());
    let wanted = [("deletionProtection", changing()), ("globalSecondaryIndexes", changing()), ("timeToLive", None)];
    assert_eq!(waiting, wanted);
    let told = progress(&table(spec), &observed);
    assert_eq!(told.as_deref(), Some("globalSecondaryIndexes[one] is CREATING (backfilling)"));
    assert_eq!(progress(&table(json!({})), &observed), None, "an index that nobody declared is nobody's progress");
    let given_up = steps(json!({"globalSecondaryIndexes": []}), &[], &observed);
    assert!(
        matches!(&given_up[..], [Step { not_yet: None, .. }]),
        "what is being filled can be given up: {given_up:?}"
    );
    index_of(&mut observed).phase = Phase::Creating { backfilling: false };
    let too_early = steps(json!({"globalSecondaryIndexes": []}), &[], &observed);
    assert!(matches!(&too_early[..], [Step { not_yet: Some(_), .. }]), "{too_early:?}");
}

#[test]
fn what_aws_raises_by_itself_is_no_difference() {
    let warm = |read: i64, write: i64| json!({"readUnitsPerSecond": read, "writeUnitsPerSecond": write});
    let observed = made(json!({"warmThroughput": warm(20_000, 4_000)}));
    assert_eq!(steps(json!({"warmThroughput": warm(13_000, 4_000)}), &[], &observed), vec![]);
    assert_eq!(steps(json!({}), &["warmThroughput"], &observed), vec![], "it never goes back");
    let raised = steps(json!({"warmThroughput": warm(13_000, 5_000)}), &[], &observed);
    let [Step { op: Op::Update(Update::Warm(warm)), .. }] = &raised[..] else { panic!("{raised:?}") };
    assert_eq!((warm.read_units_per_second, warm.write_units_per_second), (20_000, 5_000), "and is not lowered");
}

#[test]
fn aws_managed_is_told_from_customer_managed_by_kms_alone() {
    let arn = "arn:aws:kms:us-east-1:111122223333:key/1";
    let managed = json!({"encryption": {"type": "AwsManaged"}});
    let customer = json!({"encryption": {"type": "CustomerManaged", "kmsKeyId": arn}});
    let observed = |aws_managed| Observed {
        encryption: Encryption { key: Some(Key { arn: arn.into(), aws_managed }), changing: false },
        ..made(json!({}))
    };
    for (spec, aws_managed, number) in [
        (&managed, Some(true), 0),
        (&managed, Some(false), 1),
        (&managed, None, 0),
        (&customer, Some(true), 1),
        (&customer, Some(false), 0),
        (&customer, None, 0),
    ] {
        assert_eq!(steps(spec.clone(), &[], &observed(aws_managed)).len(), number, "{spec} {aws_managed:?}");
    }
}

#[test]
fn time_to_live_waits_for_its_hour_and_an_unknown_number_of_days_is_any() {
    let spec = json!({
        "timeToLive": {"enabled": true, "attributeName": "b"},
        "pointInTimeRecovery": {"enabled": true, "recoveryPeriodInDays": 7},
    });
    let observed = Observed {
        settings: [
            blocks::read_as::<TimeToLiveBlock>(&Ttl { enabled: false, attribute: None, changing: true }),
            blocks::read_as::<PointInTimeRecoveryBlock>(&Recovery { days: Some(0) }),
        ]
        .into(),
        ..made(json!({}))
    };
    let steps = steps(spec, &[], &observed);
    let [Step { block: "timeToLive", not_yet: Some(error), .. }] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Quota, "TimeToLivePending"));
}

#[test]
fn while_warm_throughput_is_raised_nothing_else_is_asked_of_updatetable() {
    let warm = |read: i64| json!({"readUnitsPerSecond": read, "writeUnitsPerSecond": 4_000});
    let mut with = index("one", "a");
    with["warmThroughput"] = warm(12_000);
    let spec =
        |read: i64| json!({"warmThroughput": warm(read), "globalSecondaryIndexes": [with], "tableClass": "STANDARD"});
    let observed = |of_table, of_index| {
        let mut observed = Observed { warm_changing: of_table, ..made(spec(12_000)) };
        index_of(&mut observed).warm_changing = of_index;
        observed
    };
    for (of_table, of_index, place) in
        [(true, false, "warmThroughput"), (false, true, "globalSecondaryIndexes[one].warmThroughput")]
    {
        let observed = observed(of_table, of_index);
        let steps = steps(spec(13_000), &[], &observed);
        let [Step { not_yet: Some(error), .. }] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Pending, "WarmThroughputChanging"));
        let told = progress(&table(spec(12_000)), &observed).expect("AWS is at work");
        assert!(told.starts_with(&format!("{place} is being increased")), "{told}");
        assert_eq!(progress(&table(json!({})), &observed), None, "nobody declared it");
        let empty = Observed { empty: Some(Ok(true)), ..observed };
        let error = before_deletion(&table(spec(12_000)), &empty).expect_err("DeleteTable is refused meanwhile");
        assert_eq!(error.kind, ErrorKind::Pending);
    }
    assert_eq!(progress(&table(spec(12_000)), &observed(false, false)), None);
}

/// A base with values and an overlay that switches off, as Kustomize merges them.
#[test]
fn what_is_switched_off_is_off_whatever_else_the_block_says() {
    let arn = "arn:aws:kinesis:us-east-1:111122223333:stream/a";
    for (block, on) in [
        ("stream", json!({"enabled": true, "viewType": "KEYS_ONLY"})),
        ("timeToLive", json!({"enabled": true, "attributeName": "a"})),
        ("pointInTimeRecovery", json!({"enabled": true, "recoveryPeriodInDays": 7})),
        ("contributorInsights", json!({"enabled": true, "mode": "THROTTLED_KEYS"})),
        (
            "kinesisStream",
            json!({"enabled": true, "streamArn": arn, "approximateCreationDateTimePrecision": "MICROSECOND"}),
        ),
    ] {
        let (mut off, plain) = (on.clone(), json!({"enabled": false}));
        off["enabled"] = json!(false);
        let spec = |value: &Value| json!({block: value});
        assert_eq!(steps(spec(&off), &[], &made(spec(&off))), vec![], "{block}");
        let mut observed = made(spec(&on));
        for _ in 0..2 {
            let Some(step) = steps(spec(&on), &[], &observed).pop() else { break };
            advance(&mut None, &mut observed, &step.op);
        }
        let ops =
            |value: &Value| steps(spec(value), &[], &observed).into_iter().map(|step| step.op).collect::<Vec<_>>();
        assert_eq!((ops(&off).len(), ops(&off)), (1, ops(&plain)), "{block}");
    }
    let key = "arn:aws:kms:us-east-1:111122223333:key/1";
    let off = json!({"encryption": {"type": "AwsOwned", "kmsKeyId": key}});
    assert_eq!(steps(off.clone(), &[], &made(off)), vec![]);
}

fn reason(spec: Value, observed: Option<&Observed>) -> Option<String> {
    obstacle(&table(spec), &identity(), observed).map(|error| error.reason.to_string())
}

#[test]
fn what_no_step_leads_to_is_said() {
    let sort = |type_: &str| json!({"name": "sk", "type": type_});
    assert_eq!(reason(json!({}), Some(&made(json!({})))), None);
    assert_eq!(reason(json!({"sortKey": sort("N")}), Some(&made(json!({})))).as_deref(), Some("KeySchemaDiffers"));
    let local = |projection: &str| json!({"sortKey": sort("N"), "localSecondaryIndexes": [{"name": "one", "sortKey": {"name": "x", "type": "S"}, "projection": {"type": projection}}]});
    assert_eq!(reason(local("ALL"), Some(&made(local("ALL")))), None);
    assert_eq!(reason(local("ALL"), Some(&made(local("KEYS_ONLY")))).as_deref(), Some("LocalIndexesDiffer"));
    assert_eq!(reason(json!({"sortKey": sort("N")}), Some(&made(local("ALL")))), None, "not declared, left alone");
    let mut clash = local("ALL");
    clash["globalSecondaryIndexes"] =
        json!([{"name": "two", "partitionKeys": [{"name": "sk", "type": "S"}], "projection": {"type": "ALL"}}]);
    assert_eq!(reason(clash, None).as_deref(), Some("AttributeTypesDiffer"), "before anything is made");
    let home = json!({"replicas": [{"regionName": "us-east-1"}]});
    assert_eq!(reason(home, None).as_deref(), Some("ReplicaInHomeRegion"));
    let lost = Observed { unusable: Some("INACCESSIBLE_ENCRYPTION_CREDENTIALS".into()), ..made(json!({})) };
    let error = obstacle(&table(json!({})), &identity(), Some(&lost)).expect("an obstacle");
    assert!(error.message.contains("KMS key"), "{error}");
}

#[test]
fn a_deletion_asks_for_emptiness_first_and_for_protection_second() {
    let reason = |spec: Value, observed: &Observed| {
        before_deletion(&table(spec), observed).map_err(|error| error.reason.to_string())
    };
    let holding = |empty| Observed { empty, deletion_protection: true, ..made(json!({})) };
    assert_eq!(reason(json!({}), &holding(Some(Ok(false)))), Err("TableNotEmpty".to_owned()));
    assert_eq!(reason(json!({}), &holding(None)), Ok(Preparation::Look));
    let blind = holding(Some(Err(Error::user("AccessDenied", "no"))));
    assert_eq!(reason(json!({}), &blind), Err("AccessDenied".to_owned()));
    assert_eq!(reason(json!({}), &holding(Some(Ok(true)))), Err("DeletionProtected".to_owned()));
    let empty = Observed { empty: Some(Ok(true)), ..made(json!({})) };
    assert_eq!(reason(json!({}), &empty), Ok(Preparation::Ready));
    let consent = reason(json!({"deletionProtection": false}), &holding(Some(Ok(true))));
    assert!(
        matches!(consent, Ok(Preparation::Do(Step { op: Op::Update(Update::Protection(false)), .. }))),
        "{consent:?}"
    );
}

#[test]
fn a_deletion_waits_for_indexes_and_takes_declared_replicas_first() {
    let spec = json!({"replicas": [{"regionName": "eu-west-1"}], "globalSecondaryIndexes": [index("one", "a")]});
    let mut observed =
        Observed { empty: Some(Ok(true)), ..made(json!({"globalSecondaryIndexes": [index("one", "a")]})) };
    updated(&mut observed, &Update::CreateReplica(table(spec.clone()).spec.replicas.expect("one").remove(0)));
    let next = before_deletion(&table(spec.clone()), &observed);
    assert!(matches!(&next, Ok(Preparation::Do(Step { op: Op::Update(Update::DeleteReplica(_)), .. }))), "{next:?}");
    assert_eq!(
        before_deletion(&table(json!({})), &observed),
        Ok(Preparation::Ready),
        "others' replicas are left alone"
    );
    index_of(&mut observed).phase = Phase::Creating { backfilling: true };
    let error = before_deletion(&table(spec), &observed).expect_err("it waits");
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Pending, "IndexChanging"));
}

#[test]
fn the_stream_goes_after_the_replicas_that_it_feeds_and_stays_with_those_that_stay() {
    let replicas = json!([{"regionName": "eu-west-1"}]);
    let mut observed = made(json!({"stream": {"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"}}));
    let replica = table(json!({"replicas": replicas})).spec.replicas.expect("one").remove(0);
    updated(&mut observed, &Update::CreateReplica(replica));
    let managed = ["stream", "replicas"];
    assert_eq!(steps(json!({"replicas": replicas}), &managed, &observed), vec![], "the stream is no longer declared");
    let gone = steps(json!({}), &managed, &observed);
    assert_eq!(
        gone.iter().map(|step| (step.block, step.impact)).collect::<Vec<_>>(),
        [("replicas", Impact::Destructive)]
    );
    advance(&mut None, &mut observed, &gone[0].op);
    assert_eq!(effects(json!({}), &managed, &observed), [Impact::Disruptive]);
}

#[test]
fn a_policy_of_a_table_is_checked_before_it_is_sent_and_guards_where_it_denies() {
    let policy = |text: &str| Policy { text: Some(text.to_owned()), revision: None };
    let observed = |text: &str| Observed {
        settings: [blocks::read_as::<ResourcePolicyBlock>(&policy(text))].into(),
        ..Observed::default()
    };
    let step = |policy: Option<&str>, observed: &Observed| {
        let spec = policy.map_or_else(|| json!({}), |policy| json!({"resourcePolicy": policy}));
        let step = steps(spec, &["resourcePolicy"], observed).into_iter().find(|step| step.block == "resourcePolicy");
        step.expect("a step")
    };
    assert_eq!(step(None, &observed(DENYING)).impact, Impact::Weakening);
    assert_eq!(step(None, &observed(&DENYING.replace("Deny", "Allow"))).impact, Impact::Update);
    assert_eq!(step(Some(""), &observed(DENYING)).impact, Impact::Update, "what is declared is consent");
    let refused = step(Some("{}"), &observed(DENYING)).not_yet.expect("it is refused");
    assert_eq!((refused.kind, refused.reason.as_str()), (ErrorKind::User, "MalformedPolicy"));
    assert_eq!(step(Some(&DENYING.replace("Deny", "Allow")), &observed(DENYING)).not_yet, None);
}

#[test]
fn tags_make_room_for_others_where_aws_takes_no_more() {
    let many = |from: usize, count: usize| -> Tags {
        (from..from + count).map(|number| (format!("key{number:02}"), "v".to_owned())).collect()
    };
    let display = |from: &Tags, to: &Tags| -> Vec<&str> {
        let word = |step: &Step<Op>| if matches!(step.op, Op::Untag(_)) { "untag" } else { "tag" };
        tagging::steps(from, to, Op::Tag, Op::Untag).iter().map(word).collect()
    };
    assert_eq!(display(&many(0, 20), &many(20, 20)), ["tag", "untag"], "the proof of ownership comes first");
    assert_eq!(display(&many(0, 40), &many(40, 40)), ["untag", "tag"]);
    assert_eq!(display(&many(0, 40), &many(30, 20)), ["tag", "untag"], "fifty fit");
}

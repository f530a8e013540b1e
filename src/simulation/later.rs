//! What AWS does to a table after it has answered with success: minutes of work that only a sub-status shows, and
//! failures that it reports elsewhere than in the answer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::RECONCILE_AT;

use super::{
    cloud::{Cloud, Existing, ImportEnd, table::Table},
    families::{Real, runtime},
    run::{Plan, Run},
    simulated::Simulated,
    workloads::{Act, Deed, Workload},
};

const MINUTES: Duration = Duration::from_secs(12 * 60);
const HOURS: Duration = Duration::from_secs(3 * 3600);

fn table(more: &Value) -> Value {
    let mut spec = json!({"partitionKey": {"name": "id", "type": "S"}});
    spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    spec
}

fn apply(more: &Value, settle: Duration) -> Act {
    Act { what: Deed::Apply("assets", table(more)), settle }
}

fn cloud(change: fn(&mut Cloud)) -> Act {
    Act { what: Deed::Cloud(change), settle: Duration::from_secs(1) }
}

fn every(cloud: &mut Cloud, change: impl Fn(&mut Table)) {
    cloud.tables.values_mut().for_each(|Existing { inner, .. }| change(inner));
}

fn run(acts: Vec<Act>) -> Run {
    let workload = Workload { name: "later", kind: Simulated::Table, tags_at_creation: true, acts };
    let run = runtime().block_on(async { Real::new().await.run(&workload, &Plan::default()).await });
    // What is tried again ever more slowly is written to now and then: how often is asserted by each story.
    let violations: Vec<&String> = run.violations.iter().filter(|what| !what.starts_with("I6: ")).collect();
    assert_eq!(violations, Vec::<&String>::new());
    run
}

/// Writes to AWS with these words after the act with this number.
fn writes(run: &Run, act: usize, words: &str) -> usize {
    run.calls.iter().skip(run.acts[act]).filter(|call| call.write && call.words.contains(words)).count()
}

/// Reason of Synced in the end.
fn synced(run: &Run) -> &str {
    run.end["objects"]["tables/assets"]["conditions"][1][2].as_str().unwrap_or_default()
}

#[test]
fn warm_throughput_that_is_raised_for_minutes_is_written_once() {
    let warm = |read: i64| json!({"readUnitsPerSecond": read, "writeUnitsPerSecond": 4_000});
    let index = |read: i64| {
        json!([{"name": "one", "partitionKeys": [{"name": "a", "type": "S"}], "projection": {"type": "ALL"},
            "warmThroughput": warm(read)}])
    };
    let spec = |read: i64| json!({"warmThroughput": warm(read), "globalSecondaryIndexes": index(read)});
    let run = run(vec![apply(&spec(12_000), MINUTES), apply(&spec(13_000), Duration::from_secs(40 * 60))]);
    assert_eq!(synced(&run), "InSync");
    assert_eq!(writes(&run, 1, "UpdateTable"), 2, "one for the table and one for the index");
}

#[test]
fn a_replica_that_does_not_work_is_told_and_never_in_sync() {
    let spec = json!({"stream": {"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"}});
    let mut with = spec.clone();
    with["replicas"] = json!([{"regionName": "eu-west-1"}]);
    with["timeToLive"] = json!({"enabled": true, "attributeName": "expiresAt"});
    let run_of = |change: fn(&mut Cloud)| run(vec![apply(&spec, MINUTES), cloud(change), apply(&with, HOURS)]);
    let disabled = run_of(|cloud| every(cloud, |table| table.replicas_become = Some("REGION_DISABLED")));
    assert_eq!(synced(&disabled), "ReplicaFailed");
    assert_eq!(writes(&disabled, 2, "UpdateTable"), 1);
    assert_eq!(writes(&disabled, 2, "UpdateTimeToLive"), 1, "other blocks go on");

    let failed = run_of(|cloud| every(cloud, |table| table.replicas_become = Some("CREATION_FAILED")));
    // Between its deletion and the next try there is no replica that could tell.
    assert!(["ReplicaFailed", "WriteLoop"].contains(&synced(&failed)), "{}", synced(&failed));
    let number = writes(&failed, 2, "UpdateTable");
    println!("a replica that is never made: {number} writes in three hours and more");
    assert!((4..=24).contains(&number), "{number} writes");

    let mended = run(vec![
        apply(&spec, MINUTES),
        cloud(|cloud| every(cloud, |table| table.replicas_become = Some("CREATION_FAILED"))),
        apply(&with, MINUTES),
        cloud(|cloud| every(cloud, |table| table.replicas_become = None)),
        Act { what: Deed::Annotate("assets", RECONCILE_AT, "now"), settle: MINUTES },
    ]);
    assert_eq!(synced(&mended), "InSync");
}

#[test]
fn what_aws_could_not_switch_on_is_told_with_its_words_and_tried_ever_more_slowly() {
    let stream = "arn:aws:kinesis:us-east-1:111122223333:stream/mistyped";
    for (block, value, change, reason, words) in [
        (
            "kinesisStream",
            json!({"enabled": true, "streamArn": stream}),
            (|cloud| every(cloud, |table| table.kinesis_fails = Some("no such stream"))) as fn(&mut Cloud),
            "KinesisStreamFailed",
            "EnableKinesis",
        ),
        (
            "contributorInsights",
            json!({"enabled": true}),
            |cloud| every(cloud, |table| table.insights_fail = Some("no role")),
            "ContributorInsightsFailed",
            "UpdateContributorInsights",
        ),
    ] {
        let run = run(vec![apply(&json!({}), MINUTES), cloud(change), apply(&json!({block: value}), HOURS)]);
        assert_eq!(synced(&run), reason);
        let number = writes(&run, 2, words);
        println!("{block}: {number} writes in three hours and more");
        assert!((2..=16).contains(&number), "{block}: {number} writes");
    }
}

fn import() -> Value {
    json!({"createFrom": {"s3Import": {"bucket": "target", "inputFormat": "ION"}}})
}

#[test]
fn an_import_without_errors_is_in_sync_once_it_has_ended() {
    let run = run(vec![apply(&import(), MINUTES)]);
    assert_eq!(synced(&run), "InSync");
    let looks = run.calls.iter().filter(|call| call.words.contains("DescribeImport")).count();
    assert!((2..=60).contains(&looks), "{looks} looks at the import");
}

#[test]
fn an_import_with_items_missing_is_told_until_somebody_says_that_it_may_stay_so() {
    let fails = |cloud: &mut Cloud| cloud.imports_end = Some(ImportEnd::SomeItems);
    let failed = run(vec![cloud(fails), apply(&import(), HOURS)]);
    assert_eq!(synced(&failed), "ImportIncomplete");
    assert_eq!(writes(&failed, 1, "CreateTable"), 1, "the table is not made again");
    assert_eq!(failed.end["objects"]["tables/assets"]["conditions"][0][1], "False", "it never was Ready");
    let accepted = run(vec![cloud(fails), apply(&import(), MINUTES), apply(&json!({}), MINUTES)]);
    assert_eq!(synced(&accepted), "InSync");
}

#[test]
fn an_import_that_makes_no_table_is_not_tried_again_unless_asked_for() {
    let fails = |cloud: &mut Cloud| cloud.imports_end = Some(ImportEnd::NoTable);
    let failed = run(vec![cloud(fails), apply(&import(), HOURS)]);
    assert_eq!(synced(&failed), "ImportFailed");
    assert_eq!(writes(&failed, 1, "CreateTable"), 1);
    let works = |cloud: &mut Cloud| cloud.imports_end = None;
    let mut elsewhere = import();
    elsewhere["createFrom"]["s3Import"]["keyPrefix"] = json!("orders/");
    for again in
        [Act { what: Deed::Annotate("assets", RECONCILE_AT, "now"), settle: MINUTES }, apply(&elsewhere, MINUTES)]
    {
        let mended = run(vec![cloud(fails), apply(&import(), MINUTES), cloud(works), again]);
        assert_eq!(synced(&mended), "InSync");
        assert_eq!(writes(&mended, 1, "CreateTable"), 2);
    }
    let deleted =
        run(vec![cloud(fails), apply(&import(), MINUTES), Act { what: Deed::Delete("assets"), settle: MINUTES }]);
    assert_eq!(deleted.end["objects"], json!({}), "nothing holds it");
}

#[test]
fn tags_that_are_locked_by_the_change_before_are_waited_for() {
    let tags = |key: &str| json!({"tags": {key: "shop"}});
    let run = run(vec![apply(&tags("team"), MINUTES), apply(&tags("owner"), MINUTES)]);
    assert_eq!(synced(&run), "InSync");
    assert!((2..=4).contains(&writes(&run, 1, "agResource")), "{:#?}", run.calls);
}

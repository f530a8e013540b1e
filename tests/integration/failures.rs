//! What AWS takes and then reports as failed, or has long had otherwise: the conditions say so in AWS's own words.

use musubi::api::{Bucket, Table};
use serde_json::{Value, json};

use crate::{
    proxy::{Action, Import},
    tables::minimal,
    world::{World, condition, status},
};

fn with(name: &str, rest: &Value) -> Value {
    let mut spec = minimal(name);
    spec.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
    spec
}

/// How often a call was made, whatever came of it.
fn asked(world: &World, operation: &str) -> usize {
    world.proxy.calls().iter().filter(|call| call.operation == operation).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_of_another_account_is_neither_made_nor_touched() {
    let world = World::new("failed-foreign").await;
    let name = world.name("assets");
    world.proxy.plant_foreign_bucket(&name);
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    // IAM may lag, too: it is Stalled only once this has lasted.
    let bucket: Bucket = world.unsynced("assets", "AccessDenied").await;
    let synced = condition(&bucket, "Synced").expect("it is always there");
    assert!(synced.message.contains("GetBucketTagging") && synced.message.contains("Access Denied"), "{synced:?}");
    assert!(condition(&bucket, "Reconciling").is_some() && condition(&bucket, "Stalled").is_none());
    assert_eq!(status(&bucket).external, None, "it is not ours");
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
    let writes: Vec<_> = world.proxy.calls().into_iter().filter(crate::proxy::Call::is_write).collect();
    assert_eq!(writes, [], "not one write");
}

/// Between the look, which finds nothing, and the create.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_another_account_takes_first_is_told_to_be_taken() {
    let world = World::new("failed-taken").await;
    let name = world.name("assets");
    world.proxy.rule("CreateBucket", &name, usize::MAX, Action::Refuse(409, "BucketAlreadyExists"));
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    let message = world.stalled::<Bucket>("assets", "BucketAlreadyExists").await;
    assert!(message.contains("Choose another spec.name"), "{message}");
    world.delete::<Bucket>("assets").await;
    world.gone::<Bucket>("assets").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_does_not_work_stalls_the_table_while_it_serves() {
    for (state, said, way_out) in [
        ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", "the key is disabled", "Enable its KMS key"),
        ("CREATION_FAILED", "the region is out of order", "deleted and created again"),
    ] {
        let world = World::new("failed-replica").await;
        let name = world.name("orders");
        world.proxy.plant_replica_state(&name, "eu-west-1", state, said);
        let stream = json!({"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"});
        let spec = with(&name, &json!({"stream": stream, "replicas": [{"regionName": "eu-west-1"}]}));
        world.apply::<Table>("orders", spec).await;
        let message = world.stalled::<Table>("orders", "ReplicaFailed").await;
        for words in ["replicas[eu-west-1]", state, said, way_out] {
            assert!(message.contains(words), "{words}: {message}");
        }
        let table = world.api::<Table>().get("orders").await.expect("the object");
        let told = status(&table).replicas.iter().find(|replica| replica.region_name == "eu-west-1");
        assert_eq!(told.map(|replica| replica.status.as_str()), Some(state));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_fails_makes_no_table_and_is_not_begun_again() {
    let world = World::with("failed-import", &["--allow-references=*=arn:aws:s3:::exports"]).await;
    let name = world.name("orders");
    let fails = Import::FailsAtOnce("S3NoSuchBucket".to_owned(), "The specified bucket does not exist".to_owned());
    world.proxy.plant_import(&name, fails);
    world.apply::<Table>("orders", with(&name, &imported())).await;
    let message = world.stalled::<Table>("orders", "ImportFailed").await;
    assert!(message.contains("S3NoSuchBucket: The specified bucket does not exist"), "{message}");
    assert_eq!(asked(&world, "ImportTable"), 1);
    assert!(world.aws.table(&name).await.is_none());
    world.delete::<Table>("orders").await;
    world.gone::<Table>("orders").await;
}

fn imported() -> Value {
    json!({"createFrom": {"s3Import": {"bucket": "exports", "inputFormat": "DYNAMODB_JSON"}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_that_leaves_items_out_is_told_until_somebody_accepts_it() {
    let world = World::with("failed-items", &["--allow-references=*=arn:aws:s3:::exports"]).await;
    let (late, partly) = (world.name("late"), world.name("partly"));
    let fails = Import::FailsLater("ItemValidationError".to_owned(), "Some of the items failed validation".to_owned());
    world.proxy.plant_import(&late, fails);
    world.proxy.plant_import(&partly, Import::LeavesOut { errors: 3, imported: 39 });
    world.apply::<Table>("late", with(&late, &imported())).await;
    world.apply::<Table>("partly", with(&partly, &imported())).await;
    let message = world.stalled::<Table>("late", "ImportIncomplete").await;
    assert!(message.contains("ItemValidationError: Some of the items failed validation"), "{message}");
    let message = world.stalled::<Table>("partly", "ImportIncomplete").await;
    assert!(message.contains("39 of 42 items") && message.contains("Errors: 3."), "{message}");
    assert_eq!(asked(&world, "ImportTable"), 2, "each once");
    world.apply::<Table>("partly", minimal(&partly)).await;
    world.ready::<Table>("partly").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn contributor_insights_that_fail_are_told_in_the_words_of_aws() {
    let world = World::new("failed-insights").await;
    let name = world.name("orders");
    world.proxy.plant_insights_failure(&name, "AccessDeniedException", "no role for insights");
    world.apply::<Table>("orders", with(&name, &json!({"contributorInsights": {"enabled": true}}))).await;
    let message = world.stalled::<Table>("orders", "ContributorInsightsFailed").await;
    assert!(message.contains("AccessDeniedException: no role for insights"), "{message}");
    assert!(message.contains("musubi.dev/reconcile-at"), "{message}");
    world.apply::<Table>("orders", minimal(&name)).await;
    world.ready::<Table>("orders").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kinesis_stream_that_cannot_be_written_to_is_told_in_the_words_of_aws() {
    let stream = "arn:aws:kinesis:us-east-1:000000000000:stream/not-there";
    let world = World::with("failed-kinesis", &[&format!("--allow-references=*={stream}")]).await;
    let name = world.name("orders");
    world.proxy.plant_kinesis_failure(&name, "the stream is not there any more");
    let spec = with(&name, &json!({"kinesisStream": {"enabled": true, "streamArn": stream}}));
    world.apply::<Table>("orders", spec).await;
    let message = world.stalled::<Table>("orders", "KinesisStreamFailed").await;
    assert!(message.contains(stream) && message.contains("the stream is not there any more"), "{message}");
    let table = world.api::<Table>().get("orders").await.expect("the object");
    assert_eq!(condition(&table, "Synced").map(|synced| synced.status.as_str()), Some("False"));
}

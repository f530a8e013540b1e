//! A Bucket from apply to AWS and back, through edits and drift.

use musubi::api::Bucket;
use serde_json::{Value, json};

use crate::world::{World, condition, status, uid};

/// The bucket of the README: all seven blocks.
pub fn production(name: &str) -> Value {
    json!({
        "name": name,
        "region": "us-east-1",
        "objectOwnership": "BucketOwnerEnforced",
        "publicAccessBlock": {"blockPublicAcls": true, "ignorePublicAcls": true, "blockPublicPolicy": true, "restrictPublicBuckets": true},
        "encryption": {"algorithm": "aws:kms", "kmsKeyId": "arn:aws:kms:us-east-1:111122223333:key/0b7d3c1e-1111-2222-3333-444455556666", "bucketKeyEnabled": true},
        "versioning": {"status": "Enabled"},
        "tags": {"team": "shop", "cost-center": "42"},
        "lifecycle": {"rules": [
            {"id": "old-versions", "status": "Enabled", "filter": {"prefix": ""}, "noncurrentVersionExpiration": {"noncurrentDays": 30}},
            {"id": "uploads", "status": "Enabled", "filter": {"prefix": ""}, "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}},
        ]},
        "policy": policy(name, "Deny"),
        "connectionSecret": {"name": "assets", "keys": {"BUCKET_NAME": "bucket", "AWS_REGION": "region"}},
    })
}

pub fn policy(bucket: &str, impact: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "TlsOnly", "Effect": impact, "Principal": "*", "Action": "s3:*",
        "Resource": [format!("arn:aws:s3:::{bucket}"), format!("arn:aws:s3:::{bucket}/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }]})
    .to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_becomes_real_and_its_secret_says_how_to_reach_it() {
    let world = World::new("bucket-real").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", production(&name)).await;
    let bucket: Bucket = world.ready("assets").await;

    let tags = world.aws.bucket_tags(&name).await;
    assert_eq!(tags["team"], "shop");
    assert_eq!(tags["musubi.dev/uid"], uid(&bucket));
    assert_eq!(tags["musubi.dev/namespace"], world.namespace);
    assert_eq!(tags["musubi.dev/name"], "assets");
    let snapshot = world.aws.snapshot(&name).await;
    for expected in ["Enabled", "AwsKms", "TlsOnly", "BucketOwnerEnforced", "old-versions", "uploads"] {
        assert!(snapshot.contains(expected), "{expected} is not in AWS: {snapshot}");
    }

    let external = status(&bucket).external.clone().expect("what it is in AWS");
    assert_eq!((external.name.as_str(), external.region.as_str()), (name.as_str(), "us-east-1"));
    assert_eq!(external.arn, format!("arn:aws:s3:::{name}"));
    assert_eq!(external.account_id, "000000000000");
    assert_eq!(status(&bucket).binding.as_ref().map(|binding| binding.name.as_str()), Some("assets"));
    assert_eq!(status(&bucket).creation_intent, None, "the intent is gone once the tags are on");
    assert!(condition(&bucket, "Reconciling").is_none() && condition(&bucket, "Stalled").is_none());

    let secret = world.secrets().get("assets").await.expect("the connection Secret");
    assert_eq!(secret.type_.as_deref(), Some("servicebinding.io/s3"));
    let owner = &secret.metadata.owner_references.expect("an owner")[0];
    assert_eq!((owner.uid.as_str(), owner.controller), (uid(&bucket).as_str(), Some(true)));
    let data = world.secret("assets").await;
    let keys: Vec<&str> = data.keys().map(String::as_str).collect();
    assert_eq!(keys, ["AWS_REGION", "BUCKET_NAME", "arn", "bucket", "endpoint", "provider", "region", "type", "uri"]);
    assert_eq!((data["BUCKET_NAME"].as_str(), data["bucket"].as_str()), (name.as_str(), name.as_str()));
    assert_eq!((data["type"].as_str(), data["provider"].as_str()), ("s3", "aws"));
    world.event("assets", "Created").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_of_every_block_reach_aws_and_ready_stays_true() {
    let world = World::new("bucket-edit").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", production(&name)).await;
    world.ready::<Bucket>("assets").await;

    let mut spec = production(&name);
    spec["objectOwnership"] = json!("BucketOwnerPreferred");
    spec["publicAccessBlock"]["restrictPublicBuckets"] = json!(false);
    // The policy is public from here on.
    spec["publicAccessBlock"]["blockPublicPolicy"] = json!(false);
    spec["encryption"] = json!({"algorithm": "AES256"});
    spec["versioning"]["status"] = json!("Suspended");
    spec["tags"] = json!({"team": "search"});
    spec["lifecycle"]["rules"][0]["noncurrentVersionExpiration"]["noncurrentDays"] = json!(31);
    spec["policy"] = json!(policy(&name, "Allow"));
    let edited: Bucket = world.apply("assets", spec).await;
    assert!(status(&edited).is_true("Ready"), "an edit does not take Ready away");
    let bucket: Bucket = world.ready("assets").await;
    assert_eq!(condition(&bucket, "Ready").map(|ready| ready.observed_generation), Some(edited.metadata.generation));

    let tags = world.aws.bucket_tags(&name).await;
    assert_eq!(tags["team"], "search");
    assert!(!tags.contains_key("cost-center"), "a declared tag that is taken out goes");
    let snapshot = world.aws.snapshot(&name).await;
    for expected in [
        "Suspended",
        "Aes256",
        "BucketOwnerPreferred",
        "noncurrent_days: Some(31)",
        "restrict_public_buckets: Some(false)",
        "Allow",
    ] {
        assert!(snapshot.contains(expected), "{expected} is not in AWS: {snapshot}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_is_taken_out_is_reset_and_a_guard_is_kept_until_the_user_says_so() {
    let world = World::new("bucket-reset").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", production(&name)).await;
    world.ready::<Bucket>("assets").await;
    let tagging = world.aws.s3.put_bucket_tagging().bucket(&name);
    let mut tags = world.aws.bucket_tags(&name).await;
    tags.insert("foreign".into(), "stays".into());
    let set = tags.iter().map(|(k, v)| aws_sdk_s3::types::Tag::builder().key(k).value(v).build().expect("a tag"));
    let tag_set = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(set.collect())).build().expect("tags");
    tagging.tagging(tag_set).send().await.expect("tags can be put");

    let mut spec = production(&name);
    for block in ["lifecycle", "tags"] {
        spec.as_object_mut().expect("a spec").remove(block);
    }
    world.apply::<Bucket>("assets", spec.clone()).await;
    let bucket: Bucket = world.ready("assets").await;
    assert!(!status(&bucket).managed.has_block("lifecycle"), "a reset that is done is forgotten");
    let tags = world.aws.bucket_tags(&name).await;
    assert!(!tags.contains_key("team") && tags["foreign"] == "stays", "{tags:?}");
    assert!(!world.aws.snapshot(&name).await.contains("old-versions"));

    spec.as_object_mut().expect("a spec").remove("versioning");
    world.apply::<Bucket>("assets", spec.clone()).await;
    let message = world.stalled::<Bucket>("assets", "ApprovalRequired").await;
    assert!(message.contains("versioning"), "{message}");
    assert!(world.aws.snapshot(&name).await.contains("Some(Enabled)"), "the guard stands");

    spec["versioning"] = json!({"status": "Suspended"});
    world.apply::<Bucket>("assets", spec).await;
    world.ready::<Bucket>("assets").await;
    assert!(world.aws.snapshot(&name).await.contains("Some(Suspended)"), "declaring the off value is consent");
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_of_every_block_is_put_right_within_one_resync() {
    let world = World::eager("bucket-drift").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", production(&name)).await;
    world.ready::<Bucket>("assets").await;
    let before = world.aws.snapshot(&name).await;
    let s3 = &world.aws.s3;

    world.seen_in_place::<Bucket>(&name).await;
    let corrected = world.proxy.wait_for_more("PutBucketVersioning", &name, 1);
    world.aws.suspend_versioning(&name).await;
    corrected.await;
    let corrected = world.proxy.wait_for_more("PutBucketLifecycleConfiguration", &name, 1);
    s3.delete_bucket_lifecycle().bucket(&name).send().await.expect("tampered");
    corrected.await;
    let corrected = world.proxy.wait_for_more("PutBucketPolicy", &name, 1);
    s3.delete_bucket_policy().bucket(&name).send().await.expect("tampered");
    corrected.await;
    let corrected = world.proxy.wait_for_more("PutPublicAccessBlock", &name, 1);
    s3.delete_public_access_block().bucket(&name).send().await.expect("tampered");
    corrected.await;
    let corrected = world.proxy.wait_for_more("PutBucketEncryption", &name, 1);
    s3.delete_bucket_encryption().bucket(&name).send().await.expect("tampered");
    corrected.await;

    let note = world.event("assets", "DriftCorrected").await;
    assert!(note.contains("->"), "{note}");
    // A whole look without a write says that everything is in place again.
    world.proxy.wait_for_more("GetBucketTagging", &name, 2).await;
    assert_eq!(world.aws.snapshot(&name).await, before);
    let (_, metrics) = world.operator.http("/metrics").await;
    assert!(metrics.contains("musubi_drift_corrected_total{kind=\"bucket\"}"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_deleted_behind_our_back_is_made_again_with_a_warning() {
    let world = World::eager("bucket-again").await;
    let name = world.name("assets");
    world.apply::<Bucket>("assets", json!({"name": name})).await;
    world.ready::<Bucket>("assets").await;
    let made = world.proxy.wait_for_more("CreateBucket", &name, 1);
    world.aws.s3.delete_bucket().bucket(&name).send().await.expect("deleted");
    made.await;
    let note = world.event("assets", "Recreated").await;
    assert!(note.contains(&name), "{note}");
    world.ready::<Bucket>("assets").await;
    assert!(world.aws.bucket_exists(&name).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_is_no_json_stalls_its_block_alone_and_recovers() {
    let world = World::new("bucket-policy").await;
    let name = world.name("assets");
    let mut spec = production(&name);
    spec["policy"] = json!("{ not json");
    world.apply::<Bucket>("assets", spec).await;
    let message = world.stalled::<Bucket>("assets", "MalformedPolicy").await;
    assert!(message.contains("policy is not valid JSON"), "{message}");
    let snapshot = world.aws.snapshot(&name).await;
    assert!(
        snapshot.contains("Some(Enabled)") && snapshot.contains("old-versions"),
        "the rest is in place: {snapshot}"
    );

    world.apply::<Bucket>("assets", production(&name)).await;
    world.ready::<Bucket>("assets").await;
    assert!(world.aws.snapshot(&name).await.contains("TlsOnly"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reconcile_at_starts_a_pass_and_comes_back_in_status() {
    let world = World::new("bucket-poke").await;
    world.apply::<Bucket>("assets", json!({"name": world.name("assets")})).await;
    world.ready::<Bucket>("assets").await;
    let looked = world.proxy.wait_for_more("GetBucketTagging", &world.name("assets"), 1);
    world.rig.kubectl(&["annotate", "-n", &world.namespace, "bucket", "assets", "musubi.dev/reconcile-at=now-please"]);
    looked.await;
    world
        .wait::<Bucket>("assets", "handled", |bucket: Option<&Bucket>| {
            let handled = bucket.and_then(|bucket| bucket.status.as_ref()?.last_handled_reconcile_at.as_deref());
            handled == Some("now-please")
        })
        .await;
}

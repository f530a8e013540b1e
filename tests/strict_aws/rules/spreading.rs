//! What waits until another change of the same bucket has spread.

use std::time::Duration;

use super::super::{memory::within, xml};
use super::{Answer, Entry, Look, Rule, Scene, policies};

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::PublicPolicyWaits,
        "A public policy is refused with AccessDenied for a while after the public access block was loosened.",
        "env0/templates#258; hashicorp/terraform-provider-aws#30951",
    )
    .window(Duration::from_millis(500), "seconds to a minute")
    .before(policy_waits)
    .after(loosened),
    Entry::new(
        Rule::ReplicationNeedsVersioning,
        "Replication is refused with InvalidRequest unless both buckets are there and have versioning enabled.",
        "Amazon S3 User Guide, Requirements and considerations for replication; \
         terraform-aws-modules/terraform-aws-s3-bucket#172",
    ),
    Entry::new(
        Rule::ReplicationWaits,
        "Replication is refused with InvalidRequest for a while after versioning was enabled.",
        "aws/aws-sdk#106; aws/aws-sdk-ruby#1919; Amazon S3 User Guide, Enabling versioning on buckets (up to 15 minutes)",
    )
    .window(Duration::from_millis(500), "seconds; Terraform tries for 2 min, AWS says up to 15 min")
    .looks(|request| match (request.is("PutBucketVersioning"), request.bucket()) {
        (true, Some(bucket)) => vec![Look::Bucket(bucket.to_owned(), "versioning")],
        _ => vec![],
    })
    .before(replication_waits)
    .after(versioned),
];

fn policy_waits(scene: &mut Scene) -> Option<Answer> {
    if !scene.request.is("PutBucketPolicy") || !policies::is_public(&scene.request.json()) {
        return None;
    }
    let since = scene.memory.loosened.get(scene.request.bucket()?);
    if within(since, scene.now, scene.window) { policies::refuse_public(scene) } else { None }
}

fn loosened(scene: &mut Scene, answer: &mut Answer) {
    let Some(bucket) = scene.request.bucket().filter(|_| answer.is_success()).map(str::to_owned) else { return };
    let text = scene.request.text();
    if scene.request.is("DeletePublicAccessBlock") {
        scene.memory.loosened.insert(bucket, scene.now);
    } else if scene.request.is("PutPublicAccessBlock") {
        if text.contains("<BlockPublicPolicy>true<") {
            scene.memory.loosened.remove(&bucket);
        } else {
            // Loosened again is no news.
            scene.memory.loosened.entry(bucket).or_insert(scene.now);
        }
    }
}

fn replication_waits(scene: &mut Scene) -> Option<Answer> {
    if !scene.request.is("PutBucketReplication") {
        return None;
    }
    let fresh = |bucket: &str| within(scene.memory.versioned.get(bucket), scene.now, scene.window);
    if fresh(scene.request.bucket()?) {
        let message = "Versioning must be 'Enabled' on the bucket to apply a replication configuration";
        return scene.refuse(400, "InvalidRequest", message);
    }
    let text = scene.request.text();
    let destinations = xml::all(&text, "Bucket").into_iter();
    if destinations.filter_map(|arn| arn.rsplit(':').next()).any(fresh) {
        return scene.refuse(400, "InvalidRequest", "Destination bucket must have versioning enabled.");
    }
    None
}

fn versioned(scene: &mut Scene, answer: &mut Answer) {
    let enables = scene.request.is("PutBucketVersioning") && scene.request.text().contains("<Status>Enabled<");
    let Some(bucket) = scene.request.bucket().filter(|_| answer.is_success() && enables) else { return };
    let bucket = bucket.to_owned();
    if !scene.looked.bucket(&bucket, "versioning").contains("<Status>Enabled<") {
        scene.memory.versioned.insert(bucket, scene.now);
    }
}

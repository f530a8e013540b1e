//! Making buckets and writing to them.

use std::time::Duration;

use super::super::{call, memory::within};
use super::{Answer, Entry, Look, Rule, Scene};

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::OwnBucketAgain,
        "In us-east-1 CreateBucket of a bucket that one owns already answers 200; elsewhere 409 BucketAlreadyOwnedByYou.",
        "Amazon S3 API Reference, CreateBucket, Errors",
    ),
    Entry::new(
        Rule::ConflictingWrites,
        "Of two writes to one bucket at the same time one is refused with 409 OperationAborted.",
        "hashicorp/terraform-provider-aws#7628; Amazon S3 API Reference, Error responses",
    )
    .before(conflicts),
    Entry::new(
        Rule::StaleConfiguration,
        "For a while after a write the configuration of a bucket can still be read as it was before.",
        "Amazon S3 User Guide, Amazon S3 data consistency model (bucket configurations are eventually consistent); \
         hashicorp/terraform-provider-aws, bucket_lifecycle_configuration.go (three equal reads, up to 3 minutes)",
    )
    // Half of the time in which the operator of a test waits for a write to show.
    .window(Duration::from_millis(500), "usually seconds, up to 90 s seen; Terraform waits 3 min")
    .looks(|request| match (request.writes_to_bucket(), request.bucket(), request.resource()) {
        (true, Some(bucket), Some(resource)) => vec![Look::Bucket(bucket.to_owned(), resource)],
        _ => vec![],
    })
    .before(stale)
    .after(remember),
];

fn conflicts(scene: &mut Scene) -> Option<Answer> {
    if !scene.request.writes_to_bucket() {
        return None;
    }
    let bucket = scene.request.bucket()?.to_owned();
    if scene.memory.writes.iter().any(|(_, other)| *other == bucket) {
        let message = "A conflicting conditional operation is currently in progress against this resource. Please try \
                       again.";
        return scene.refuse(409, "OperationAborted", message);
    }
    scene.memory.writes.push((scene.request.id, bucket));
    None
}

fn stale(scene: &mut Scene) -> Option<Answer> {
    if call::is_write(&scene.request.operation) || scene.request.is_about_an_object() {
        return None;
    }
    let key = (scene.request.bucket()?.to_owned(), scene.request.resource()?);
    let (answer, since) = scene.memory.before.get(&key)?;
    within(Some(since), scene.now, scene.window).then(|| answer.clone())
}

fn remember(scene: &mut Scene, answer: &mut Answer) {
    let Some(bucket) = scene.request.bucket().filter(|_| answer.is_success() && scene.request.writes_to_bucket())
    else {
        return;
    };
    let bucket = bucket.to_owned();
    if scene.request.is("CreateBucket") || scene.request.is("DeleteBucket") {
        // Nothing of an earlier one shows.
        scene.memory.before.retain(|(of, _), _| *of != bucket);
        scene.memory.untagged.remove(&bucket);
        if scene.request.is("CreateBucket") {
            scene.memory.untagged.insert(bucket);
        }
        return;
    }
    // AWS takes tags with CreateBucket and so has them from the beginning. LocalStack drops them there, and they are put
    // right after it: that write shows at once.
    if scene.request.is("PutBucketTagging") && scene.memory.untagged.remove(&bucket) {
        return;
    }
    let Some(resource) = scene.request.resource() else { return };
    let before = scene.looked.at(&Look::Bucket(bucket.clone(), resource));
    if let Some(before) = before.filter(|before| before.is_success() || before.status == 404) {
        scene.memory.before.insert((bucket, resource), (before.clone(), scene.now));
    }
}

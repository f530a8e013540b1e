//! Whose bucket it is.

use super::{Answer, Entry, Look, Rule, Scene};

/// The account of whoever has another access key than twelve digits.
const HOME: &str = "000000000000";

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::ForeignBucket,
        "A bucket of another account answers every call with 403, tags and HeadBucket included, whether or not the call \
         says whose it should be; CreateBucket says BucketAlreadyExists.",
        "Amazon S3 API Reference, HeadBucket, CreateBucket; Verifying bucket ownership with bucket owner condition",
    )
    .before(foreign),
    Entry::new(
        Rule::ExpectedBucketOwner,
        "A call with another ExpectedBucketOwner than the account that owns the bucket is refused with 403.",
        "Amazon S3 User Guide, Verifying bucket ownership with bucket owner condition",
    )
    .looks(|request| {
        // Of buckets that were not made by the proxy the owner is always the same: most calls need no look.
        let expected = request.header("x-amz-expected-bucket-owner").filter(|owner| *owner != HOME);
        expected.and(request.bucket()).map(|bucket| Look::Bucket(bucket.to_owned(), "location")).into_iter().collect()
    })
    .before(expected)
    .after(remember),
];

fn foreign(scene: &mut Scene) -> Option<Answer> {
    let bucket = scene.request.bucket()?;
    if !scene.memory.planted.foreign.contains(bucket) {
        return None;
    }
    if scene.request.is("CreateBucket") {
        let taken = "The requested bucket name is not available. The bucket namespace is shared by all users of the \
                     system. Please select a different name and try again.";
        return scene.refuse(409, "BucketAlreadyExists", taken);
    }
    scene.refuse(403, "AccessDenied", "Access Denied")
}

fn expected(scene: &mut Scene) -> Option<Answer> {
    // CreateBucket does not take it (Amazon S3 API Reference, CreateBucket).
    if scene.request.is("CreateBucket") {
        return None;
    }
    let bucket = scene.request.bucket()?;
    let expected = scene.request.header("x-amz-expected-bucket-owner")?;
    let owner = scene.memory.owners.get(bucket).map(String::as_str);
    let is_there = owner.is_some() || scene.looked.bucket_is_there(bucket);
    if expected == owner.unwrap_or(HOME) || !is_there {
        return None;
    }
    scene.refuse(403, "AccessDenied", "Access Denied")
}

fn remember(scene: &mut Scene, answer: &mut Answer) {
    let Some(bucket) = scene.request.bucket().map(str::to_owned) else { return };
    if !answer.is_success() {
        return;
    }
    if scene.request.is("CreateBucket") {
        scene.memory.owners.insert(bucket, scene.request.account());
    } else if scene.request.is("DeleteBucket") {
        scene.memory.owners.remove(&bucket);
    }
}

//! Tags of buckets.

use std::collections::BTreeMap;

use super::super::xml;
use super::{Answer, Entry, Rule, Scene};

/// Amazon S3 User Guide, Using cost allocation S3 bucket tags.
const MAX: usize = 50;

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::BucketTagLimit,
        "A bucket has at most 50 tags; PutBucketTagging with more is refused.",
        "Amazon S3 User Guide, Using cost allocation S3 bucket tags; versity/versitygw#1204",
    )
    .before(limit),
    Entry::new(
        Rule::SystemTagsSentBack,
        "PutBucketTagging without the tags under aws: that the bucket has is refused with InvalidTag; with them, \
         unchanged, it works.",
        "cloud-custodian/cloud-custodian#2834; hashicorp/terraform-provider-aws#7323",
    )
    .before(sent_back)
    .after(show),
    Entry::new(
        Rule::SystemTagsNotAdded,
        "PutBucketTagging with a tag under aws: that the bucket has not got is refused with InvalidTag.",
        "Amazon S3 API Reference, PutBucketTagging; cloud-custodian/cloud-custodian#370",
    ),
];

fn tags(text: &str) -> BTreeMap<String, String> {
    let tags = xml::all(text, "Tag").into_iter();
    tags.filter_map(|tag| Some((xml::first(tag, "Key")?, xml::first(tag, "Value").unwrap_or_default()))).collect()
}

fn tagging(tags: &BTreeMap<String, String>) -> String {
    let tag = |(key, value): (&String, &String)| {
        format!("<Tag><Key>{}</Key><Value>{}</Value></Tag>", xml::escaped(key), xml::escaped(value))
    };
    let all: String = tags.iter().map(tag).collect();
    format!("<Tagging xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><TagSet>{all}</TagSet></Tagging>")
}

fn limit(scene: &mut Scene) -> Option<Answer> {
    // Duplicates are another matter, and LocalStack's.
    if !scene.request.is("PutBucketTagging") || tags(&scene.request.text()).len() <= MAX {
        return None;
    }
    scene.refuse(400, "BadRequest", "Bucket tag count cannot be greater than 50")
}

fn sent_back(scene: &mut Scene) -> Option<Answer> {
    if !scene.request.is("PutBucketTagging") {
        return None;
    }
    let system = scene.memory.planted.system_tags.get(scene.request.bucket()?)?;
    let mut sent = tags(&scene.request.text());
    if system.iter().any(|(key, value)| sent.get(key) != Some(value)) {
        return scene.refuse(400, "InvalidTag", "System tags cannot be removed by requester");
    }
    // LocalStack takes none of them.
    sent.retain(|key, _| !system.contains_key(key));
    scene.request.rewrite(tagging(&sent));
    None
}

/// The bucket's own tags and AWS's.
fn show(scene: &mut Scene, answer: &mut Answer) {
    let Some(bucket) = scene.request.bucket() else { return };
    if scene.request.is("DeleteBucket") && answer.is_success() {
        scene.memory.planted.system_tags.remove(bucket);
        return;
    }
    let Some(system) = scene.memory.planted.system_tags.get(bucket) else { return };
    let untagged = answer.status == 404 && answer.text().contains("NoSuchTagSet");
    if scene.request.is("GetBucketTagging") && (answer.is_success() || untagged) {
        let mut all = tags(&answer.text());
        all.extend(system.clone());
        *answer = Answer::of_s3(tagging(&all));
    }
}

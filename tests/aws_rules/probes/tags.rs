//! Tags of buckets.

use aws_sdk_s3::types::{Tag, Tagging};

use super::probe;
use crate::{
    bench::Bench,
    probe::{Finding, Outcome, Probe, done, not_kept, refused},
    proxy::Rule,
};

pub fn all() -> Vec<Probe> {
    vec![
        probe(Rule::SystemTagsSentBack, |bench| Box::pin(sent_back(bench)))
            .not_on_aws("only services of AWS's can give a bucket a tag under aws:"),
        probe(Rule::SystemTagsNotAdded, |bench| Box::pin(not_added(bench))).kept_by_localstack(),
        probe(Rule::BucketTagLimit, |bench| Box::pin(limit(bench))),
    ]
}

fn tagging(pairs: &[(String, &str)]) -> Tagging {
    let tag = |(key, value): &(String, &str)| Tag::builder().key(key).value(*value).build().expect("it is whole");
    let tags = pairs.iter().map(tag).collect();
    Tagging::builder().set_tag_set(Some(tags)).build().expect("it is whole")
}

async fn sent_back(bench: &Bench) -> Outcome {
    const KEY: &str = "aws:cloudformation:stack-name";
    let bucket = bench.bucket("system").await?;
    bench.plant(|proxy| proxy.plant_system_tag(&bucket, KEY, "stack"));
    let put = |pairs: &[(String, &str)]| bench.s3.put_bucket_tagging().bucket(&bucket).tagging(tagging(pairs)).send();
    let without = put(&[("team".to_owned(), "shop")]).await;
    let finding = refused("PutBucketTagging without the tag of AWS's", &["InvalidTag"], without)?;
    if finding != Finding::Kept {
        return Ok(finding);
    }
    let changed = put(&[("team".to_owned(), "shop"), (KEY.to_owned(), "other")]).await;
    let finding = refused("PutBucketTagging with another value of it", &["InvalidTag"], changed)?;
    if finding != Finding::Kept {
        return Ok(finding);
    }
    done("PutBucketTagging with it", put(&[("team".to_owned(), "shop and co"), (KEY.to_owned(), "stack")]).await)?;
    let both = || async {
        let found = bench.s3.get_bucket_tagging().bucket(&bucket).send().await;
        let has = |key: &str, value: &str| {
            found.as_ref().is_ok_and(|found| found.tag_set().iter().any(|tag| tag.key() == key && tag.value() == value))
        };
        has("team", "shop and co") && has(KEY, "stack")
    };
    bench.until("both tags are shown", both).await?;
    Ok(Finding::Kept)
}

async fn not_added(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("aws-tag").await?;
    let put = bench.s3.put_bucket_tagging().bucket(&bucket).tagging(tagging(&[("aws:mine".to_owned(), "x")]));
    refused("PutBucketTagging with aws:mine", &["InvalidTag"], put.send().await)
}

async fn limit(bench: &Bench) -> Outcome {
    let bucket = bench.bucket("many-tags").await?;
    let tags: Vec<(String, &str)> = (0..51).map(|number| (format!("key-{number}"), "x")).collect();
    let most = bench.s3.put_bucket_tagging().bucket(&bucket).tagging(tagging(&tags[..50])).send().await;
    done("PutBucketTagging with 50 tags", most)?;
    let more = bench.s3.put_bucket_tagging().bucket(&bucket).tagging(tagging(&tags)).send().await;
    match refused("PutBucketTagging with 51 tags", &["BadRequest", "InvalidTag"], more)? {
        Finding::Kept => Ok(Finding::Kept),
        Finding::NotKept(what) => not_kept(what),
    }
}

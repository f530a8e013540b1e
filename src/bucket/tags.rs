//! The tags of a bucket.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};

use crate::{
    api::tags::Tags,
    aws::{Aws, code, error_of},
    managed::error::Error,
};

use super::blocks::Target;

/// Those of the bucket, or `None` if there is no bucket.
pub(super) async fn of_bucket(target: &Target) -> Result<Option<Tags>, Error> {
    read(target).await.map_err(|unread| unread.error)
}

/// Those of a bucket of this account that a spec in this region names. It can be in another region (replication): S3
/// then says in which.
pub(super) async fn of_named(aws: &Aws, bucket: &str, region: &str, account: &str) -> Result<Option<Tags>, Error> {
    let target =
        |region: &str| Target { client: aws.client(region), bucket: bucket.to_owned(), account_id: account.to_owned() };
    match read(&target(region)).await {
        Err(Unread { elsewhere: Some(other), .. }) if other != region => of_bucket(&target(&other)).await,
        answer => answer.map_err(|unread| unread.error),
    }
}

/// Tags that were not read.
struct Unread {
    error: Error,
    /// The region that S3 names in its answer, where the bucket is in another than the one that was asked.
    elsewhere: Option<String>,
}

async fn read(target: &Target) -> Result<Option<Tags>, Unread> {
    let answer = target
        .client
        .get_bucket_tagging()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .send()
        .await;
    match answer {
        Ok(answer) => Ok(Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())),
        Err(error) => match code(&error) {
            Some("NoSuchBucket") => Ok(None),
            Some("NoSuchTagSet" | "NoSuchTagSetError") => Ok(Some(Tags::new())),
            // 403 is "somebody else's, or you may not look", and never "there is none".
            _ => Err(Unread { error: error_of("GetBucketTagging", &error), elsewhere: region_of(&error) }),
        },
    }
}

fn region_of<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    Some(error.raw_response()?.headers().get("x-amz-bucket-region")?.to_owned())
}

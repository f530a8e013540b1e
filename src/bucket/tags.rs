//! The tags of a bucket that a spec names.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};

use crate::{
    api::tags::Tags,
    aws::{Aws, code, error_of},
    managed::error::Error,
};

/// The tags of the bucket of this account, `None` if there is none. It can be in another region than the one that
/// names it (replication): S3 then says in which.
pub(super) async fn of_named(aws: &Aws, bucket: &str, region: &str, account: &str) -> Result<Option<Tags>, Error> {
    let first = read(aws, bucket, region, account).await;
    match first {
        Err(Unread { elsewhere: Some(other), .. }) if other != region => read(aws, bucket, &other, account).await,
        answer => answer,
    }
    .map_err(|unread| unread.error)
}

/// Tags that were not read.
struct Unread {
    error: Error,
    /// The region that S3 names in its answer, where the bucket is in another than the one that was asked.
    elsewhere: Option<String>,
}

async fn read(aws: &Aws, bucket: &str, region: &str, account: &str) -> Result<Option<Tags>, Unread> {
    let client: aws_sdk_s3::Client = aws.client(region);
    match client.get_bucket_tagging().bucket(bucket).expected_bucket_owner(account).send().await {
        Ok(answer) => Ok(Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())),
        Err(error) => match code(&error) {
            Some("NoSuchBucket") => Ok(None),
            Some("NoSuchTagSet" | "NoSuchTagSetError") => Ok(Some(Tags::new())),
            _ => Err(Unread { error: error_of("GetBucketTagging", &error), elsewhere: region_of(&error) }),
        },
    }
}

fn region_of<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    Some(error.raw_response()?.headers().get("x-amz-bucket-region")?.to_owned())
}

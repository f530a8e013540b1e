//! The tags of what a spec names beside its own resource.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};

use crate::{
    api::tags::Tags,
    managed::fault::{Class, Fault},
};

use super::{Aws, code, fault};

impl Aws {
    /// The tags of a bucket or table of this account; `None` if it is none of them, or not to be seen: what nobody
    /// can look at proves nothing.
    ///
    /// # Errors
    /// When AWS did not answer.
    pub async fn tags_of(&self, arn: &str, region: &str, account: &str) -> Result<Option<Tags>, Fault> {
        let mut parts = arn.splitn(6, ':').skip(2);
        let answer = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some("s3"), _, _, Some(bucket)) => self.bucket_tags(bucket, region, account, true).await,
            (Some("dynamodb"), Some(region), Some(of), Some(_)) if of == account => self.table_tags(arn, region).await,
            _ => Ok(None),
        };
        match answer {
            Err(fault) if matches!(fault.class, Class::User | Class::Denied) => Ok(None),
            answer => answer,
        }
    }

    /// A bucket can be in another region than the one that names it (replication): S3 then says in which.
    async fn bucket_tags(&self, bucket: &str, region: &str, account: &str, again: bool) -> Result<Option<Tags>, Fault> {
        let client = &self.regional(region).s3;
        let answer = client.get_bucket_tagging().bucket(bucket).expected_bucket_owner(account).send().await;
        match answer {
            Ok(answer) => Ok(Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())),
            Err(error) => match (code(&error), elsewhere(&error).filter(|_| again)) {
                (Some("NoSuchBucket"), _) => Ok(None),
                (Some("NoSuchTagSet" | "NoSuchTagSetError"), _) => Ok(Some(Tags::new())),
                (_, Some(other)) if other != region => Box::pin(self.bucket_tags(bucket, &other, account, false)).await,
                _ => Err(fault("GetBucketTagging", &error)),
            },
        }
    }

    async fn table_tags(&self, arn: &str, region: &str) -> Result<Option<Tags>, Fault> {
        let client = &self.regional(region).dynamodb;
        let (mut tags, mut next) = (Tags::new(), None);
        loop {
            let answer = client.list_tags_of_resource().resource_arn(arn).set_next_token(next).send().await;
            let answer = match answer {
                Err(error) if code(&error) == Some("ResourceNotFoundException") => return Ok(None),
                answer => answer.map_err(|error| fault("ListTagsOfResource", &error))?,
            };
            tags.extend(answer.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)));
            next = answer.next_token;
            if next.is_none() {
                return Ok(Some(tags));
            }
        }
    }
}

/// The region that S3 names in its answer, where a bucket is in another than the one that was asked.
fn elsewhere<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    Some(error.raw_response()?.headers().get("x-amz-bucket-region")?.to_owned())
}

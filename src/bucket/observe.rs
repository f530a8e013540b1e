//! From S3's answers to plain data.

use futures::future::join_all;

use crate::{
    api::tags::Tags,
    aws::{code, fault},
    managed::{
        external::{Existence, Reads},
        fault::Fault,
        identity::Identity,
    },
};

use super::{
    Buckets, Observed,
    aspects::{self, Target},
};

impl Buckets {
    pub(super) fn target(&self, id: &Identity) -> Target {
        Target {
            client: self.aws.regional(&id.region).s3.clone(),
            bucket: id.name.clone(),
            account_id: id.account_id.clone(),
        }
    }

    /// Tags and aspects, all at once.
    ///
    /// The tags answer three questions in one call: does the bucket exist, is it in our account, and
    /// whose is it. HeadBucket answers only the first two, and ListBuckets is eventually consistent.
    pub(super) async fn look(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Fault> {
        let target = self.target(id);
        let rows = aspects::TABLE.iter().filter(|row| reads.blocks.contains(row.name));
        let aspects = join_all(rows.map(|row| async { (row.name, (row.read)(&target).await) }));
        let (tags, aspects) = tokio::join!(read_tags(&target), aspects);
        Ok(match tags? {
            None => Existence::Absent,
            Some(tags) => {
                Existence::Present { tags: Some(tags), seen: Observed { aspects: aspects.into_iter().collect() } }
            }
        })
    }
}

/// The tags of the bucket, or `None` if there is no bucket.
async fn read_tags(target: &Target) -> Result<Option<Tags>, Fault> {
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
            _ => Err(fault("GetBucketTagging", &error)),
        },
    }
}

//! From S3's answers to plain data.

use aws_sdk_s3::types::{EncodingType, MultipartUpload};
use futures::future::join_all;
use serde_json::Value;

use crate::{
    aws::{error_of, not_offered},
    managed::{
        error::Error,
        identity::Identity,
        observation::{Existence, Reads},
    },
};

use super::{
    Buckets, Contents, ObjectVersion, Observed, Upload,
    blocks::{self, Block as _, PolicyBlock, Target},
    keys::decoded,
    plan::PAGE,
    tags,
};

impl Buckets {
    pub(super) fn target(&self, id: &Identity) -> Target {
        Target { client: self.aws.client(&id.region), bucket: id.name.clone(), account_id: id.account_id.clone() }
    }

    /// Tags and blocks, all at once.
    ///
    /// The tags answer three questions in one call: does the bucket exist, is it in our account, and
    /// whose is it. HeadBucket answers only the first two, and ListBuckets is eventually consistent.
    pub(super) async fn observe_resource(&self, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Error> {
        let target = self.target(id);
        let rows = blocks::TABLE.iter().filter(|row| reads.blocks.contains(row.name));
        let blocks = join_all(rows.map(|row| async {
            let state = (row.read)(&target).await.map_err(|error| not_offered(row.name, error));
            (row.name, state)
        }));
        let contents = async { if reads.contents { Some(read_contents(&target).await) } else { None } };
        let (tags, blocks, contents) = tokio::join!(tags::of_bucket(&target), blocks, contents);
        Ok(match tags? {
            None => Existence::Missing,
            Some(tags) => {
                let mut observed = Observed { blocks: blocks.into_iter().collect(), contents };
                if let Some(Ok(Value::String(policy))) = observed.blocks.get_mut(PolicyBlock::NAME) {
                    *policy = self.shown.resolve(id, std::mem::take(policy));
                }
                Existence::Present { tags: Some(tags), observed }
            }
        })
    }
}

/// The first page of what the bucket holds: object versions with delete markers, and unfinished uploads.
/// Listing objects would show neither old versions nor markers, which keep a bucket from being deleted.
async fn read_contents(target: &Target) -> Result<Contents, Error> {
    let versions = target
        .client
        .list_object_versions()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .encoding_type(EncodingType::Url)
        .max_keys(i32::try_from(PAGE).unwrap_or(i32::MAX))
        .send();
    let uploads = target
        .client
        .list_multipart_uploads()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .encoding_type(EncodingType::Url)
        .max_uploads(i32::try_from(PAGE).unwrap_or(i32::MAX))
        .send();
    let (versions, uploads) = tokio::join!(versions, uploads);
    let versions = versions.map_err(|error| error_of("ListObjectVersions", &error))?;
    let uploads = uploads.map_err(|error| error_of("ListMultipartUploads", &error))?;
    let (encoding, name) = (versions.encoding_type.as_ref(), "ListObjectVersions");
    let version = |key: Option<String>, version_id: Option<String>| {
        let version_id = version_id.unwrap_or_else(|| "null".to_owned());
        Some(decoded(name, encoding, key?).map(|key| ObjectVersion { key, version_id }))
    };
    let objects = versions.versions.into_iter().flatten().filter_map(|found| version(found.key, found.version_id));
    let markers =
        versions.delete_markers.into_iter().flatten().filter_map(|found| version(found.key, found.version_id));
    let encoding = uploads.encoding_type.as_ref();
    let upload = |found: MultipartUpload| {
        let upload_id = found.upload_id?;
        Some(decoded("ListMultipartUploads", encoding, found.key?).map(|key| Upload { key, upload_id }))
    };
    Ok(Contents {
        versions: objects.chain(markers).collect::<Result<_, _>>()?,
        uploads: uploads.uploads.into_iter().flatten().filter_map(upload).collect::<Result<_, _>>()?,
    })
}

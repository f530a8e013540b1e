//! One op, one S3 call.

use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketNamespace, CreateBucketConfiguration, Delete, ObjectIdentifier, Tag, Tagging,
};

use crate::{
    api::{Switch, tags::Tags},
    aws::{error_of, not_offered, partition},
    managed::{
        error::{Error, ErrorKind, Reason},
        identity::Identity,
        tagging::is_system,
    },
};

use super::{
    Buckets, Creation, ObjectVersion, Op, Upload,
    blocks::{self, AbacBlock, Block as _, PolicyBlock, Target, Write, incomplete},
    plan::not_empty,
};

impl Buckets {
    /// Makes the bucket. No `ExpectedBucketOwner` here: the call does not take it.
    pub(super) async fn create_resource(&self, id: &Identity, creation: &Creation) -> Result<(), Error> {
        let target = self.target(id);
        // us-east-1 is the region that has no name here: sending it is an error.
        let location = (id.region != "us-east-1").then(|| BucketLocationConstraint::from(id.region.as_str()));
        let tags = self.aws.is_real().then(|| sdk_tags(&creation.tags)).transpose()?;
        let configuration = (location.is_some() || tags.is_some())
            .then(|| CreateBucketConfiguration::builder().set_location_constraint(location).set_tags(tags).build());
        target
            .client
            .create_bucket()
            .bucket(&target.bucket)
            .set_create_bucket_configuration(configuration)
            .set_object_ownership(creation.object_ownership.map(blocks::object_ownership_to_sdk))
            .set_object_lock_enabled_for_bucket(creation.object_lock.then_some(true))
            .set_bucket_namespace(creation.account_regional.then_some(BucketNamespace::AccountRegional))
            .send()
            .await
            .map_err(|error| error_of("CreateBucket", &error))?;
        Ok(())
    }

    pub(super) async fn perform_op(&self, id: &Identity, op: &Op) -> Result<(), Error> {
        let target = self.target(id);
        match op {
            Op::DeleteObjects(versions) => delete_objects(&target, versions).await,
            Op::DeleteObject(version) => delete_object(&target, version).await,
            Op::AbortUpload(upload) => abort_upload(&target, upload).await,
            Op::PutTags(tags) => put_tags(&target, &self.aws.client(&id.region), id, tags).await,
            Op::Put { block, state } => match blocks::find(block).map(|row| row.write) {
                Some(Write::Whole(write)) => {
                    write(&target, state).await.map_err(|error| not_offered(block, error))?;
                    if *block == PolicyBlock::NAME {
                        self.shown.wrote(id, state.as_str());
                    }
                    Ok(())
                }
                _ => Err(Error::new(ErrorKind::Unknown, Reason::Internal, format!("Unknown block {block}"))),
            },
            Op::PutItem { block, id, configuration } => match blocks::find(block).map(|row| row.write) {
                Some(Write::Each(write)) => {
                    write(&target, id, configuration.as_ref()).await.map_err(|error| not_offered(block, error))
                }
                _ => Err(Error::new(ErrorKind::Unknown, Reason::Internal, format!("Unknown list {block}"))),
            },
        }
    }

    /// S3 itself refuses to delete a bucket that holds anything.
    pub(super) async fn delete_resource(&self, id: &Identity) -> Result<(), Error> {
        let target = self.target(id);
        self.shown.wrote(id, None);
        let answer =
            target.client.delete_bucket().bucket(&target.bucket).expected_bucket_owner(&target.account_id).send().await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match crate::aws::code(&error) {
                Some("NoSuchBucket") => Ok(()),
                // Not what it holds: that was looked for in vain a moment ago.
                Some("BucketNotEmpty") => Err(not_empty("")),
                _ => Err(error_of("DeleteBucket", &error)),
            },
        }
    }
}

/// S3 refuses its own operation for tags where attribute-based access control is on, whoever switched
/// it on: then S3 Control takes them, what is new and what goes in one call each.
async fn put_tags(
    target: &Target,
    control: &aws_sdk_s3control::Client,
    id: &Identity,
    tags: &Tags,
) -> Result<(), Error> {
    let tagging = Tagging::builder().set_tag_set(Some(sdk_tags(tags)?)).build().map_err(incomplete)?;
    let answer = target
        .client
        .put_bucket_tagging()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .tagging(tagging)
        .send()
        .await;
    let Err(error) = answer else { return Ok(()) };
    let refused = error_of("PutBucketTagging", &error);
    let may_be_abac = matches!(refused.kind, ErrorKind::User | ErrorKind::Denied);
    if may_be_abac && AbacBlock::read(target).await.is_ok_and(|abac| abac.status == Switch::Enabled) {
        return put_tags_by_control(target, control, id, tags).await;
    }
    Err(refused)
}

async fn put_tags_by_control(
    target: &Target,
    control: &aws_sdk_s3control::Client,
    id: &Identity,
    tags: &Tags,
) -> Result<(), Error> {
    let present = super::tags::of_bucket(target).await?.unwrap_or_default();
    let arn = format!("arn:{}:s3:::{}", partition(&id.region), id.name);
    // Here AWS's own tags are left alone by not naming them.
    let own = |key: &&String| !is_system(key);
    let new = tags.iter().filter(|(key, value)| own(key) && present.get(*key) != Some(*value));
    let new: Vec<_> = new
        .map(|(key, value)| aws_sdk_s3control::types::Tag::builder().key(key).value(value).build().map_err(incomplete))
        .collect::<Result<_, _>>()?;
    if !new.is_empty() {
        let put = control.tag_resource().account_id(&id.account_id).resource_arn(&arn).set_tags(Some(new));
        put.send().await.map_err(|error| error_of("TagResource", &error))?;
    }
    let gone: Vec<String> = present.keys().filter(own).filter(|key| !tags.contains_key(*key)).cloned().collect();
    if !gone.is_empty() {
        let take = control.untag_resource().account_id(&id.account_id).resource_arn(&arn).set_tag_keys(Some(gone));
        take.send().await.map_err(|error| error_of("UntagResource", &error))?;
    }
    Ok(())
}

/// Tags under `aws:` go back as they were read: PutBucketTagging replaces the whole set, and without them S3 answers
/// `InvalidTag`, "System Tags cannot be removed by requester" (cloud-custodian/cloud-custodian#2834).
fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, Error> {
    tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build().map_err(incomplete)).collect()
}

/// The answer is a success even where single versions could not be deleted.
async fn delete_objects(target: &Target, versions: &[ObjectVersion]) -> Result<(), Error> {
    let mut delete = Delete::builder().quiet(true);
    for version in versions {
        let id = ObjectIdentifier::builder().key(&version.key).version_id(&version.version_id);
        delete = delete.objects(id.build().map_err(incomplete)?);
    }
    let answer = target
        .client
        .delete_objects()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .delete(delete.build().map_err(incomplete)?)
        .send()
        .await
        .map_err(|error| error_of("DeleteObjects", &error))?;
    // What is gone already needs no deleting (LocalStack says so, AWS does not).
    let gone = |error: &&aws_sdk_s3::types::Error| matches!(error.code(), Some("NoSuchVersion" | "NoSuchKey"));
    let failed: Vec<_> = answer.errors().iter().filter(|error| !gone(error)).collect();
    let Some(first) = failed.first() else { return Ok(()) };
    let code = first.code().unwrap_or("no code");
    let error = if code == "InternalError" || code == "SlowDown" {
        Error::new(ErrorKind::Transient, Reason::of_code(code), "DeleteObjects failed for some objects")
    } else {
        not_deletable(failed.len(), versions.len(), first.key().unwrap_or_default(), code)
    };
    Err(error.having_removed(versions.len().saturating_sub(failed.len())))
}

fn not_deletable(failed: usize, asked: usize, key: &str, code: &str) -> Error {
    Error::user(
        Reason::ObjectsNotDeletable,
        format!(
            "AWS rejected the deletion of {failed} of {asked} object versions, such as {key:?} ({code}). Object lock, \
             a legal hold or the bucket policy can be the cause. Wait for the retention to end, remove the hold or \
             the Deny statement, or set deletionPolicy: Retain to keep the bucket in AWS"
        ),
    )
}

/// One whose key goes in the address of the call, where any character can be written.
async fn delete_object(target: &Target, version: &ObjectVersion) -> Result<(), Error> {
    let answer = target
        .client
        .delete_object()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .key(&version.key)
        .version_id(&version.version_id)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(()),
        Err(error) => match crate::aws::code(&error) {
            Some("NoSuchVersion" | "NoSuchKey") => Ok(()),
            // As DeleteObjects says it of one object.
            Some(code @ "AccessDenied") => Err(not_deletable(1, 1, &version.key, code)),
            _ => Err(error_of("DeleteObject", &error)),
        },
    }
}

/// An upload that is gone already is as good as aborted.
async fn abort_upload(target: &Target, upload: &Upload) -> Result<(), Error> {
    let answer = target
        .client
        .abort_multipart_upload()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .key(&upload.key)
        .upload_id(&upload.upload_id)
        .send()
        .await;
    match answer {
        Ok(_) => Ok(()),
        Err(error) if crate::aws::code(&error) == Some("NoSuchUpload") => Ok(()),
        Err(error) => Err(error_of("AbortMultipartUpload", &error)),
    }
}

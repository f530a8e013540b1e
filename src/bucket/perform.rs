//! One op, one S3 call.

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};

use crate::{
    api::{ObjectOwnership, tags::Tags},
    aws::fault,
    managed::{
        fault::{Class, Fault},
        identity::Identity,
    },
};

use super::{
    Buckets, Op,
    aspects::{self, Target},
};

impl Buckets {
    pub(super) async fn call(&self, id: &Identity, op: &Op) -> Result<(), Fault> {
        let target = self.target(id);
        match op {
            Op::Create { tags, object_ownership } => {
                let tags = if self.aws.is_real() { Some(tags) } else { None };
                create(&target, &id.region, tags, *object_ownership).await
            }
            Op::PutTags(tags) => put_tags(&target, tags).await,
            Op::Put { aspect, state } => match aspects::find(aspect) {
                Some(row) => (row.write)(&target, state).await,
                None => Err(Fault::new(Class::Unknown, "Internal", format!("there is no aspect {aspect}"))),
            },
        }
    }

    /// S3 itself refuses to delete a bucket that holds anything.
    pub(super) async fn remove(&self, id: &Identity) -> Result<(), Fault> {
        let target = self.target(id);
        let answer =
            target.client.delete_bucket().bucket(&target.bucket).expected_bucket_owner(&target.account_id).send().await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => match crate::aws::code(&error) {
                Some("NoSuchBucket") => Ok(()),
                Some("BucketNotEmpty") => Err(Fault::user(
                    "BucketNotEmpty",
                    format!(
                        "bucket {} still holds objects, versions or delete markers: empty it, or set deletionPolicy: Retain to keep it",
                        id.name
                    ),
                )),
                _ => Err(fault("DeleteBucket", &error)),
            },
        }
    }
}

/// No `ExpectedBucketOwner` here: the call does not take it.
async fn create(
    target: &Target,
    region: &str,
    tags: Option<&Tags>,
    object_ownership: Option<ObjectOwnership>,
) -> Result<(), Fault> {
    // us-east-1 is the region that has no name here: sending it is an error.
    let location = (region != "us-east-1").then(|| BucketLocationConstraint::from(region));
    let tags = tags.map(sdk_tags).transpose()?;
    let configuration = (location.is_some() || tags.is_some())
        .then(|| CreateBucketConfiguration::builder().set_location_constraint(location).set_tags(tags).build());
    target
        .client
        .create_bucket()
        .bucket(&target.bucket)
        .set_create_bucket_configuration(configuration)
        .set_object_ownership(object_ownership.map(aspects::object_ownership_to_sdk))
        .send()
        .await
        .map_err(|error| fault("CreateBucket", &error))?;
    Ok(())
}

async fn put_tags(target: &Target, tags: &Tags) -> Result<(), Fault> {
    let tagging = Tagging::builder()
        .set_tag_set(Some(sdk_tags(tags)?))
        .build()
        .map_err(|error| Fault::new(Class::Unknown, "Internal", error.to_string()))?;
    target
        .client
        .put_bucket_tagging()
        .bucket(&target.bucket)
        .expected_bucket_owner(&target.account_id)
        .tagging(tagging)
        .send()
        .await
        .map_err(|error| fault("PutBucketTagging", &error))?;
    Ok(())
}

/// Tags under `aws:` are AWS's own: it keeps them on its own account and refuses them from others.
fn sdk_tags(tags: &Tags) -> Result<Vec<Tag>, Fault> {
    tags.iter()
        .filter(|(key, _)| !key.starts_with("aws:"))
        .map(|(key, value)| {
            Tag::builder()
                .key(key)
                .value(value)
                .build()
                .map_err(|error| Fault::new(Class::Unknown, "Internal", error.to_string()))
        })
        .collect()
}

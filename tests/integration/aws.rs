//! AWS as it really is: straight to LocalStack, past the proxy, to look and to tamper.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::{
    operation::get_bucket_encryption::GetBucketEncryptionOutput,
    primitives::ByteStream,
    types::{BucketVersioningStatus, ServerSideEncryptionConfiguration, VersioningConfiguration},
};

#[derive(Clone)]
pub struct Aws {
    pub s3: aws_sdk_s3::Client,
    pub dynamodb: aws_sdk_dynamodb::Client,
}

pub type Tags = BTreeMap<String, String>;

impl Aws {
    pub fn new(endpoint: &str) -> Self {
        let credentials = aws_sdk_s3::config::Credentials::new("test", "test", None, None, "tests");
        let region = aws_sdk_s3::config::Region::new("us-east-1");
        let s3 = aws_sdk_s3::Config::builder()
            .behavior_version(aws_sdk_s3::config::BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials.clone())
            .region(region.clone())
            .endpoint_url(endpoint)
            .force_path_style(true)
            .build();
        let dynamodb = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::v2026_01_12())
            .credentials_provider(credentials)
            .region(region)
            .endpoint_url(endpoint)
            .build();
        Self { s3: aws_sdk_s3::Client::from_conf(s3), dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb) }
    }

    /// Takes away every bucket and every table of the region, with all that they hold.
    pub async fn clear(&self) {
        let buckets = self.s3.list_buckets().send().await.expect("buckets can be listed").buckets;
        for name in buckets.unwrap_or_default().into_iter().filter_map(|bucket| bucket.name) {
            self.empty(&name).await;
            self.s3.delete_bucket().bucket(&name).send().await.expect("an empty bucket can be deleted");
        }
        let tables = self.dynamodb.list_tables().send().await.expect("tables can be listed").table_names;
        for name in tables.unwrap_or_default() {
            let unprotected = self.dynamodb.update_table().table_name(&name).deletion_protection_enabled(false);
            drop(unprotected.send().await);
            self.dynamodb.delete_table().table_name(&name).send().await.expect("a table can be deleted");
        }
    }

    async fn empty(&self, bucket: &str) {
        let listed = self.s3.list_object_versions().bucket(bucket).send().await.expect("versions can be listed");
        let versions = listed.versions.unwrap_or_default().into_iter().map(|version| (version.key, version.version_id));
        let markers =
            listed.delete_markers.unwrap_or_default().into_iter().map(|marker| (marker.key, marker.version_id));
        for (key, version) in versions.chain(markers) {
            let delete = self.s3.delete_object().bucket(bucket).set_key(key).set_version_id(version);
            delete.send().await.expect("a version can be deleted");
        }
    }

    pub async fn bucket_exists(&self, name: &str) -> bool {
        self.s3.head_bucket().bucket(name).send().await.is_ok()
    }

    /// Empty if there are none.
    pub async fn bucket_tags(&self, name: &str) -> Tags {
        let answer = self.s3.get_bucket_tagging().bucket(name).send().await;
        answer.map(|answer| answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect()).unwrap_or_default()
    }

    pub async fn put_object(&self, bucket: &str, key: &str) {
        let put = self.s3.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"x"));
        put.send().await.expect("an object can be put");
    }

    /// As somebody does behind the operator's back.
    pub async fn suspend_versioning(&self, bucket: &str) {
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let put = self.s3.put_bucket_versioning().bucket(bucket).versioning_configuration(suspended);
        put.send().await.expect("versioning can be suspended");
    }

    /// Everything about a bucket that the operator could have changed, as text, to be compared.
    pub async fn snapshot(&self, bucket: &str) -> String {
        let s3 = &self.s3;
        let (tags, versioning, encryption, policy, block, ownership, lifecycle) = tokio::join!(
            s3.get_bucket_tagging().bucket(bucket).send(),
            s3.get_bucket_versioning().bucket(bucket).send(),
            s3.get_bucket_encryption().bucket(bucket).send(),
            s3.get_bucket_policy().bucket(bucket).send(),
            s3.get_public_access_block().bucket(bucket).send(),
            s3.get_bucket_ownership_controls().bucket(bucket).send(),
            s3.get_bucket_lifecycle_configuration().bucket(bucket).send(),
        );
        [
            format!("{:?}", tags.map(|answer| answer.tag_set).ok()),
            format!("{:?}", versioning.map(|answer| answer.status).ok()),
            format!("{:?}", encryption.as_ref().map(encryption_keys).ok()),
            format!("{:?}", encryption.map(|answer| answer.server_side_encryption_configuration).ok()),
            format!("{:?}", policy.map(|answer| answer.policy).ok()),
            format!("{:?}", block.map(|answer| answer.public_access_block_configuration).ok()),
            format!("{:?}", ownership.map(|answer| answer.ownership_controls).ok()),
            format!("{:?}", lifecycle.map(|answer| answer.rules).ok()),
        ]
        .join("\n")
    }

    pub async fn table(&self, name: &str) -> Option<aws_sdk_dynamodb::types::TableDescription> {
        self.dynamodb.describe_table().table_name(name).send().await.ok()?.table
    }

    pub async fn table_tags(&self, name: &str) -> Tags {
        let Some(table) = self.table(name).await else { return Tags::new() };
        let arn = table.table_arn().expect("a table has an ARN");
        let answer = self.dynamodb.list_tags_of_resource().resource_arn(arn).send().await.expect("tags");
        answer.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)).collect()
    }

    pub async fn put_item(&self, table: &str, key: &str) {
        let put = self.dynamodb.put_item().table_name(table).item(key, AttributeValue::S("x".into()));
        put.send().await.expect("an item can be put");
    }
}

/// The key of each rule, which the SDK's own text leaves out.
pub fn encryption_keys(answer: &GetBucketEncryptionOutput) -> Vec<Option<&str>> {
    let rules =
        answer.server_side_encryption_configuration().into_iter().flat_map(ServerSideEncryptionConfiguration::rules);
    rules.map(|rule| rule.apply_server_side_encryption_by_default()?.kms_master_key_id()).collect()
}

//! Every block of a Bucket: the values of `tests/bucket-blocks.yaml`, what AWS has of each, and how
//! somebody would change it behind the operator's back.

use aws_sdk_s3::types::{
    self as sdk, AccelerateConfiguration, BucketAccelerateStatus, BucketCannedAcl, BucketVersioningStatus,
    ObjectLockConfiguration, ObjectLockEnabled, VersioningConfiguration,
};
use serde_json::Value;

use crate::aws::Aws;

/// The file, for a bucket of this name and another to point to.
pub fn file(name: &str, target: &str) -> Value {
    let text = include_str!("../bucket-blocks.yaml").replace("TARGET", target).replace("NAME", name);
    serde_saphyr::from_str(&text).expect("it is YAML")
}

/// A spec of this block in this variant, with what it needs beside it.
pub fn spec(file: &Value, block: &str, value: &Value) -> Value {
    let mut spec = file[block]["with"].clone();
    if spec.is_null() {
        spec = serde_json::json!({});
    }
    spec[block] = value.clone();
    spec
}

/// Debug text of an answer without what differs from call to call.
macro_rules! text {
    ($answer:expr) => {
        match $answer {
            Ok(found) => {
                let text = format!("{found:?}");
                text.split(", _extended_request_id").next().unwrap_or_default().to_owned()
            }
            Err(error) => format!("{:?}", error.as_service_error().map(|error| error.meta().code().map(str::to_owned))),
        }
    };
}

impl Aws {
    /// What AWS has of one block, as text, to be compared.
    pub async fn block(&self, bucket: &str, block: &str) -> String {
        let s3 = &self.s3;
        match block {
            "objectOwnership" => text!(s3.get_bucket_ownership_controls().bucket(bucket).send().await),
            "encryption" => {
                let answer = s3.get_bucket_encryption().bucket(bucket).send().await;
                let keys = answer.as_ref().map(|found| format!("{:?}", crate::aws::encryption_keys(found))).ok();
                format!("{keys:?} {}", text!(answer))
            }
            "versioning" => text!(s3.get_bucket_versioning().bucket(bucket).send().await)
                .replace("Suspended", "")
                .replace("Some()", "None"),
            "objectLock" => text!(s3.get_object_lock_configuration().bucket(bucket).send().await),
            // Names for people, which S3 has stopped to answer.
            "acl" => text!(s3.get_bucket_acl().bucket(bucket).send().await).replace("Some(\"webfile\")", "None"),
            "policy" => text!(s3.get_bucket_policy().bucket(bucket).send().await),
            "publicAccessBlock" => text!(s3.get_public_access_block().bucket(bucket).send().await),
            "lifecycle" => text!(s3.get_bucket_lifecycle_configuration().bucket(bucket).send().await),
            "cors" => text!(s3.get_bucket_cors().bucket(bucket).send().await),
            "website" => text!(s3.get_bucket_website().bucket(bucket).send().await),
            "logging" => text!(s3.get_bucket_logging().bucket(bucket).send().await),
            "notifications" => text!(s3.get_bucket_notification_configuration().bucket(bucket).send().await),
            "replication" => text!(s3.get_bucket_replication().bucket(bucket).send().await),
            "acceleration" => text!(s3.get_bucket_accelerate_configuration().bucket(bucket).send().await)
                .replace("Suspended", "")
                .replace("Some()", "None"),
            "requestPayer" => text!(s3.get_bucket_request_payment().bucket(bucket).send().await),
            "intelligentTiering" => {
                let answer = s3.list_bucket_intelligent_tiering_configurations().bucket(bucket).send().await;
                by_text(answer.ok().and_then(|found| found.intelligent_tiering_configuration_list))
            }
            "inventory" => {
                let answer = s3.list_bucket_inventory_configurations().bucket(bucket).send().await;
                by_text(answer.ok().and_then(|found| found.inventory_configuration_list))
            }
            "analytics" => {
                let answer = s3.list_bucket_analytics_configurations().bucket(bucket).send().await;
                by_text(answer.ok().and_then(|found| found.analytics_configuration_list))
            }
            "metrics" => {
                let answer = s3.list_bucket_metrics_configurations().bucket(bucket).send().await;
                by_text(answer.ok().and_then(|found| found.metrics_configuration_list))
            }
            "tags" => {
                let mut tags = self.bucket_tags(bucket).await;
                tags.retain(|key, _| !key.starts_with("musubi.dev/"));
                format!("{tags:?}")
            }
            other => panic!("nobody knows how to look at {other}"),
        }
    }

    /// Changes one block, as somebody does behind the operator's back: from the first variant of the
    /// file to what a new bucket has, or as near to it as S3 goes.
    pub async fn tamper(&self, bucket: &str, block: &str) {
        let s3 = &self.s3;
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        let slow = AccelerateConfiguration::builder().status(BucketAccelerateStatus::Suspended).build();
        let owner = sdk::RequestPaymentConfiguration::builder().payer(sdk::Payer::BucketOwner).build();
        let done = match block {
            "objectOwnership" => s3.delete_bucket_ownership_controls().bucket(bucket).send().await.map(drop).is_ok(),
            "encryption" => s3.delete_bucket_encryption().bucket(bucket).send().await.map(drop).is_ok(),
            "versioning" => {
                let put = s3.put_bucket_versioning().bucket(bucket).versioning_configuration(suspended);
                put.send().await.is_ok()
            }
            "objectLock" => {
                let plain = ObjectLockConfiguration::builder().object_lock_enabled(ObjectLockEnabled::Enabled).build();
                let put = s3.put_object_lock_configuration().bucket(bucket).object_lock_configuration(plain);
                put.send().await.is_ok()
            }
            "acl" => s3.put_bucket_acl().bucket(bucket).acl(BucketCannedAcl::Private).send().await.is_ok(),
            "policy" => s3.delete_bucket_policy().bucket(bucket).send().await.is_ok(),
            "publicAccessBlock" => s3.delete_public_access_block().bucket(bucket).send().await.is_ok(),
            "lifecycle" => s3.delete_bucket_lifecycle().bucket(bucket).send().await.is_ok(),
            "cors" => s3.delete_bucket_cors().bucket(bucket).send().await.is_ok(),
            "website" => s3.delete_bucket_website().bucket(bucket).send().await.is_ok(),
            "logging" => {
                let none = sdk::BucketLoggingStatus::builder().build();
                s3.put_bucket_logging().bucket(bucket).bucket_logging_status(none).send().await.is_ok()
            }
            "notifications" => {
                let none = sdk::NotificationConfiguration::builder().build();
                let put = s3.put_bucket_notification_configuration().bucket(bucket).notification_configuration(none);
                put.send().await.is_ok()
            }
            "replication" => s3.delete_bucket_replication().bucket(bucket).send().await.is_ok(),
            "acceleration" => {
                let put = s3.put_bucket_accelerate_configuration().bucket(bucket).accelerate_configuration(slow);
                put.send().await.is_ok()
            }
            "requestPayer" => {
                let owner = owner.expect("it is whole");
                let put = s3.put_bucket_request_payment().bucket(bucket).request_payment_configuration(owner);
                put.send().await.is_ok()
            }
            "intelligentTiering" => {
                s3.delete_bucket_intelligent_tiering_configuration().bucket(bucket).id("archive").send().await.is_ok()
            }
            "inventory" => s3.delete_bucket_inventory_configuration().bucket(bucket).id("weekly").send().await.is_ok(),
            "analytics" => s3.delete_bucket_analytics_configuration().bucket(bucket).id("data").send().await.is_ok(),
            "metrics" => s3.delete_bucket_metrics_configuration().bucket(bucket).id("data").send().await.is_ok(),
            other => panic!("nobody knows how to tamper with {other}"),
        };
        assert!(done, "{block} of {bucket} could not be tampered with");
    }

    /// A versioned bucket that others can point to.
    pub async fn target(&self, name: &str) {
        self.s3.create_bucket().bucket(name).send().await.expect("a bucket can be made");
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = self.s3.put_bucket_versioning().bucket(name).versioning_configuration(on);
        put.send().await.expect("versioning can be switched on");
    }
}

fn by_text<T: std::fmt::Debug>(list: Option<Vec<T>>) -> String {
    let mut all: Vec<String> = list.into_iter().flatten().map(|item| format!("{item:?}")).collect();
    all.sort();
    all.join("\n")
}

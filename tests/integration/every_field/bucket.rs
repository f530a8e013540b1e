//! The sweep over Buckets.

use musubi::api::Bucket;
use serde_json::{Value, json};

use crate::{aws::Aws, blocks, support::localstack::NEW_OPTIONAL_FIELDS, world::World};

use super::{Swept, sweep};

impl Swept for Bucket {
    const AT_ONCE: usize = 10;
    const ONE_VALUE: &'static [&'static str] = &[
        "objectLock.enabled",
        "replication.rules[].destination.accessControlTranslation.owner",
        "replication.rules[].sourceSelectionCriteria.sseKmsEncryptedObjects.status",
        "inventory.configurations[].destination.encryption.type",
    ];
    const NO_BLOCK: &'static [(&'static str, &'static str)] = &[
        ("name", "refusals"),
        ("nameScope", "bucket_blocks::a_name_of_the_account_regional_namespace_is_whole_in_status_and_secret"),
        ("region", "refusals"),
        ("tags", "in this sweep, as a block"),
        ("managementPolicy", "policies"),
        ("ignoreChanges", "policies"),
        ("resyncIntervalSeconds", "policies"),
        ("adoptionPolicy", "ownership"),
        ("deletionPolicy", "deletion"),
        ("connectionSecret", "connections"),
    ];

    fn file(target: &str) -> Value {
        blocks::file("NAME", target)
    }

    fn others(path: &str, targets: &[String; 2]) -> Vec<Value> {
        let name = path.rsplit('.').next().unwrap_or(path);
        let values: Vec<String> = match (path, name) {
            ("policy", _) => vec![
                String::new(),
                r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::NAME"}}"#.into(),
            ],
            (_, "targetBucket") => vec![targets[1].clone()],
            (_, "bucket") => vec![format!("arn:aws:s3:::{}", targets[1])],
            (_, "role") => vec!["arn:aws:iam::111122223333:role/other".into()],
            (_, "account" | "accountId" | "bucketAccountId") => vec!["444455556666".into()],
            (_, "date") => vec!["2033-03-04".into(), "9999-12-31".into()],
            (_, "httpErrorCodeReturnedEquals") => vec!["400".into(), "599".into()],
            (_, "httpRedirectCode") => vec!["300".into(), "399".into()],
            (_, "queueArn") => vec!["arn:aws:sqs:us-east-1:000000000000:other".into()],
            (_, "topicArn") => vec!["arn:aws:sns:us-east-1:000000000000:other".into()],
            (_, "functionArn") => vec!["arn:aws:lambda:us-east-1:000000000000:function:other:live".into()],
            (_, "accessPointArn") => vec!["arn:aws:s3:us-east-1:111122223333:accesspoint/other".into()],
            (_, "id") if path.ends_with("grantee.id") => vec!["b".repeat(64)],
            (_, "id") => vec!["Other_1.2-3".into(), "x".repeat(64)],
            (_, "suffix") if path.contains("indexDocument") => vec!["default.htm".into(), "x".repeat(1024)],
            _ => vec![],
        };
        values.into_iter().map(Value::String).collect()
    }

    fn fits(_: &str, value: &Value) -> bool {
        !NEW_OPTIONAL_FIELDS.iter().any(|new| value == new)
    }

    /// Object lock cannot be taken off; its default retention is gone.
    fn taken_away(block: &str, bare: Value, with: impl Fn(&Value) -> Value) -> Value {
        if block == "objectLock" { with(&json!({"enabled": true})) } else { bare }
    }

    async fn block(aws: &Aws, name: &str, block: &str) -> String {
        aws.block(name, block).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_every_block_can_be_set_changed_refused_and_taken_away() {
    let world = World::new("sweep").await;
    let targets = [world.name("t0"), world.name("t1")];
    for target in &targets {
        world.aws.target(target).await;
    }
    Box::pin(sweep::<Bucket>(world, targets)).await;
}

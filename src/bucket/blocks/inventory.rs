use aws_sdk_s3::types::{
    self as sdk, InventoryFormat as SdkFormat, InventoryFrequency as SdkFrequency, InventoryIncludedObjectVersions,
    InventoryOptionalField,
};
use serde_json::{Value, json};

use crate::{
    api::{
        BucketSpec, IncludedObjectVersions, InventoryConfiguration, InventoryDestination, InventoryFormat,
        InventoryFrequency,
    },
    managed::error::Error,
};

use super::{
    Target,
    document::{Built as _, object, some_object, sort_field, text, tidy, without_empty, without_idle_filter},
    named::{Named, calls},
};

/// `inventory`: lists of objects that S3 writes.
pub(super) struct InventoryBlock;

impl Named for InventoryBlock {
    const NAME: &'static str = "inventory";

    fn declared(spec: &BucketSpec) -> Option<&[InventoryConfiguration]> {
        Some(&spec.inventory.as_ref()?.configurations)
    }

    fn normal(configuration: Value) -> Value {
        let mut configuration = without_idle_filter(tidy(configuration), "filter");
        without_empty(configuration.get_mut("destination"), "prefix");
        sort_field(&mut configuration, "optionalFields");
        configuration
    }

    calls!(
        InventoryConfiguration,
        list: list_bucket_inventory_configurations as "ListBucketInventoryConfigurations" in inventory_configuration_list,
        put: put_bucket_inventory_configuration as "PutBucketInventoryConfiguration" in inventory_configuration,
        delete: delete_bucket_inventory_configuration as "DeleteBucketInventoryConfiguration",
        actions: "s3:GetInventoryConfiguration", "s3:PutInventoryConfiguration"
    );
}

fn from_sdk(found: &sdk::InventoryConfiguration) -> Value {
    let to = found.destination().and_then(sdk::InventoryDestination::s3_bucket_destination).map(|to| {
        let encryption = to.encryption().and_then(|found| match (found.ssekms(), found.sses3()) {
            (Some(kms), _) => Some(json!({"type": "SSE-KMS", "kmsKeyId": kms.key_id()})),
            (None, Some(_)) => Some(json!({"type": "SSE-S3"})),
            (None, None) => None,
        });
        object([
            ("bucket", Some(json!(to.bucket()))),
            ("accountId", text(to.account_id())),
            ("format", Some(json!(to.format().as_str()))),
            ("prefix", text(to.prefix())),
            ("encryption", encryption),
        ])
    });
    let fields: Vec<&str> = found.optional_fields().iter().map(InventoryOptionalField::as_str).collect();
    object([
        ("id", Some(json!(found.id()))),
        ("enabled", Some(json!(found.is_enabled()))),
        ("destination", to),
        ("includedObjectVersions", Some(json!(found.included_object_versions().as_str()))),
        ("schedule", found.schedule().map(|schedule| json!({"frequency": schedule.frequency().as_str()}))),
        ("filter", found.filter().and_then(|filter| some_object([("prefix", text(Some(filter.prefix())))]))),
        ("optionalFields", Some(json!(fields))),
    ])
}

fn destination(to: &InventoryDestination) -> Result<sdk::InventoryDestination, Error> {
    let encryption = match &to.encryption {
        None => None,
        Some(found) => Some(match &found.kms_key_id {
            Some(key) => {
                let kms = sdk::Ssekms::builder().key_id(key).build().built()?;
                sdk::InventoryEncryption::builder().ssekms(kms).build()
            }
            None => sdk::InventoryEncryption::builder().sses3(sdk::Sses3::builder().build()).build(),
        }),
    };
    let bucket = sdk::InventoryS3BucketDestination::builder()
        .bucket(&to.bucket)
        .set_account_id(to.account_id.clone())
        .format(match to.format {
            InventoryFormat::Csv => SdkFormat::Csv,
            InventoryFormat::Orc => SdkFormat::Orc,
            InventoryFormat::Parquet => SdkFormat::Parquet,
        })
        .set_prefix(to.prefix.clone())
        .set_encryption(encryption);
    Ok(sdk::InventoryDestination::builder().s3_bucket_destination(bucket.build().built()?).build())
}

fn to_sdk(found: &InventoryConfiguration) -> Result<sdk::InventoryConfiguration, Error> {
    let frequency = match found.schedule.frequency {
        InventoryFrequency::Daily => SdkFrequency::Daily,
        InventoryFrequency::Weekly => SdkFrequency::Weekly,
    };
    let prefix = found.filter.as_ref().and_then(|filter| filter.prefix.as_deref());
    let filter = prefix.map(|prefix| sdk::InventoryFilter::builder().prefix(prefix).build());
    let fields = found
        .optional_fields
        .as_ref()
        .map(|fields| fields.iter().map(|field| InventoryOptionalField::from(field.as_str())).collect());
    sdk::InventoryConfiguration::builder()
        .id(&found.id)
        .is_enabled(found.enabled)
        .destination(destination(&found.destination)?)
        .included_object_versions(match found.included_object_versions {
            IncludedObjectVersions::All => InventoryIncludedObjectVersions::All,
            IncludedObjectVersions::Current => InventoryIncludedObjectVersions::Current,
        })
        .schedule(sdk::InventorySchedule::builder().frequency(frequency).build().built()?)
        .set_filter(filter.transpose().built()?)
        .set_optional_fields(fields)
        .build()
        .built()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let plain = json!({"id": "a", "enabled": true, "includedObjectVersions": "All", "schedule": {"frequency": "Daily"},
            "destination": {"bucket": "arn:aws:s3:::b", "format": "CSV"}});
        let mut full = json!({"id": "a", "enabled": false, "includedObjectVersions": "Current",
            "schedule": {"frequency": "Weekly"}, "filter": {"prefix": "x"}, "optionalFields": ["Size", "ETag"],
            "destination": {"bucket": "arn:aws:s3:::b", "accountId": "111122223333", "format": "Parquet", "prefix": "p",
                "encryption": {"type": "SSE-KMS", "kmsKeyId": "k"}}});
        let kms = full.clone();
        full["destination"]["encryption"] = json!({"type": "SSE-S3"});
        for wanted in [plain, full, kms] {
            let wanted = InventoryBlock::normal(wanted);
            let typed = serde_json::from_value(wanted.clone()).expect("a configuration of the spec");
            assert_eq!(InventoryBlock::normal(from_sdk(&to_sdk(&typed).expect("it is whole"))), wanted);
        }
    }
}

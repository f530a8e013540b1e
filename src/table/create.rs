//! How a table is made: from nothing, from a backup, from another table's past, from files in S3.

use aws_sdk_dynamodb::{
    config::retry::RetryConfig,
    types::{
        CsvOptions, InputCompressionType, InputFormat, InputFormatOptions, S3BucketSource, TableCreationParameters,
    },
};
use aws_smithy_types::{DateTime, date_time::Format};

use crate::{
    api::{BackupSource, ImportStatus, PointInTimeSource, S3ImportSource},
    aws::{error_of, not_offered},
    managed::{
        error::{Error, ErrorKind, Reason},
        identity::Identity,
        observation::Transition,
    },
};

use super::{
    Tables,
    describe::observed,
    import,
    indexes::sdk_indexes,
    op::Creation,
    plan::fresh,
    request::{
        attributes, billed_capacity, build, class, definitions, encryption, given, local_index, mode, schema, sdk_tags,
        stream, warm,
    },
    sdk_enum::word,
    state::Observed,
};

impl Tables {
    /// Makes the table; the answer says in which state it begins.
    pub(super) async fn create_resource(&self, id: &Identity, creation: &Creation) -> Result<Observed, Error> {
        self.in_flight.reserve(id, !creation.indexes.is_empty())?;
        let from = creation.from.as_ref();
        let made = if let Some(backup) = from.and_then(|from| from.backup.as_ref()) {
            self.restore_backup(id, creation, backup).await
        } else if let Some(past) = from.and_then(|from| from.point_in_time.as_ref()) {
            self.restore_past(id, creation, past).await
        } else if let Some(files) = from.and_then(|from| from.s3_import.as_ref()) {
            self.import(id, creation, files).await.map(|import| {
                let (_, observed) = fresh(creation);
                Observed { transition: Some(Transition::Creating), import: import.map(Ok), ..observed }
            })
        } else {
            self.create_table(id, creation).await
        };
        made.map_err(|error| if from.is_some() { not_restored(error) } else { error })
    }

    async fn create_table(&self, id: &Identity, creation: &Creation) -> Result<Observed, Error> {
        let client = self.client(id);
        let local = |local| local_index(&creation.partition_key, local);
        let local = creation.local_indexes.iter().map(local).collect::<Result<Vec<_>, _>>()?;
        let call = client
            .create_table()
            .table_name(&id.name)
            .set_key_schema(Some(schema([&creation.partition_key], &creation.sort_key)?))
            .set_attribute_definitions(Some(definitions(&attributes(creation))?))
            .set_local_secondary_indexes(some(local))
            .set_global_secondary_indexes(sdk_indexes(&creation.indexes)?)
            .billing_mode(mode(creation.billing))
            .set_provisioned_throughput(billed_capacity(creation.billing)?)
            .set_on_demand_throughput(given(creation.on_demand))
            .set_warm_throughput(creation.warm.map(warm))
            .set_table_class(creation.class.map(class))
            .set_stream_specification(creation.stream.map(|view| stream(Some(view))).transpose()?)
            .set_sse_specification(creation.encryption.as_ref().map(encryption))
            .deletion_protection_enabled(creation.deletion_protection)
            .set_tags(Some(sdk_tags(&creation.tags)?));
        let answer = call.send().await.map_err(|error| error_of("CreateTable", &error))?;
        answer.table_description.as_ref().map(observed).ok_or_else(|| undescribed("CreateTable"))
    }

    async fn restore_backup(&self, id: &Identity, creation: &Creation, from: &BackupSource) -> Result<Observed, Error> {
        let client = self.client(id);
        let call = client
            .restore_table_from_backup()
            .target_table_name(&id.name)
            .backup_arn(&from.backup_arn)
            .billing_mode_override(mode(creation.billing))
            .set_provisioned_throughput_override(billed_capacity(creation.billing)?)
            .set_on_demand_throughput_override(given(creation.on_demand))
            .set_sse_specification_override(creation.encryption.as_ref().map(encryption));
        let answer = call.customize().config_override(once()).send().await;
        let answer = answer.map_err(|error| error_of("RestoreTableFromBackup", &error))?;
        answer.table_description.as_ref().map(observed).ok_or_else(|| undescribed("RestoreTableFromBackup"))
    }

    async fn restore_past(
        &self,
        id: &Identity,
        creation: &Creation,
        from: &PointInTimeSource,
    ) -> Result<Observed, Error> {
        let client = self.client(id);
        let time = from.restore_date_time.as_ref().map(|text| {
            DateTime::from_str(text, Format::DateTime).map_err(|error| {
                Error::user(
                    Reason::InvalidRestoreDateTime,
                    format!(
                        "createFrom.pointInTime.restoreDateTime {text} is not a valid time ({error}). Use the format \
                         2026-11-23T10:00:00Z"
                    ),
                )
            })
        });
        let time = time.transpose()?;
        let call = client
            .restore_table_to_point_in_time()
            .target_table_name(&id.name)
            .source_table_arn(&from.source_table_arn)
            .use_latest_restorable_time(time.is_none())
            .set_restore_date_time(time)
            .billing_mode_override(mode(creation.billing))
            .set_provisioned_throughput_override(billed_capacity(creation.billing)?)
            .set_on_demand_throughput_override(given(creation.on_demand))
            .set_sse_specification_override(creation.encryption.as_ref().map(encryption));
        let answer = call.customize().config_override(once()).send().await;
        let answer = answer.map_err(|error| error_of("RestoreTableToPointInTime", &error))?;
        answer.table_description.as_ref().map(observed).ok_or_else(|| undescribed("RestoreTableToPointInTime"))
    }

    async fn import(
        &self,
        id: &Identity,
        creation: &Creation,
        from: &S3ImportSource,
    ) -> Result<Option<ImportStatus>, Error> {
        let client = self.client(id);
        let source = S3BucketSource::builder()
            .s3_bucket(&from.bucket)
            .set_s3_bucket_owner(from.bucket_owner.clone())
            .set_s3_key_prefix(from.key_prefix.clone())
            .build()
            .map_err(build)?;
        let table = TableCreationParameters::builder()
            .table_name(&id.name)
            .set_key_schema(Some(schema([&creation.partition_key], &creation.sort_key)?))
            .set_attribute_definitions(Some(definitions(&attributes(creation))?))
            .set_global_secondary_indexes(sdk_indexes(&creation.indexes)?)
            .billing_mode(mode(creation.billing))
            .set_provisioned_throughput(billed_capacity(creation.billing)?)
            .set_on_demand_throughput(given(creation.on_demand))
            .set_sse_specification(creation.encryption.as_ref().map(encryption))
            .build()
            .map_err(build)?;
        let csv = from.csv.as_ref().map(|csv| {
            CsvOptions::builder().set_delimiter(csv.delimiter.clone()).set_header_list(csv.header_list.clone()).build()
        });
        let compression = from.input_compression_type.unwrap_or_default();
        let call = client
            .import_table()
            .s3_bucket_source(source)
            .input_format(InputFormat::from(word(from.input_format).as_str()))
            .set_input_format_options(csv.map(|csv| InputFormatOptions::builder().csv(csv).build()))
            .input_compression_type(InputCompressionType::from(word(compression).as_str()))
            .table_creation_parameters(table);
        let answer = call.customize().config_override(once()).send().await;
        let answer = answer.map_err(|error| error_of("ImportTable", &error))?;
        Ok(answer.import_table_description.as_ref().and_then(import::described))
    }
}

/// A call that is sent once: see [`super::origin`].
fn once() -> aws_sdk_dynamodb::config::Builder {
    aws_sdk_dynamodb::config::Builder::new().retry_config(RetryConfig::disabled())
}

/// To take `createFrom` out, as with other blocks that an endpoint lacks, would make an empty table.
fn not_restored(error: Error) -> Error {
    let error = not_offered("createFrom", error);
    if error.reason != Reason::FeatureNotSupported {
        return error;
    }
    let message = "createFrom is not supported by this endpoint. The table was not created. Use AWS, or remove \
                   createFrom to create an empty table";
    Error { message: message.to_owned(), ..error }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn undescribed(operation: &str) -> Error {
    Error::new(
        ErrorKind::Transient,
        Reason::UnexpectedResponse,
        format!("{operation} returned no description of the table"),
    )
}

//! Where the first items of a table come from.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Source of the initial items: a backup, a point in time of another table, or an import from S3. Only used when the table
/// is created, and can be changed until then. Keys and local secondary indexes must be the same as those of the source.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("[has(self.backup), has(self.pointInTime), has(self.s3Import)].filter(x, x).size() == 1")
    .message("exactly one of `createFrom.backup`, `createFrom.pointInTime` and `createFrom.s3Import` must be set"))]
pub struct CreateFrom {
    /// An on-demand backup, or a backup of AWS Backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupSource>,
    /// A point in time of a table with point-in-time recovery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_in_time: Option<PointInTimeSource>,
    /// An import from S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_import: Option<S3ImportSource>,
}

/// A backup.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupSource {
    /// ARN of the backup.
    #[schemars(
        length(min = 37, max = 1024),
        regex(pattern = r"^arn:[a-z0-9-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+/backup/[a-zA-Z0-9-]+$")
    )]
    pub backup_arn: String,
}

/// A point in time of a table.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PointInTimeSource {
    /// ARN of the source table. It may have been deleted in the last 35 days.
    #[schemars(
        length(min = 1, max = 1024),
        regex(pattern = r"^arn:[a-z0-9-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+$")
    )]
    pub source_table_arn: String,
    /// Point in time in UTC, such as 2026-11-23T10:00:00Z. Defaults to the latest restorable time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))]
    pub restore_date_time: Option<String>,
}

/// An import from S3.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.csv) || self.inputFormat == 'CSV'").message("`s3Import.csv` must not be set unless `s3Import.inputFormat` is 'CSV'"))]
pub struct S3ImportSource {
    /// Name of the bucket.
    #[schemars(length(min = 3, max = 63), regex(pattern = r"^[a-z0-9.-]+$"))]
    pub bucket: String,
    /// AWS account ID of the bucket owner. Defaults to the account of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub bucket_owner: Option<String>,
    /// Key prefix of the files. Defaults to all files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub key_prefix: Option<String>,
    /// Format of the files.
    pub input_format: InputFormat,
    /// Compression of the files. Defaults to NONE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_compression_type: Option<InputCompressionType>,
    /// Options for CSV files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<CsvOptions>,
}

/// Options for CSV files.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsvOptions {
    /// Delimiter: comma, tab, colon, semicolon, pipe or space. Defaults to comma.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1), regex(pattern = r"^[,;:|\t ]$"))]
    pub delimiter: Option<String>,
    /// Column names. Defaults to the first line of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), inner(length(min = 1, max = 1024)))]
    pub header_list: Option<Vec<String>>,
}

/// Format of the files.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InputFormat {
    /// Comma-separated values. All attributes except keys are imported as strings.
    #[serde(rename = "CSV")]
    Csv,
    /// DynamoDB JSON, the format of table exports.
    #[serde(rename = "DYNAMODB_JSON")]
    DynamodbJson,
    /// Amazon Ion.
    #[serde(rename = "ION")]
    Ion,
}

/// Compression of the files.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InputCompressionType {
    /// No compression.
    #[default]
    #[serde(rename = "NONE")]
    None,
    /// Gzip.
    #[serde(rename = "GZIP")]
    Gzip,
    /// Zstandard.
    #[serde(rename = "ZSTD")]
    Zstd,
}

//! Where the first items of a table come from.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where the first items come from: a backup, another table's past, or files in S3. Read when the table is made,
/// and never again; it can be changed as long as nothing was made. Keys and local indexes must be those of the source.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("[has(self.backup), has(self.pointInTime), has(self.s3Import)].filter(x, x).size() == 1")
    .message("createFrom names exactly one of backup, pointInTime and s3Import"))]
pub struct CreateFrom {
    /// A backup that was made on demand, or by AWS Backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupSource>,
    /// A table with point-in-time recovery, as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point_in_time: Option<PointInTimeSource>,
    /// Files in S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3_import: Option<S3ImportSource>,
}

/// A backup.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BackupSource {
    /// Its ARN.
    #[schemars(
        length(min = 37, max = 1024),
        regex(pattern = r"^arn:[a-z0-9-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+/backup/[a-zA-Z0-9-]+$")
    )]
    pub backup_arn: String,
}

/// A table as it was.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PointInTimeSource {
    /// ARN of the table, which may have been deleted less than 35 days ago.
    #[schemars(
        length(min = 1, max = 1024),
        regex(pattern = r"^arn:[a-z0-9-]+:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[a-zA-Z0-9_.-]+$")
    )]
    pub source_table_arn: String,
    /// When, in UTC, such as 2026-11-23T10:00:00Z; the latest time there is when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))]
    pub restore_date_time: Option<String>,
}

/// Files in S3.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("!has(self.csv) || self.inputFormat == 'CSV'").message("s3Import.csv goes with inputFormat CSV"))]
pub struct S3ImportSource {
    /// Name of the bucket.
    #[schemars(length(min = 3, max = 63), regex(pattern = r"^[a-z0-9.-]+$"))]
    pub bucket: String,
    /// Account that owns the bucket; the table's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^[0-9]{12}$"))]
    pub bucket_owner: Option<String>,
    /// What the keys of the files begin with; all files when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub key_prefix: Option<String>,
    /// Format of the files.
    pub input_format: InputFormat,
    /// How the files are compressed; NONE when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_compression_type: Option<InputCompressionType>,
    /// How CSV files are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csv: Option<CsvOptions>,
}

/// How CSV files are written.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CsvOptions {
    /// What stands between values: comma, tab, colon, semicolon, pipe or space; comma when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1), regex(pattern = r"^[,;:|\t ]$"))]
    pub delimiter: Option<String>,
    /// Names of the columns; the first line when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 255), inner(length(min = 1, max = 1024)))]
    pub header_list: Option<Vec<String>>,
}

/// Format of files.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InputFormat {
    /// Comma-separated values; all but keys become strings.
    #[serde(rename = "CSV")]
    Csv,
    /// DynamoDB's own JSON, as exports have it.
    #[serde(rename = "DYNAMODB_JSON")]
    DynamodbJson,
    /// Amazon Ion.
    #[serde(rename = "ION")]
    Ion,
}

/// How files are compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum InputCompressionType {
    /// Not at all.
    #[default]
    #[serde(rename = "NONE")]
    None,
    /// By gzip.
    #[serde(rename = "GZIP")]
    Gzip,
    /// By Zstandard.
    #[serde(rename = "ZSTD")]
    Zstd,
}

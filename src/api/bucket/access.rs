//! Who may reach a bucket.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Switch;

/// Ownership of uploaded objects, and whether ACLs are enabled.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ObjectOwnership {
    /// The bucket owner owns all objects and ACLs are disabled. AWS default.
    BucketOwnerEnforced,
    /// The bucket owner owns objects uploaded with the canned ACL bucket-owner-full-control.
    BucketOwnerPreferred,
    /// The uploading account owns the object.
    ObjectWriter,
}

/// S3 Block Public Access settings. A setting that is not set is true, the AWS default.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicAccessBlock {
    /// Reject new public ACLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_public_acls: Option<bool>,
    /// Ignore existing public ACLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_public_acls: Option<bool>,
    /// Reject a bucket policy that grants public access.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_public_policy: Option<bool>,
    /// Restrict access to a public bucket to its owner's account and AWS services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_public_buckets: Option<bool>,
}

/// Access control list of the bucket. Set exactly one of `canned` and `grants`. With `canned: private`, grants are ignored.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.canned) != has(self.grants) || (has(self.canned) && self.canned == 'private')").message("exactly one of `acl.canned` and `acl.grants` must be set"))]
pub struct Acl {
    /// Canned ACL. `private` grants access to the owner only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canned: Option<CannedAcl>,
    /// Grants. The bucket owner always has FULL_CONTROL and is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub grants: Option<Vec<Grant>>,
}

/// Canned ACLs that apply to buckets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CannedAcl {
    /// Only the owner has access. AWS default.
    Private,
    /// Everyone can list the bucket.
    PublicRead,
    /// Everyone can list the bucket, write and delete objects.
    PublicReadWrite,
    /// Everyone with an AWS account can list the bucket.
    AuthenticatedRead,
    /// S3 server access logging can write to the bucket.
    LogDeliveryWrite,
}

/// A permission of a grantee.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// Grantee.
    pub grantee: Grantee,
    /// Permission.
    pub permission: Permission,
}

/// Grantee. Set exactly one of `id` and `uri`. Grantees by email address are not supported, because S3 returns them with a
/// different identifier.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.id) != has(self.uri)").message("exactly one of `grantee.id` and `grantee.uri` must be set"))]
pub struct Grantee {
    /// Canonical user ID of an AWS account: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[0-9a-f]{64}$"))]
    pub id: Option<String>,
    /// Predefined group of S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<Group>,
}

/// Predefined groups of S3.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Group {
    /// Everyone.
    #[serde(rename = "http://acs.amazonaws.com/groups/global/AllUsers")]
    AllUsers,
    /// Everyone with an AWS account.
    #[serde(rename = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers")]
    AuthenticatedUsers,
    /// S3 server access logging.
    #[serde(rename = "http://acs.amazonaws.com/groups/s3/LogDelivery")]
    LogDelivery,
}

/// Permission on the bucket.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    /// All permissions below.
    FullControl,
    /// List the objects.
    Read,
    /// Create, overwrite and delete objects.
    Write,
    /// Read the access control list.
    ReadAcp,
    /// Write the access control list.
    WriteAcp,
}

/// Attribute-based access control: whether IAM policies can use the bucket's tags.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Abac {
    /// Enabled or Disabled (AWS default).
    pub status: Switch,
}

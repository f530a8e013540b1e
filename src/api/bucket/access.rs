//! Who may reach a bucket.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Switch;

/// Who owns objects that others upload, and whether ACLs count at all.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum ObjectOwnership {
    /// The bucket's owner owns everything and ACLs are off. What AWS gives a new bucket.
    BucketOwnerEnforced,
    /// The bucket's owner owns what is uploaded with the canned ACL bucket-owner-full-control.
    BucketOwnerPreferred,
    /// The uploader owns what it uploads.
    ObjectWriter,
}

/// The four switches of S3 Block Public Access. A switch that is absent is on, as on a new bucket.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicAccessBlock {
    /// Refuse new public ACLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_public_acls: Option<bool>,
    /// Ignore public ACLs that exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignore_public_acls: Option<bool>,
    /// Refuse a bucket policy that makes the bucket public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub block_public_policy: Option<bool>,
    /// Restrict a public bucket to its owner's account and AWS services.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restrict_public_buckets: Option<bool>,
}

/// Access control list of the bucket. Exactly one of `canned` and `grants`; with `canned: private` grants do not count.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.canned) != has(self.grants) || (has(self.canned) && self.canned == 'private')").message("acl needs exactly one of canned, grants"))]
pub struct Acl {
    /// A list that S3 has a name for. `private` means none but the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canned: Option<CannedAcl>,
    /// What others may do. The bucket's owner has FULL_CONTROL always and is not listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 100))]
    pub grants: Option<Vec<Grant>>,
}

/// Access control lists that S3 has a name for, as far as they mean something on a bucket.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CannedAcl {
    /// Nobody but the owner. What AWS gives a new bucket.
    Private,
    /// Everybody may list it.
    PublicRead,
    /// Everybody may list it, write to it and delete from it.
    PublicReadWrite,
    /// Everybody with an AWS account may list it.
    AuthenticatedRead,
    /// S3 server access logging may write to it.
    LogDeliveryWrite,
}

/// One permission of one grantee.
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grant {
    /// Who.
    pub grantee: Grantee,
    /// What.
    pub permission: Permission,
}

/// Who a grant is for. Exactly one of `id` and `uri`. Grantees by email address are not offered: S3
/// answers them by another name than they were given.
#[derive(Clone, Debug, Deserialize, KubeSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = Rule::new("has(self.id) != has(self.uri)").message("a grantee needs exactly one of id, uri"))]
pub struct Grantee {
    /// Canonical user id of an AWS account: 64 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[0-9a-f]{64}$"))]
    pub id: Option<String>,
    /// A group that S3 knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<Group>,
}

/// Groups of grantees that S3 knows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub enum Group {
    /// Everybody.
    #[serde(rename = "http://acs.amazonaws.com/groups/global/AllUsers")]
    AllUsers,
    /// Everybody with an AWS account.
    #[serde(rename = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers")]
    AuthenticatedUsers,
    /// S3 server access logging.
    #[serde(rename = "http://acs.amazonaws.com/groups/s3/LogDelivery")]
    LogDelivery,
}

/// What a grantee may do with the bucket.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Permission {
    /// Everything below.
    FullControl,
    /// List it.
    Read,
    /// Make, replace and delete objects.
    Write,
    /// Read the access control list.
    ReadAcp,
    /// Write the access control list.
    WriteAcp,
}

/// Attribute-based access control: whether the bucket's tags count in IAM policies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Abac {
    /// Enabled, or Disabled as on a new bucket.
    pub status: Switch,
}

//! One call: what it is named, and what is kept of it.

use axum::http::{HeaderMap, Method, Uri};

/// One call, as AWS would log it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    pub service: &'static str,
    pub operation: String,
    /// What it was about: the path of a bucket, the body of a DynamoDB call.
    pub about: String,
    /// The account that must own the bucket, if the call says so.
    pub expected_owner: Option<String>,
    pub status: u16,
}

impl Call {
    /// Whether the call changes anything.
    pub fn is_write(&self) -> bool {
        is_write(&self.operation)
    }
}

pub fn is_write(operation: &str) -> bool {
    !["Get", "List", "Describe", "Head", "Scan"].iter().any(|verb| operation.starts_with(verb))
}

/// The sub-resource of a bucket that a query names, as the query has it.
pub fn resource(query: &str) -> Option<&'static str> {
    RESOURCES.iter().map(|(name, _)| *name).find(|name| asks(query, name))
}

fn asks(query: &str, name: &str) -> bool {
    query.split('&').any(|pair| pair.split('=').next() == Some(name))
}

/// Service and operation, as AWS names them.
pub fn name(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> (&'static str, String) {
    if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        return ("DynamoDB", target.rsplit('.').next().unwrap_or(target).to_owned());
    }
    let body = String::from_utf8_lossy(body);
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return ("STS", action.to_owned());
    }
    let verb = match *method {
        Method::PUT => "Put",
        Method::DELETE => "Delete",
        Method::HEAD => "Head",
        _ => "Get",
    };
    let query = uri.query().unwrap_or_default();
    let asked = |name: &str| asks(query, name);
    let resource = RESOURCES.iter().find(|(name, _)| asked(name));
    let operation = match (resource, verb) {
        _ if asked("delete") => "DeleteObjects".to_owned(),
        _ if asked("versions") => "GetObjectVersions".to_owned(),
        _ if asked("uploads") => "GetMultipartUploads".to_owned(),
        _ if asked("uploadId") => "DeleteMultipartUpload".to_owned(),
        (Some((_, "BucketLifecycleConfiguration")), "Delete") => "DeleteBucketLifecycle".to_owned(),
        // These are read as a list of all.
        (Some((_, resource)), "Get") if LISTS.contains(resource) => format!("List{resource}s"),
        (Some((_, resource)), _) => format!("{verb}{resource}"),
        (None, "Put") => "CreateBucket".to_owned(),
        (None, _) => format!("{verb}Bucket"),
    };
    ("S3", operation)
}

const RESOURCES: [(&str, &str); 21] = [
    ("tagging", "BucketTagging"),
    ("ownershipControls", "BucketOwnershipControls"),
    ("publicAccessBlock", "PublicAccessBlock"),
    ("encryption", "BucketEncryption"),
    ("versioning", "BucketVersioning"),
    ("object-lock", "ObjectLockConfiguration"),
    ("acl", "BucketAcl"),
    ("cors", "BucketCors"),
    ("website", "BucketWebsite"),
    ("logging", "BucketLogging"),
    ("notification", "BucketNotificationConfiguration"),
    ("replication", "BucketReplication"),
    ("accelerate", "BucketAccelerateConfiguration"),
    ("requestPayment", "BucketRequestPayment"),
    ("intelligent-tiering", "BucketIntelligentTieringConfiguration"),
    ("inventory", "BucketInventoryConfiguration"),
    ("analytics", "BucketAnalyticsConfiguration"),
    ("metrics", "BucketMetricsConfiguration"),
    ("abac", "BucketAbac"),
    ("policy", "BucketPolicy"),
    ("lifecycle", "BucketLifecycleConfiguration"),
];

const LISTS: [&str; 4] = [
    "BucketIntelligentTieringConfiguration",
    "BucketInventoryConfiguration",
    "BucketAnalyticsConfiguration",
    "BucketMetricsConfiguration",
];

//! S3's control plane.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    api::{is_xml, tags::Tags},
    aws::{policy_document::compact, refusal},
    bucket::{Buckets, Contents, Creation, ObjectVersion, Observed, Op, Upload},
    managed::{
        error::Error,
        identity::Identity,
        observation::{Existence, Made, Reads},
        tagging::{MAX_TAGS, is_system},
    },
};

use super::{super::world, Cloud, Existing, Fake, Kind};

/// A bucket.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bucket {
    pub blocks: BTreeMap<&'static str, Value>,
    /// What blocks were until when, the oldest first.
    past: Vec<(Timestamp, &'static str, Value)>,
    pub versions: Vec<ObjectVersion>,
    pub uploads: Vec<Upload>,
    /// Objects that nobody may delete yet.
    pub locked: bool,
    /// A block whose writes are answered with success and come to nothing.
    pub deaf: Option<&'static str>,
    /// When the public access block was opened for policies: it is heeded a while after.
    pub opened: Option<Timestamp>,
    /// Whether the right to tag it is missing.
    pub untaggable: bool,
}

/// How long S3 refuses a public policy after the public access block was opened (github.com/env0/templates#258).
const HEEDED: SignedDuration = SignedDuration::from_secs(20);

/// The most that one listing brings.
const PAGE: usize = 1000;

impl Bucket {
    /// A bucket as AWS makes it.
    pub fn new() -> Self {
        Self::with(&Creation::default())
    }

    fn with(creation: &Creation) -> Self {
        let fresh = crate::bucket::fresh(creation);
        let blocks = fresh.blocks.into_iter().filter_map(|(name, state)| Some((name, state.ok()?)));
        Self { blocks: blocks.collect(), ..Self::default() }
    }

    fn put(&mut self, block: &'static str, state: Value, now: Timestamp) {
        if self.deaf == Some(block) {
            return;
        }
        if let Some(before) = self.blocks.insert(block, state) {
            self.past.push((now, block, before));
        }
    }

    /// What a block was at this time, by which all later writes are unknown to whoever reads.
    fn at(&self, block: &str, time: Timestamp) -> Option<Value> {
        let past = self.past.iter().find(|(until, name, _)| *name == block && *until > time);
        past.map_or_else(|| self.blocks.get(block).cloned(), |(_, _, value)| Some(value.clone()))
    }

    fn contents(&self) -> Contents {
        Contents {
            versions: self.versions.iter().take(PAGE).cloned().collect(),
            uploads: self.uploads.iter().take(PAGE).cloned().collect(),
        }
    }
}

impl Kind for Buckets {
    const PLURAL: &'static str = "buckets";
    const NOT_FOUND: &'static str = "NoSuchBucket";
    const CREATE: &'static str = "CreateBucket";
    type Inner = Bucket;

    fn resources(cloud: &mut Cloud) -> &mut BTreeMap<String, Existing<Bucket>> {
        &mut cloud.buckets
    }

    async fn look(fake: &Fake<Self>, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Error> {
        let denied = |resource: Option<&Existing<Bucket>>| {
            // Whose account is another's answers 403 to whoever names the owner it expects.
            let other = resource.is_some_and(|resource| resource.foreign && !resource.adoptable);
            if other { Err(refusal("GetBucketTagging", Some("AccessDenied"), 403, "Access Denied")) } else { Ok(()) }
        };
        let tags = fake
            .read("GetBucketTagging", id, |resource| {
                denied(resource)?;
                Ok(resource.map(|resource| resource.tags.clone()))
            })
            .await;
        let mut observed = Observed::default();
        for name in <Buckets as crate::managed::external::ExternalResource>::BLOCKS {
            if reads.blocks.contains(name) {
                let state = fake
                    .read_in(&format!("Get {name}"), id, |resource, cloud| {
                        denied(resource)?;
                        let time = world::now() - cloud.lag;
                        resource.and_then(|resource| resource.inner.at(name, time)).ok_or_else(|| {
                            refusal(name, Some("NoSuchBucket"), 404, "The specified bucket does not exist")
                        })
                    })
                    .await;
                observed.blocks.insert(name, state);
            }
        }
        if reads.contents {
            let versions = fake
                .read("ListObjectVersions", id, |resource| Ok(resource.map(|resource| resource.inner.contents())))
                .await;
            observed.contents = versions.map(|found| Some(found.unwrap_or_default())).transpose();
        }
        Ok(match tags? {
            None => Existence::Missing,
            Some(tags) => Existence::Present { tags: Some(tags), observed },
        })
    }

    fn truth(inner: &Bucket) -> Observed {
        Observed {
            blocks: inner.blocks.iter().map(|(name, state)| (*name, Ok(state.clone()))).collect(),
            contents: Some(Ok(inner.contents())),
        }
    }

    fn make(creation: &Creation, _: Timestamp) -> Bucket {
        Bucket::with(creation)
    }

    /// Other endpoints that have no such region answer like us-east-1 (LocalStack does).
    fn tells(id: &Identity) -> bool {
        id.region != "us-east-1"
    }

    /// "Amazon S3 returns 200 OK and resets the bucket access control lists (ACLs)" in us-east-1, and an
    /// error elsewhere.
    fn made_again(resource: &mut Existing<Bucket>, creation: &Creation, id: &Identity) -> Made<Observed> {
        if Self::tells(id) {
            return Made::Existed(refusal("CreateBucket", Some("BucketAlreadyOwnedByYou"), 409, "it is yours already"));
        }
        let fresh = crate::bucket::fresh(creation);
        if let Some(Ok(acl)) = fresh.blocks.get("acl") {
            resource.inner.blocks.insert("acl", acl.clone());
        }
        Made::Unclear { observed: fresh }
    }

    fn apply(resource: &mut Existing<Bucket>, op: &Op, now: Timestamp) -> Result<(), Error> {
        let bucket = &mut resource.inner;
        match op {
            Op::PutTags(_) if bucket.untaggable => {
                Err(refusal("PutBucketTagging", Some("AccessDenied"), 403, "no right to tag"))
            }
            Op::PutTags(tags) => {
                let system = |tags: &Tags| tags.clone().into_iter().filter(|(key, _)| is_system(key)).collect::<Tags>();
                let (before, after) = (system(&resource.tags), system(tags));
                let refused = |code, words| Err(refusal("PutBucketTagging", Some(code), 400, words));
                if before.iter().any(|(key, value)| after.get(key) != Some(value)) {
                    return refused("InvalidTag", "System Tags cannot be removed by requester");
                }
                if before != after {
                    return refused("InvalidTag", "System tags cannot be added/updated by requester");
                }
                if tags.len() - after.len() > MAX_TAGS {
                    return refused("BadRequest", "at most 50 tags");
                }
                resource.tags.clone_from(tags);
                Ok(())
            }
            Op::Put { block, state } => {
                let blocks = bucket.blocks.get("publicAccessBlock");
                let closed = blocks.is_some_and(|block| block["blockPublicPolicy"] == true);
                if *block == "publicAccessBlock" && closed && state["blockPublicPolicy"] == false {
                    bucket.opened = Some(now);
                }
                // What is wrong in itself is told first.
                if *block == "policy" && state.as_str().is_some_and(|text| text.contains("Malformed")) {
                    return Err(refusal("PutBucketPolicy", Some("MalformedPolicy"), 400, "the policy is malformed"));
                }
                if *block == "policy" && state.as_str().is_some_and(|text| compact(text).len() > 20 * 1024) {
                    return Err(refusal("PutBucketPolicy", Some("PolicyTooLarge"), 400, "at most 20 KiB"));
                }
                let unheeded = bucket.opened.is_some_and(|at| now.duration_since(at) < HEEDED);
                if *block == "policy" && is_public(state) && (closed || unheeded) {
                    return Err(refusal("PutBucketPolicy", Some("AccessDenied"), 403, "public policies are blocked"));
                }
                if let Some(refusal) = refused(&bucket.blocks, block, state) {
                    return Err(refusal);
                }
                bucket.put(block, as_shown(block, state), now);
                Ok(())
            }
            Op::PutItem { block, id, configuration } => {
                let list = bucket.blocks.get(block).and_then(Value::as_array).cloned().unwrap_or_default();
                let others = list.into_iter().filter(|item| item["id"] != id.as_str());
                let mut list: Vec<Value> = others.chain(configuration.clone()).collect();
                list.sort_by_cached_key(|item| item["id"].to_string());
                bucket.put(block, list.into(), now);
                Ok(())
            }
            Op::DeleteObjects(versions) => {
                // XML 1.0 has no way to write these.
                if versions.iter().any(|version| !version.key.chars().all(is_xml)) {
                    return Err(refusal("DeleteObjects", Some("MalformedXML"), 400, "a key that XML cannot carry"));
                }
                if versions.len() > PAGE {
                    return Err(refusal("DeleteObjects", Some("MalformedXML"), 400, "at most 1,000 keys"));
                }
                if bucket.locked {
                    return Err(Error::user("ObjectsNotDeletable", "object lock"));
                }
                let gone: BTreeSet<&ObjectVersion> = versions.iter().collect();
                bucket.versions.retain(|version| !gone.contains(version));
                Ok(())
            }
            Op::DeleteObject(_) if bucket.locked => Err(Error::user("ObjectsNotDeletable", "object lock")),
            Op::DeleteObject(version) => {
                bucket.versions.retain(|other| other != version);
                Ok(())
            }
            Op::AbortUpload(upload) => {
                bucket.uploads.retain(|other| other != upload);
                Ok(())
            }
        }
    }

    /// AWS refuses while there are versions or markers; unfinished uploads do not hold it up.
    fn remove(resource: &mut Existing<Bucket>, _: Timestamp) -> Result<bool, Error> {
        if resource.inner.versions.is_empty() {
            Ok(true)
        } else {
            Err(refusal("DeleteBucket", Some("BucketNotEmpty"), 409, "the bucket is not empty"))
        }
    }

    /// Names that end in `-an` are those of the account-regional namespace (Amazon S3 User Guide, "General purpose bucket
    /// naming rules").
    fn refuses(creation: &Creation, id: &Identity) -> Option<Error> {
        let suffix = format!("-{}-{}-an", id.account_id, id.region);
        match creation.account_regional {
            false if id.name.ends_with("-an") => Some(Error::user("InvalidBucketName", "the suffix -an is reserved")),
            true if !id.name.ends_with(&suffix) => {
                Some(Error::user("InvalidNamespaceHeader", "no name of the account-regional namespace"))
            }
            _ => None,
        }
    }

    fn words(op: &Op) -> String {
        match op {
            Op::PutTags(_) => "PutBucketTagging".to_owned(),
            Op::Put { block, .. } | Op::PutItem { block, .. } => format!("Put {block}"),
            Op::DeleteObjects(_) => "DeleteObjects".to_owned(),
            Op::DeleteObject(_) => "DeleteObject".to_owned(),
            Op::AbortUpload(_) => "AbortMultipartUpload".to_owned(),
        }
    }
}

/// What S3 refuses because of how the rest of the bucket is.
fn refused(bucket: &BTreeMap<&'static str, Value>, block: &str, state: &Value) -> Option<Error> {
    let is = |block: &str, field: &str, value: &str| {
        bucket.get(block).is_some_and(|state| state[field] == value || (field.is_empty() && *state == value))
    };
    let versioned = is("versioning", "status", "Enabled");
    let has_rules = |state: &Value| state["rules"].as_array().is_some_and(|rules| !rules.is_empty());
    let locked = bucket.get("objectLock").is_some_and(|lock| lock["enabled"] == true);
    let granted = |state: &Value| state["grants"].as_array().is_some_and(|grants| grants.len() > 1);
    let no = |operation: &str, code: &str, words: &str| Some(refusal(operation, Some(code), 400, words));
    match block {
        "versioning" if state.is_null() => no("PutBucketVersioning", "MalformedXML", "versioning cannot be taken back"),
        "versioning" if state["status"] == "Suspended" && locked => {
            no("PutBucketVersioning", "InvalidBucketState", "object lock")
        }
        "versioning" if state["status"] == "Suspended" && bucket.get("replication").is_some_and(has_rules) => {
            no("PutBucketVersioning", "InvalidBucketState", "replication")
        }
        "objectLock" if !versioned || state["enabled"] != true => {
            no("PutObjectLockConfiguration", "InvalidBucketState", "object lock")
        }
        "replication" if has_rules(state) && !versioned => {
            no("PutBucketReplication", "InvalidRequest", "versioning must be enabled")
        }
        "acl" if is("objectOwnership", "", "BucketOwnerEnforced") => {
            no("PutBucketAcl", "AccessControlListNotSupported", "ACLs are off")
        }
        "acl"
            if granted(state)
                && bucket.get("publicAccessBlock").is_some_and(|block| block["blockPublicAcls"] == true) =>
        {
            Some(refusal("PutBucketAcl", Some("AccessDenied"), 403, "public ACLs are blocked"))
        }
        "objectOwnership" if *state == "BucketOwnerEnforced" && bucket.get("acl").is_some_and(granted) => {
            no("PutBucketOwnershipControls", "InvalidBucketAclWithObjectOwnership", "others have grants")
        }
        _ => None,
    }
}

/// What S3 shows of what it was given.
fn as_shown(block: &str, state: &Value) -> Value {
    let policy = state.as_str().filter(|_| block == "policy").and_then(|text| serde_json::from_str(text).ok());
    match policy {
        Some(Value::Object(mut fields)) if !fields.contains_key("Version") => {
            // IAM User Guide, "IAM JSON policy elements: Version".
            fields.insert("Version".to_owned(), "2008-10-17".into());
            Value::Object(fields).to_string().into()
        }
        _ => state.clone(),
    }
}

fn is_public(policy: &Value) -> bool {
    let text = policy.as_str().unwrap_or_default();
    text.contains("Allow") && text.contains("\"Principal\":\"*\"")
}

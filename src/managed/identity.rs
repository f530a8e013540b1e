//! Which thing in AWS, and whose.

use crate::api::{DOMAIN, tags::Tags};

/// Which thing in AWS an object stands for, resolved once per pass.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Identity {
    /// Its name in AWS.
    pub name: String,
    /// Its region.
    pub region: String,
    /// The account that the operator's credentials belong to, from STS.
    pub account_id: String,
    /// Who owns it.
    pub owner: Owner,
}

/// Who owns a thing in AWS: an object of one cluster. The uid tells apart objects that bore the
/// same name one after the other.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    /// Name of the cluster, from `--cluster-name`.
    pub cluster: String,
    /// Namespace of the object.
    pub namespace: String,
    /// Name of the object.
    pub name: String,
    /// Uid of the object.
    pub uid: String,
}

#[cfg(test)]
impl Identity {
    /// Of a thing that tests are about.
    pub(crate) fn sample(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            region: "us-east-1".to_owned(),
            account_id: "111122223333".to_owned(),
            owner: Owner { cluster: "c".into(), namespace: "n".into(), name: "o".into(), uid: "u".into() },
        }
    }
}

/// Keys of the ownership tags, under [`DOMAIN`].
pub(super) const CLUSTER: &str = "musubi.dev/cluster";
pub(super) const NAMESPACE: &str = "musubi.dev/namespace";
pub(super) const NAME: &str = "musubi.dev/name";
pub(super) const UID: &str = "musubi.dev/uid";

/// Tag on a thing whose object was deleted under `deletionPolicy: Retain`.
pub const RELEASED: &str = "musubi.dev/released";

impl Owner {
    /// The four tags that prove this owner.
    pub fn tags(&self) -> Tags {
        [(CLUSTER, &self.cluster), (NAMESPACE, &self.namespace), (NAME, &self.name), (UID, &self.uid)]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect()
    }

    /// The object as people write it.
    pub fn object(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

/// Whether a tag key is one of ours, which no user may declare.
pub fn is_reserved(key: &str) -> bool {
    key.strip_prefix(DOMAIN).is_some_and(|rest| rest.starts_with('/'))
}

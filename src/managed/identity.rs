//! Which resource in AWS, and whose.

use std::fmt;

use crate::api::{DOMAIN, tags::Tags};

/// Which resource in AWS an object stands for, resolved once per reconciliation.
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

/// Who owns a resource in AWS: an object of one cluster. The uid tells apart objects that bore the
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
    /// The namespace itself, beyond its name; `None` as long as nobody has asked the API server.
    pub origin: Option<Origin>,
}

/// Which namespace of which cluster an object is in, whatever the two are called: a namespace can be deleted and made
/// again under its name, by somebody else, and a cluster rebuilt from Git bears its name with all new uids.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Origin {
    /// Uid of the namespace `kube-system`, which stands for the cluster; empty where the operator may not read it.
    pub cluster: String,
    /// Uid of the namespace.
    pub namespace: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.namespace)
    }
}

impl Origin {
    /// Whether a resource that bears this tag comes from an earlier namespace of the same cluster and name. A tag that
    /// cannot be read comes from who knows where.
    pub fn is_of_earlier_namespace(&self, tag: &str) -> bool {
        let Some((cluster, namespace)) = tag.split_once('/') else { return true };
        let rebuilt = !self.cluster.is_empty() && !cluster.is_empty() && cluster != self.cluster;
        !rebuilt && namespace != self.namespace
    }
}

#[cfg(test)]
impl Identity {
    /// Of a resource that tests are about.
    pub(crate) fn sample(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            region: "us-east-1".to_owned(),
            account_id: "111122223333".to_owned(),
            owner: Owner::sample(),
        }
    }
}

#[cfg(test)]
impl Owner {
    /// The one that tests are about.
    pub(crate) fn sample() -> Self {
        Self { cluster: "c".into(), namespace: "n".into(), name: "o".into(), uid: "u".into(), origin: None }
    }
}

/// Keys of the ownership tags, under [`DOMAIN`].
pub(super) const CLUSTER: &str = "musubi.dev/cluster";
pub(super) const NAMESPACE: &str = "musubi.dev/namespace";
pub(super) const NAME: &str = "musubi.dev/name";
pub(super) const UID: &str = "musubi.dev/uid";
/// Tag that tells namespaces and clusters of one name apart, see [`Origin`].
pub(super) const ORIGIN: &str = "musubi.dev/origin";

/// Tag on a resource whose object was deleted under `deletionPolicy: Retain`.
pub const RELEASED: &str = "musubi.dev/released";

impl Owner {
    /// The tags that prove this owner: four, and a fifth once the origin is known.
    pub fn tags(&self) -> Tags {
        let origin = self.origin.as_ref().map(|origin| (ORIGIN.to_owned(), origin.to_string()));
        [(CLUSTER, &self.cluster), (NAMESPACE, &self.namespace), (NAME, &self.name), (UID, &self.uid)]
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .chain(origin)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_made_again_is_told_from_a_cluster_made_again() {
        let origin = |cluster: &str, namespace: &str| Origin { cluster: cluster.into(), namespace: namespace.into() };
        let now = origin("c1", "n2");
        for (tag, earlier) in [
            (origin("c1", "n2"), false),
            (origin("c1", "n1"), true),
            (origin("c0", "n1"), false),
            // Who may not read kube-system cannot tell, and asks.
            (origin("", "n1"), true),
            (origin("", "n2"), false),
        ] {
            assert_eq!(now.is_of_earlier_namespace(&tag.to_string()), earlier, "{tag}");
        }
        assert!(now.is_of_earlier_namespace("edited by hand"));
        assert!(origin("", "n2").is_of_earlier_namespace("c0/n1"));
    }
}

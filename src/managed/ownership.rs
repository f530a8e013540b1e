//! Who owns a resource in AWS. Nothing is ever taken silently.
//!
//! The tags that a reconciliation has just read are the only proof. A proof is a type that nobody outside
//! this module can make ([`OwnershipProof`], [`Deletable`], [`AbsenceProof`]), and every AWS write asks for one:
//! code that forgets to look cannot be written.

use thiserror::Error;

use crate::api::{AdoptionPolicy, CreationIntent, tags::Tags};

use super::{
    identity::{CLUSTER, Identity, NAME, NAMESPACE, ORIGIN, RELEASED, UID, is_reserved},
    observation::Existence,
    reason::Reason,
};

/// Proof, from a read of this reconciliation, that the resource is ours to change.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnershipProof {
    identity: Identity,
    by: By,
}

/// Proof that the resource carries this very object's uid, which is what deleting it takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Deletable {
    identity: Identity,
}

/// Proof, from a read of this reconciliation, that nothing of this name exists.
#[derive(Clone, Debug, PartialEq)]
pub struct AbsenceProof {
    identity: Identity,
}

/// What makes a resource ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum By {
    /// It carries this object's uid.
    Uid,
    /// It is untagged and this object announced that it would make it.
    Intent,
    /// It carries this object's name and the uid of a predecessor; writing our uid claims it.
    Predecessor,
    /// It carries no ownership, and both the spec and the administrator allow adopting it.
    Adoption,
}

/// Why a resource is not ours.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum Refusal {
    /// The ownership tags name another object. Whose, is not everybody's business: the message names it within
    /// the namespace only, and [`Refusal::in_full`] for the operator's log.
    #[error("{resource} is owned by another object{}, according to its tags. Choose another name", neighbour.as_ref().map(|name| format!(" ({name} in this namespace)")).unwrap_or_default())]
    OwnedByAnother {
        /// Name in AWS.
        resource: String,
        /// Name of the owner, if it is of the same cluster and namespace.
        neighbour: Option<String>,
        /// `namespace/name` of its owner.
        owner: String,
        /// Cluster of its owner.
        cluster: String,
    },
    /// Its owner was of an earlier namespace of this cluster that bore the same name, and whoever has the name now
    /// may be somebody else.
    #[error(
        "{resource} belongs to an object of the same name in an earlier namespace {namespace}, which was deleted and \
         recreated, so it may belong to another team. Choose another name. To adopt it, set adoptionPolicy: Adopt \
         and ask an administrator to allow it with --allow-adoption {namespace}={resource} (may be a glob; Helm: \
         allowAdoption)"
    )]
    NamespaceRecreated {
        /// Name in AWS.
        resource: String,
        /// Name of the namespace.
        namespace: String,
    },
    /// It exists, carries no ownership tags, and the spec does not adopt.
    #[error(
        "{resource} already exists and is not managed by Musubi. Choose another name, or set adoptionPolicy: Adopt to \
         adopt it, which an administrator must allow (--allow-adoption; Helm: allowAdoption)"
    )]
    AlreadyExists {
        /// Name in AWS.
        resource: String,
    },
    /// The spec adopts and the administrator has not allowed it.
    #[error(
        "Namespace {namespace} may not adopt {resource}. Ask an administrator to allow it with --allow-adoption \
         {namespace}={resource} (may be a glob; Helm: allowAdoption)"
    )]
    AdoptionNotAllowed {
        /// Name in AWS.
        resource: String,
        /// Namespace that wants it.
        namespace: String,
    },
    /// Another tool manages it.
    #[error(
        "{resource} is managed by {manager}, according to its tags. Stop managing it there and remove those tags first"
    )]
    ManagedByAnother {
        /// Name in AWS.
        resource: String,
        /// The tool.
        manager: &'static str,
    },
    /// It was ours, and another object of the same cluster name, namespace and name has claimed it.
    #[error(
        "{resource} was claimed by an object of the same name with another UID ({uid}). Check whether a second cluster \
         uses the same cluster name, and delete one of the two objects with deletionPolicy: Retain"
    )]
    OwnershipLost {
        /// Name in AWS.
        resource: String,
        /// Uid on the tags.
        uid: String,
    },
}

impl Refusal {
    /// The condition reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::OwnedByAnother { .. } => Reason::OwnedByAnother,
            Self::NamespaceRecreated { .. } => Reason::NamespaceRecreated,
            Self::AlreadyExists { .. } => Reason::AlreadyExists,
            Self::AdoptionNotAllowed { .. } => Reason::AdoptionNotAllowed,
            Self::ManagedByAnother { .. } => Reason::ManagedByAnother,
            Self::OwnershipLost { .. } => Reason::OwnershipLost,
        }
    }

    /// What the operator's log says: whose the resource is, too.
    pub fn in_full(&self) -> String {
        match self {
            Self::OwnedByAnother { owner, cluster, .. } => {
                format!("{self}. Its tags name {owner} in cluster {cluster}")
            }
            _ => self.to_string(),
        }
    }
}

/// What the judgement needs beside the tags.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Who we are and which resource it is about.
    pub identity: &'a Identity,
    /// Whether this object has held the resource before (`status.external` is set).
    pub held: bool,
    /// The announced create, if the endpoint cannot tag in the creating call.
    pub intent: Option<&'a CreationIntent>,
    /// The user's yes to adoption.
    pub adoption: AdoptionPolicy,
    /// The administrator's yes to adoption.
    pub adoption_allowed: bool,
    /// Earlier names of this cluster, from `--also-owns`.
    pub also_owns: &'a [String],
}

impl Claim<'_> {
    /// Judges whether a resource that carries these tags is ours.
    ///
    /// # Errors
    /// A [`Refusal`] says whose it is, or which yes is missing. Nothing may then be written to it.
    pub fn judge(&self, tags: &Tags) -> Result<OwnershipProof, Refusal> {
        let resource = || self.identity.name.clone();
        let ours = |by| Ok(OwnershipProof { identity: self.identity.clone(), by });
        let Some(cluster) = tags.get(CLUSTER) else {
            return self.judge_untagged(tags);
        };
        let owner = &self.identity.owner;
        let value = |key: &str| tags.get(key).map(String::as_str).unwrap_or_default();
        let same_cluster = *cluster == owner.cluster || self.also_owns.contains(cluster);
        if tags.contains_key(RELEASED)
            && !(same_cluster && value(NAMESPACE) == owner.namespace && value(NAME) == owner.name)
        {
            return self.adopt();
        }
        if !same_cluster || value(NAMESPACE) != owner.namespace || value(NAME) != owner.name {
            let neighbour = same_cluster && value(NAMESPACE) == owner.namespace;
            return Err(Refusal::OwnedByAnother {
                resource: resource(),
                neighbour: neighbour.then(|| value(NAME).to_owned()),
                owner: format!("{}/{}", value(NAMESPACE), value(NAME)),
                cluster: cluster.clone(),
            });
        }
        match value(UID) {
            uid if uid == owner.uid => ours(By::Uid),
            uid if self.held && !tags.contains_key(RELEASED) => {
                Err(Refusal::OwnershipLost { resource: resource(), uid: uid.to_owned() })
            }
            _ if self.is_of_earlier_namespace(tags) => self
                .adopt()
                .map_err(|_| Refusal::NamespaceRecreated { resource: resource(), namespace: owner.namespace.clone() }),
            _ => ours(By::Predecessor),
        }
    }

    /// What bears no such tag was made by an earlier version of the operator.
    fn is_of_earlier_namespace(&self, tags: &Tags) -> bool {
        let (Some(origin), Some(tag)) = (&self.identity.owner.origin, tags.get(ORIGIN)) else { return false };
        origin.is_of_earlier_namespace(tag)
    }

    /// Whether the API server must say which namespace this is before what was judged is acted upon: to tell whose a
    /// predecessor's resource is, or to write the tag that tells it.
    pub fn asks_for_origin(&self, owned: &OwnershipProof, tags: &Tags) -> bool {
        self.identity.owner.origin.is_none() && (owned.by != By::Uid || !tags.contains_key(ORIGIN))
    }

    fn judge_untagged(&self, tags: &Tags) -> Result<OwnershipProof, Refusal> {
        let announced = self.intent.is_some_and(|intent| {
            intent.uid == self.identity.owner.uid
                && intent.name == self.identity.name
                && intent.region == self.identity.region
                && intent.account_id == self.identity.account_id
        });
        if announced && !tags.keys().any(|key| is_reserved(key)) {
            return Ok(OwnershipProof { identity: self.identity.clone(), by: By::Intent });
        }
        // Which tool manages it is told to those only who may adopt it.
        let adopted = self.adopt()?;
        match other_manager(tags) {
            Some(manager) => Err(Refusal::ManagedByAnother { resource: self.identity.name.clone(), manager }),
            None => Ok(adopted),
        }
    }

    fn adopt(&self) -> Result<OwnershipProof, Refusal> {
        let resource = self.identity.name.clone();
        match (self.adoption, self.adoption_allowed) {
            (AdoptionPolicy::Never, _) => Err(Refusal::AlreadyExists { resource }),
            (AdoptionPolicy::Adopt, false) => {
                Err(Refusal::AdoptionNotAllowed { resource, namespace: self.identity.owner.namespace.clone() })
            }
            (AdoptionPolicy::Adopt, true) => Ok(OwnershipProof { identity: self.identity.clone(), by: By::Adoption }),
        }
    }
}

/// Tools that leave their mark in tags.
fn other_manager(tags: &Tags) -> Option<&'static str> {
    tags.keys().find_map(|key| match key.as_str() {
        key if key.starts_with("aws:cloudformation:") => Some("AWS CloudFormation"),
        key if key.starts_with("services.k8s.aws/") => Some("AWS Controllers for Kubernetes"),
        key if key.starts_with("crossplane-") => Some("Crossplane"),
        _ => None,
    })
}

impl OwnershipProof {
    /// Which resource it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// What makes it ours.
    pub fn by(&self) -> By {
        self.by
    }

    /// Whether it is ours in writing, or by our own announcement, and not only ours to claim.
    pub fn is_claimed(&self) -> bool {
        matches!(self.by, By::Uid | By::Intent)
    }

    /// The proof that deleting takes: a predecessor's resource, or one that was never adopted in
    /// writing, is not this object's to delete.
    pub fn deletable(&self) -> Option<Deletable> {
        self.is_claimed().then(|| Deletable { identity: self.identity.clone() })
    }
}

impl Deletable {
    /// Which resource it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

impl AbsenceProof {
    /// Proof from what this reconciliation has read; `None` if it read that the resource exists.
    pub fn prove<T>(identity: &Identity, existence: &Existence<T>) -> Option<Self> {
        matches!(existence, Existence::Missing).then(|| Self { identity: identity.clone() })
    }

    /// Which resource does not exist.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

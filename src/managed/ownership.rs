//! Who owns a resource in AWS. Nothing is ever taken silently.
//!
//! The tags that a reconciliation has just read are the only proof. A proof is a type that nobody outside
//! this module can make ([`OwnershipProof`], [`Deletable`], [`AbsenceProof`]), and every AWS write asks for one:
//! code that forgets to look cannot be written.

use thiserror::Error;

use crate::api::{AdoptionPolicy, CreationIntent, tags::Tags};

use super::{
    identity::{CLUSTER, Identity, NAME, NAMESPACE, ORIGIN, RELEASED, UID, is_reserved},
    object::Names,
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
    /// The ownership tags name another object.
    #[error("{resource} is owned by {}, according to its tags. Choose another spec.name", owner.neighbour().unwrap_or("another object"))]
    OwnedByAnother {
        /// What it is called.
        resource: String,
        /// Its owner.
        owner: Tagged,
    },
    /// Its owner was of an earlier namespace of this cluster that bore the same name, and whoever has the name now
    /// may be somebody else.
    #[error(
        "{resource} belongs to an object of the same name in an earlier namespace {namespace}, possibly of another \
         team. Choose another spec.name. To adopt it, set adoptionPolicy: Adopt and ask an administrator to add \
         {namespace}={name} to --allow-adoption (Helm: allowAdoption)"
    )]
    NamespaceRecreated {
        /// What it is called.
        resource: String,
        /// Name in AWS.
        name: String,
        /// Name of the namespace.
        namespace: String,
    },
    /// It exists, no object owns it, and the spec does not adopt.
    #[error(
        "{resource} already exists and {}. Choose another spec.name, or set adoptionPolicy: Adopt, which an \
         administrator must allow (--allow-adoption; Helm: allowAdoption)",
        former(released.as_deref()).map_or_else(|| "no object owns it".to_owned(), |by| format!("was released by {by}"))
    )]
    AlreadyExists {
        /// What it is called.
        resource: String,
        /// The object that released it, if one did.
        released: Option<Box<Tagged>>,
    },
    /// The spec adopts and the administrator has not allowed it.
    #[error(
        "Namespace {namespace} may not adopt {resource}{}. Ask an administrator to add {namespace}={name} to \
         --allow-adoption (Helm: allowAdoption)",
        former(released.as_deref()).map(|by| format!(", which {by} has released")).unwrap_or_default()
    )]
    AdoptionNotAllowed {
        /// What it is called.
        resource: String,
        /// Name in AWS.
        name: String,
        /// Namespace that wants it.
        namespace: String,
        /// The object that released it, if one did.
        released: Option<Box<Tagged>>,
    },
    /// Another tool manages it.
    #[error(
        "{resource} has tags of {} ({}...). Stop managing it there, without deleting it, and remove these tags",
        manager.name,
        manager.tags
    )]
    ManagedByAnother {
        /// What it is called.
        resource: String,
        /// The tool.
        manager: Manager,
    },
    /// It was ours, and another object of the same cluster name, namespace and name has claimed it.
    #[error(
        "{resource} was claimed by an object of the same name with another UID ({uid}). Check whether a second cluster \
         has the same cluster name, and delete one of the two objects with deletionPolicy: Retain"
    )]
    OwnershipLost {
        /// What it is called.
        resource: String,
        /// Uid on the tags.
        uid: String,
    },
}

/// The object that ownership tags name. Which it is, is not everybody's business: messages name it within its
/// namespace only, and [`Refusal::in_full`] for the operator's log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tagged {
    /// `Bucket shop/assets`.
    object: String,
    cluster: String,
    neighbour: bool,
}

impl Tagged {
    /// The object, for others of its namespace.
    fn neighbour(&self) -> Option<&str> {
        self.neighbour.then_some(self.object.as_str())
    }
}

/// The object that has released what carries these tags: for whoever may adopt it, or is that object.
pub fn former_owner(names: Names, tags: &Tags) -> Option<String> {
    let value = |key: &str| tags.get(key).map(String::as_str).unwrap_or_default();
    tags.contains_key(RELEASED).then(|| names.object(value(NAMESPACE), value(NAME)))
}

/// Who released it, if that may be told.
fn former(released: Option<&Tagged>) -> Option<&str> {
    released.and_then(Tagged::neighbour)
}

/// A tool that leaves its mark in tags.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Manager {
    name: &'static str,
    /// How the keys of its tags begin.
    tags: &'static str,
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
            Self::OwnedByAnother { owner: Tagged { object, cluster, .. }, .. } => {
                format!("{self}. Its tags name {object} in cluster {cluster}")
            }
            Self::AlreadyExists { released: Some(by), .. } | Self::AdoptionNotAllowed { released: Some(by), .. } => {
                let Tagged { object, cluster, .. } = &**by;
                format!("{self}. Its tags say that {object} in cluster {cluster} released it")
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
    /// What its kind is called.
    pub names: Names,
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
            return self.adopt(Some(Box::new(self.tagged(tags, same_cluster))));
        }
        if !same_cluster || value(NAMESPACE) != owner.namespace || value(NAME) != owner.name {
            let owner = self.tagged(tags, same_cluster);
            return Err(Refusal::OwnedByAnother { resource: self.resource(), owner });
        }
        match value(UID) {
            uid if uid == owner.uid => ours(By::Uid),
            uid if self.held && !tags.contains_key(RELEASED) => {
                Err(Refusal::OwnershipLost { resource: self.resource(), uid: uid.to_owned() })
            }
            _ if self.is_of_earlier_namespace(tags) => self.adopt(None).map_err(|_| Refusal::NamespaceRecreated {
                resource: self.resource(),
                name: self.identity.name.clone(),
                namespace: owner.namespace.clone(),
            }),
            _ => ours(By::Predecessor),
        }
    }

    fn resource(&self) -> String {
        self.names.resource(&self.identity.name)
    }

    /// The object that these tags name.
    fn tagged(&self, tags: &Tags, same_cluster: bool) -> Tagged {
        let value = |key: &str| tags.get(key).map(String::as_str).unwrap_or_default();
        Tagged {
            object: self.names.object(value(NAMESPACE), value(NAME)),
            cluster: value(CLUSTER).to_owned(),
            neighbour: same_cluster && value(NAMESPACE) == self.identity.owner.namespace,
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
        let adopted = self.adopt(None)?;
        match other_manager(tags) {
            Some(manager) => Err(Refusal::ManagedByAnother { resource: self.resource(), manager }),
            None => Ok(adopted),
        }
    }

    /// What no object owns, and this one has released.
    fn adopt(&self, released: Option<Box<Tagged>>) -> Result<OwnershipProof, Refusal> {
        let resource = self.resource();
        match (self.adoption, self.adoption_allowed) {
            (AdoptionPolicy::Never, _) => Err(Refusal::AlreadyExists { resource, released }),
            (AdoptionPolicy::Adopt, false) => Err(Refusal::AdoptionNotAllowed {
                resource,
                name: self.identity.name.clone(),
                namespace: self.identity.owner.namespace.clone(),
                released,
            }),
            (AdoptionPolicy::Adopt, true) => Ok(OwnershipProof { identity: self.identity.clone(), by: By::Adoption }),
        }
    }
}

const MANAGERS: [Manager; 3] = [
    Manager { name: "AWS CloudFormation", tags: "aws:cloudformation:" },
    Manager { name: "AWS Controllers for Kubernetes", tags: "services.k8s.aws/" },
    Manager { name: "Crossplane", tags: "crossplane-" },
];

fn other_manager(tags: &Tags) -> Option<Manager> {
    tags.keys().find_map(|key| MANAGERS.into_iter().find(|manager| key.starts_with(manager.tags)))
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

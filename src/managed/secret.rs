//! What the connection Secret holds. How it is written is in [`super::cluster`].

use std::collections::BTreeMap;

use crate::api::{ConnectionSecret, Status};

use super::object::ManagedObject;

/// What applications want to know of a resource, by the names that `connectionSecret.keys` uses.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Outputs {
    /// Its ARN.
    pub arn: String,
    /// The endpoint that applications reach it at.
    pub endpoint: String,
    /// `servicebinding.io/<type>` is the type of the Secret: `s3`, `dynamodb`.
    pub binding_type: &'static str,
    /// The outputs that go into the Secret by themselves, by name, the ones above included.
    pub values: BTreeMap<&'static str, String>,
    /// Outputs that go into the Secret only where `connectionSecret.keys` asks for them, and into
    /// status.
    pub more: BTreeMap<&'static str, String>,
    /// Numbers that AWS counts by itself and that change all the time: they go into status only when a reconciliation
    /// ends in sync.
    pub measured: BTreeMap<&'static str, String>,
}

/// A Secret as it should be.
///
/// No `Debug`: the bytes of a Secret never reach a log (k8s-openapi's own type prints them).
#[derive(Clone, PartialEq)]
pub struct Wanted {
    /// Name, in the namespace of the object.
    pub name: String,
    /// `type` of the Secret.
    pub type_: String,
    /// Its entries.
    pub data: BTreeMap<String, String>,
}

/// The name of the object's connection Secret, or `None` if it wants none.
pub fn name<K: ManagedObject>(object: &K) -> Option<String> {
    let spec = object.connection_secret();
    if spec.and_then(|spec| spec.enabled) == Some(false) {
        return None;
    }
    let own = object.meta().name.as_deref().unwrap_or_default();
    Some(spec.and_then(|spec| spec.name.clone()).unwrap_or_else(|| format!("{own}-{}", K::NOUN)))
}

/// The object's connection Secret as it should be, or `None` if it wants none.
pub fn wanted<K: ManagedObject>(object: &K, outputs: &Outputs) -> Option<Wanted> {
    let name = name(object)?;
    let mut data: BTreeMap<String, String> =
        outputs.values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let added = object.connection_secret().and_then(|spec: &ConnectionSecret| spec.keys.as_ref());
    for (key, output) in added.into_iter().flatten() {
        // The schema admits no other names; an output that has no value yet is left out.
        let found = outputs.values.get(output.as_str()).or_else(|| outputs.more.get(output.as_str()));
        if let Some(value) = found {
            data.insert(key.clone(), value.clone());
        }
    }
    Some(Wanted { name, type_: format!("servicebinding.io/{}", outputs.binding_type), data })
}

/// The Secret that an earlier generation had and the present one no longer wants.
pub fn obsolete<K: ManagedObject>(object: &K, status: &Status) -> Option<String> {
    let written = &status.binding.as_ref()?.name;
    (name(object).as_ref() != Some(written)).then(|| written.clone())
}

//! The connection Secret of an object as it should be.

use std::collections::BTreeMap;

use crate::{
    api::{ConnectionSecret, Status},
    managed::object::ManagedObject,
};

use super::Outputs;

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

//! What must hold at every moment, whatever goes wrong. What must hold at the end is in `run`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    api::FINALIZER,
    bucket::Buckets,
    managed::{
        conditions::{READY, SYNCED},
        identity::{Identity, Owner},
        object::ManagedObject,
    },
    table::Tables,
};

use super::{
    apiserver::{Call, finalizers, text},
    cloud::{ACCOUNT, Cloud, Kind},
    world::State,
};

/// After a write to a custom object was accepted.
pub fn after_kubernetes_write(
    state: &State,
    process: usize,
    before: &BTreeMap<(String, String), Value>,
    call: &Call<'_>,
) -> Vec<String> {
    let [plural, name, ..] = call.path.as_slice() else { return Vec::new() };
    let key = ((*plural).to_owned(), (*name).to_owned());
    let Some(before) = before.get(&key) else { return Vec::new() };
    let after = state.store.objects.get(&key);
    let mut found = Vec::new();
    let subject = state.subjects.get(&process);
    if subject.is_some_and(|subject| before["metadata"]["uid"] != **subject) {
        found.push(format!("a write for {subject:?} reached {}", before["metadata"]["uid"]));
    }
    let mut cloud = state.cloud.clone();
    if *plural == "buckets" {
        found.extend(checked::<Buckets>(state, &mut cloud, before, after));
    } else {
        found.extend(checked::<Tables>(state, &mut cloud, before, after));
    }
    found
}

fn checked<X: Kind>(state: &State, cloud: &mut Cloud, before: &Value, after: Option<&Value>) -> Vec<String> {
    let mut found = Vec::new();
    let name = text(&before["metadata"]["name"]);
    let external_name = before["spec"]["name"].as_str().map_or_else(|| name.clone(), str::to_owned);
    let uid = text(&before["metadata"]["uid"]);
    let resource = X::resources(cloud).get(&external_name).cloned();
    let held = |object: &Value| finalizers(object).iter().any(|finalizer| finalizer == FINALIZER);

    // I7: the finalizer goes only after AWS says gone, or Retain.
    if held(before) && !after.is_some_and(held) && !state.late && !state.is_stale() {
        let ours = resource.as_ref().is_some_and(|resource| {
            resource.tags.get("musubi.dev/uid") == Some(&uid)
                || (resource.tags.is_empty() && resource.owner.as_deref() == Some(&format!("shop/{name}")))
        });
        if ours && before["spec"]["deletionPolicy"] != "Retain" {
            found.push(format!("I7: the finalizer of {name} is gone and {external_name} is still there"));
        }
    }

    // I8: Synced, and Ready at this generation, only if AWS equals the spec.
    let Some(after) = after else { return found };
    let Ok(object) = serde_json::from_value::<X::Object>(after.clone()) else { return found };
    let Some(status) = kube::core::object::HasStatus::status(&object) else { return found };
    // What somebody else's resource holds is in no status: a plan would quote it.
    let strangers =
        resource.as_ref().is_some_and(|resource| resource.foreign && after["spec"]["adoptionPolicy"] == "Never");
    if strangers && status.plan.is_some() && !state.late {
        found.push(format!("R6: the status of {name} tells what {external_name} holds, which is somebody else's"));
    }
    let generation = after["metadata"]["generation"].as_i64().unwrap_or_default();
    let claimed = |object: &Value, condition: &str| {
        let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
        conditions.into_iter().any(|known| {
            known["type"] == condition && known["status"] == "True" && known["observedGeneration"] == generation
        })
    };
    // What was true when it was said, and only said again, is no new claim.
    let in_place = |condition: &str| claimed(after, condition) && !claimed(before, condition);
    // AWS equal, as far as it says: a write that it accepted and forgot is seen later.
    let honest = !state.cloud.buckets.values().any(|bucket| bucket.inner.deaf.is_some());
    if (in_place(SYNCED) || in_place(READY)) && !state.is_stale() && !state.late && honest {
        let owner =
            Owner { cluster: "c".into(), namespace: "shop".into(), name: name.clone(), uid: uid.clone(), origin: None };
        let id = Identity { name: external_name, region: "us-east-1".into(), account_id: ACCOUNT.into(), owner };
        let equal = resource.as_ref().is_some_and(|resource| {
            let ignored = object.ignored();
            let steps = X::plan(&object, &status.managed, &id, Some(&resource.tags), &X::truth(&resource.inner));
            steps.iter().all(|step| ignored.iter().any(|name| name == step.block || Some(name) == step.part.as_ref()))
        });
        if !equal {
            found.push(format!("I8: {name} says in place at generation {generation} and is not"));
        }
    }
    if in_place(READY) && !state.late {
        let secret = format!("{name}-{}", X::Object::NOUN);
        let mine = state.store.secrets.get(&secret);
        if !mine.is_some_and(|secret| secret["metadata"]["ownerReferences"][0]["uid"] == *uid) {
            found.push(format!("I8: {name} is Ready and its Secret is not written"));
        }
    }
    found
}

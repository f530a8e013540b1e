//! Copies in other regions, one change at a time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    api::{Replica, StreamViewType, TableBlock},
    managed::{
        change::diff,
        external::{Effect, Step},
    },
};

use super::{Observed, Op, ReplicaState, Update, Want};

const BLOCK: &str = TableBlock::Replicas.name();

/// What feeds a replica.
const AFTER: &[&str] = &[TableBlock::Stream.name()];

fn wanted(want: Want<'_>) -> Option<Vec<Replica>> {
    want.of(TableBlock::Replicas, want.spec.replicas.clone(), Vec::new).map(|(list, _)| list)
}

/// Replicas that the list does not name, until they are gone: before the stream that feeds them.
pub(super) fn deletions(want: Want<'_>, seen: &Observed) -> Vec<Step<Op>> {
    let Some(list) = wanted(want) else { return Vec::new() };
    let named: BTreeSet<&str> = list.iter().map(|replica| replica.region_name.as_str()).collect();
    seen.replicas
        .iter()
        .filter(|(region, _)| !named.contains(region.as_str()))
        .map(|(region, state)| deletion(region, state))
        .collect()
}

/// New replicas, and other settings of those that are there.
pub(super) fn steps(want: Want<'_>, seen: &Observed) -> Vec<Step<Op>> {
    let mut steps = Vec::new();
    for replica in wanted(want).unwrap_or_default() {
        if let Some(state) = seen.replicas.get(&replica.region_name) {
            let merged = merged(&state.settings, &replica);
            if merged != state.settings && !state.phase.is_busy() {
                let changes = diff(&path(&replica.region_name), &json!(state.settings), &json!(merged));
                steps.push(Step::new(BLOCK, Op::Update(Update::UpdateReplica(replica)), changes));
            }
            continue;
        }
        if steps.is_empty() && seen.stream.is_none() && want.spec.stream.is_none() {
            // A replica is fed by the stream, which nobody has declared.
            let view = StreamViewType::NewAndOldImages;
            let changes = diff("stream.viewType", &Value::Null, &json!(view));
            steps.push(Step::new(BLOCK, Op::Update(Update::Stream(Some(view))), changes));
        }
        let changes = diff(&path(&replica.region_name), &Value::Null, &json!(replica));
        steps.push(Step { after: AFTER, ..Step::new(BLOCK, Op::Update(Update::CreateReplica(replica)), changes) });
    }
    steps
}

/// One replica less: its copy of the data goes with it.
pub(super) fn deletion(region: &str, state: &ReplicaState) -> Step<Op> {
    let changes = diff(&path(region), &json!(state.settings), &Value::Null);
    Step::new(BLOCK, Op::Update(Update::DeleteReplica(region.to_owned())), changes).with_effect(Effect::Destructive)
}

/// An override that is not declared stays as it is: DynamoDB has no call that takes one back.
pub(super) fn merged(now: &Replica, declared: &Replica) -> Replica {
    Replica {
        region_name: now.region_name.clone(),
        kms_key_id: declared.kms_key_id.clone().or_else(|| now.kms_key_id.clone()),
        table_class_override: declared.table_class_override.or(now.table_class_override),
        provisioned_throughput_override: declared
            .provisioned_throughput_override
            .or(now.provisioned_throughput_override),
        on_demand_throughput_override: declared.on_demand_throughput_override.or(now.on_demand_throughput_override),
    }
}

/// What AWS is doing with a replica, for people.
pub(super) fn progress(region: &str, replica: &ReplicaState) -> String {
    format!("{} is {}", path(region), replica.phase.word())
}

fn path(region: &str) -> String {
    format!("{BLOCK}[{region}]")
}

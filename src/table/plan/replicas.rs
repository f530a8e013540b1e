//! Copies in other regions, one change at a time.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    api::{
        Impact, OnDemandThroughputOverride, ProvisionedThroughputOverride, Replica, StreamViewType, TableBlock,
        TableClass,
    },
    managed::{change::diff, step::Step},
};

use super::{Billing, Observed, Op, Phase, ReplicaState, Update, Want};

pub(super) const BLOCK: &str = TableBlock::Replicas.name();

/// What feeds a replica.
const AFTER: &[&str] = &[TableBlock::Stream.name()];

/// AWS's word for a replica that it could not make.
pub(super) const CREATION_FAILED: &str = "CREATION_FAILED";

/// What takes a limit back.
const NO_LIMIT: i64 = -1;

fn wanted(want: Want<'_>) -> Option<Vec<Replica>> {
    want.of(TableBlock::Replicas, want.spec.replicas.clone(), Vec::new).map(|(list, _)| list)
}

/// Replicas that the list does not name, until they are gone: before the stream that feeds them.
pub(super) fn deletions(want: Want<'_>, observed: &Observed) -> Vec<Step<Op>> {
    let Some(list) = wanted(want) else { return Vec::new() };
    let named: BTreeSet<&str> = list.iter().map(|replica| replica.region_name.as_str()).collect();
    observed
        .replicas
        .iter()
        .filter(|(region, _)| !named.contains(region.as_str()))
        .map(|(region, state)| deletion(region, state))
        .collect()
}

/// New replicas, those that AWS could not make, and other settings of those that are there.
pub(super) fn steps(want: Want<'_>, observed: &Observed) -> Vec<Step<Op>> {
    let mut steps = Vec::new();
    for replica in wanted(want).unwrap_or_default() {
        if let Some(state) = observed.replicas.get(&replica.region_name) {
            steps.extend(match &state.phase {
                Phase::Failed(word) if word == CREATION_FAILED => Some(again(&replica)),
                Phase::Active => settings(&replica, state, observed),
                _ => None,
            });
            continue;
        }
        if steps.is_empty() && observed.stream.is_none() && want.spec.stream.is_none() {
            // A replica is fed by the stream, which nobody has declared.
            let view = StreamViewType::NewAndOldImages;
            let changes = diff("stream.viewType", &Value::Null, &json!(view));
            steps.push(Step::new(BLOCK, Op::Update(Update::Stream(Some(view))), changes));
        }
        steps.push(creation(replica));
    }
    steps
}

fn creation(replica: Replica) -> Step<Op> {
    let changes = diff(&path(&replica.region_name), &Value::Null, &json!(replica));
    Step { after: AFTER, ..Step::new(BLOCK, Op::Update(Update::CreateReplica(replica)), changes) }
}

/// What AWS could not make holds nothing: it is deleted, and made again. Both are one change to whoever reads the plan,
/// approves it, or counts how often it was made in vain.
fn again(replica: &Replica) -> Step<Op> {
    let op = Op::Update(Update::DeleteReplica(replica.region_name.clone()));
    Step { op, ..creation(replica.clone()) }
}

/// Other settings than the declared ones. Only what changes is sent.
fn settings(replica: &Replica, state: &ReplicaState, observed: &Observed) -> Option<Step<Op>> {
    let (now, change) = (&state.settings, changed(replica, &state.settings, observed));
    let changes = diff(&path(&replica.region_name), &json!(now), &json!(applied(now, &change, observed)));
    let nothing = Replica { region_name: replica.region_name.clone(), ..Replica::default() };
    (change != nothing).then(|| Step::new(BLOCK, Op::Update(Update::UpdateReplica(change)), changes))
}

/// The overrides that must be sent to make these settings the declared ones. "If not specified, uses the source table's"
/// (API reference, UpdateReplicationGroupMemberAction): an override is absent where the replica inherits, is taken back
/// by sending the table's own value, and one that equals it is none (measured on AWS: ack-api-quirks, DDB-TABLE-250 and
/// 422). That of capacity is left alone where none is declared: Application Auto Scaling makes one by itself
/// (DDB-TABLE-321). The key is not among them: UpdateReplica refuses it whatever it is (DDB-TABLE-309).
fn changed(replica: &Replica, now: &Replica, observed: &Observed) -> Replica {
    let own = own(observed);
    let class = replica.table_class_override.or(own.table_class_override);
    let class = class.filter(|to| Some(*to) != now.table_class_override.or(own.table_class_override));
    let read = |units: Option<ProvisionedThroughputOverride>| units.or(own.provisioned_throughput_override);
    let capacity = replica
        .provisioned_throughput_override
        .filter(|to| observed.billing.is_provisioned() && Some(*to) != read(now.provisioned_throughput_override));
    let limit = |units: Option<OnDemandThroughputOverride>| units.or(own.on_demand_throughput_override);
    let limited = limit(replica.on_demand_throughput_override)
        .filter(|to| observed.billing == Billing::OnDemand && Some(*to) != limit(now.on_demand_throughput_override));
    Replica {
        region_name: replica.region_name.clone(),
        kms_key_id: None,
        table_class_override: class,
        provisioned_throughput_override: capacity,
        on_demand_throughput_override: limited,
    }
}

/// What a replica has that overrides nothing.
fn own(observed: &Observed) -> Replica {
    let capacity = match observed.billing {
        Billing::Provisioned(table) => Some(table.read_capacity_units),
        Billing::OnDemand => None,
    };
    Replica {
        table_class_override: observed.class,
        provisioned_throughput_override: capacity
            .map(|read_capacity_units| ProvisionedThroughputOverride { read_capacity_units }),
        on_demand_throughput_override: Some(OnDemandThroughputOverride {
            max_read_request_units: observed.on_demand.max_read_request_units.unwrap_or(NO_LIMIT),
        }),
        ..Replica::default()
    }
}

/// Settings once these overrides were sent.
pub(super) fn applied(now: &Replica, sent: &Replica, observed: &Observed) -> Replica {
    fn of<T: PartialEq>(now: Option<T>, sent: Option<T>, own: Option<&T>) -> Option<T> {
        sent.or(now).filter(|value| Some(value) != own)
    }
    let own = own(observed);
    Replica {
        region_name: now.region_name.clone(),
        kms_key_id: now.kms_key_id.clone(),
        table_class_override: of::<TableClass>(
            now.table_class_override,
            sent.table_class_override,
            own.table_class_override.as_ref(),
        ),
        provisioned_throughput_override: of(
            now.provisioned_throughput_override,
            sent.provisioned_throughput_override,
            own.provisioned_throughput_override.as_ref(),
        ),
        on_demand_throughput_override: of(
            now.on_demand_throughput_override,
            sent.on_demand_throughput_override,
            own.on_demand_throughput_override.as_ref(),
        ),
    }
}

/// A replica that was made so.
pub(super) fn made(replica: &Replica, observed: &Observed) -> ReplicaState {
    let settings = Replica { kms_key_id: replica.kms_key_id.clone(), ..applied(replica, replica, observed) };
    ReplicaState { settings, arn: None, phase: Phase::Active, description: None }
}

/// One replica less: its copy of the data goes with it.
pub(super) fn deletion(region: &str, state: &ReplicaState) -> Step<Op> {
    let changes = diff(&path(region), &json!(state.settings), &Value::Null);
    Step::new(BLOCK, Op::Update(Update::DeleteReplica(region.to_owned())), changes).with_impact(Impact::Destructive)
}

/// What AWS is doing with a replica, for people.
pub(super) fn progress(region: &str, replica: &ReplicaState) -> String {
    format!("{} is {}", path(region), replica.phase.word())
}

pub(super) fn path(region: &str) -> String {
    format!("{BLOCK}[{region}]")
}

#[cfg(test)]
mod tests {
    use super::super::{
        advance,
        tests::{made as made_table, steps, table},
        updated,
    };
    use super::*;

    fn spec(replica: &Value) -> Value {
        let mut replica = replica.clone();
        replica["regionName"] = json!("eu-west-1");
        json!({"stream": {"enabled": true, "viewType": "NEW_AND_OLD_IMAGES"}, "onDemandThroughput": {"maxReadRequestUnits": 100},
            "replicas": [replica]})
    }

    fn observed(replica: &Value) -> Observed {
        let spec = spec(replica);
        let mut observed = made_table(spec.clone());
        let replica = table(spec).spec.replicas.expect("one").remove(0);
        updated(&mut observed, &Update::CreateReplica(replica));
        observed
    }

    fn sent(declared: &Value, observed: &Observed) -> Option<Replica> {
        let mut steps = steps(spec(declared), &[], observed);
        match steps.pop() {
            None => None,
            Some(Step { op: Op::Update(Update::UpdateReplica(sent)), changes, .. }) if steps.is_empty() => {
                assert!(!changes.is_empty(), "nothing to be told of it");
                Some(sent)
            }
            other => panic!("{other:?} {steps:?}"),
        }
    }

    fn limit(units: i64) -> Value {
        json!({"onDemandThroughputOverride": {"maxReadRequestUnits": units}})
    }

    #[test]
    fn an_override_that_is_the_tables_own_value_is_none_and_takes_one_back() {
        assert_eq!(
            observed(&limit(100)).replicas["eu-west-1"].settings,
            observed(&json!({})).replicas["eu-west-1"].settings
        );
        for declared in [limit(100), json!({"tableClassOverride": "STANDARD"}), json!({})] {
            assert_eq!(sent(&declared, &observed(&json!({}))), None, "{declared}");
        }
        // DescribeTable tells the class of a replica that overrides none, too.
        let mut told = observed(&json!({}));
        told.replicas.get_mut("eu-west-1").expect("it").settings.table_class_override = Some(TableClass::Standard);
        assert_eq!(sent(&json!({}), &told), None);
        for (declared, before, units) in [(json!({}), limit(5), 100), (limit(7), limit(5), 7)] {
            let mut observed = observed(&before);
            let sent = sent(&declared, &observed).expect("an update");
            let of_limit = sent.on_demand_throughput_override.map(|limit| limit.max_read_request_units);
            assert_eq!((of_limit, sent.table_class_override), (Some(units), None), "only what changes");
            updated(&mut observed, &Update::UpdateReplica(sent));
            assert_eq!(super::tests::sent(&declared, &observed), None, "and it is in place then");
        }
        let unlimited = Observed { on_demand: crate::api::OnDemandThroughput::default(), ..observed(&limit(5)) };
        let mut without = spec(&json!({}));
        without.as_object_mut().expect("an object").remove("onDemandThroughput");
        let found = steps(without, &[], &unlimited);
        let [Step { op: Op::Update(Update::UpdateReplica(sent)), .. }] = &found[..] else { panic!("{found:?}") };
        assert_eq!(sent.on_demand_throughput_override.map(|limit| limit.max_read_request_units), Some(NO_LIMIT));
    }

    #[test]
    fn capacity_that_auto_scaling_has_set_is_left_alone() {
        let capacity = json!({"readCapacityUnits": 7, "writeCapacityUnits": 8});
        let spec = |replica: Value| {
            let mut spec = spec(&replica);
            spec.as_object_mut().expect("an object").remove("onDemandThroughput");
            spec["provisionedThroughput"] = capacity.clone();
            spec
        };
        let mut observed = made_table(spec(json!({})));
        let mut scaled = table(spec(json!({}))).spec.replicas.expect("one").remove(0);
        scaled.provisioned_throughput_override = Some(ProvisionedThroughputOverride { read_capacity_units: 9 });
        updated(&mut observed, &Update::CreateReplica(scaled));
        assert_eq!(steps(spec(json!({})), &[], &observed), vec![]);
        let own = spec(json!({"provisionedThroughputOverride": {"readCapacityUnits": 7}}));
        assert_eq!(steps(own, &[], &observed).len(), 1, "the table's own value takes it back");
    }

    #[test]
    fn the_key_of_a_replica_is_never_sent_again() {
        let key = |name: &str| json!({"kmsKeyId": format!("arn:aws:kms:eu-west-1:111122223333:key/{name}")});
        assert_eq!(sent(&key("a"), &observed(&key("b"))), None);
    }

    #[test]
    fn what_aws_could_not_make_is_deleted_and_made_again_as_one_change() {
        let spec = spec(&json!({}));
        let mut observed = observed(&json!({}));
        observed.replicas.get_mut("eu-west-1").expect("it").phase = Phase::Failed(CREATION_FAILED.into());
        let [delete] = &steps(spec.clone(), &[], &observed)[..] else { panic!("one step") };
        assert_eq!(delete.op, Op::Update(Update::DeleteReplica("eu-west-1".into())));
        assert_eq!(delete.impact, Impact::Update, "there is nothing in it");
        advance(&mut None, &mut observed, &delete.op);
        let [create] = &steps(spec.clone(), &[], &observed)[..] else { panic!("one step") };
        assert!(matches!(create.op, Op::Update(Update::CreateReplica(_))), "{create:?}");
        assert_eq!((&create.changes, create.impact), (&delete.changes, delete.impact), "counted, and braked, as one");
        for word in ["REGION_DISABLED", "INACCESSIBLE_ENCRYPTION_CREDENTIALS"] {
            let mut observed = super::tests::observed(&limit(5));
            observed.replicas.get_mut("eu-west-1").expect("it").phase = Phase::Failed(word.into());
            assert_eq!(steps(spec.clone(), &[], &observed), vec![], "{word} takes no setting");
        }
    }
}

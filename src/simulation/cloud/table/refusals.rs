//! What UpdateTable refuses, as resources are or by how often it was asked.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::{
    api::{AttributeType, Replica, StreamViewType},
    managed::error::Error,
    table::{Billing, IndexChange, IndexUpdate, Observed, Phase, Update},
};

use super::{HOUR, Table, in_use, invalid, limited, not_found};

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MONTH: SignedDuration = SignedDuration::from_hours(24 * 30);
const MAX_INDEXES: usize = 20;

impl Table {
    pub(super) fn may_update(&self, update: &Update) -> Result<(), Error> {
        if self.is_busy() {
            return Err(in_use());
        }
        if !self.has_busy_part() {
            return Ok(());
        }
        let mut busy = self.observed.indexes.iter().filter(|(_, index)| index.phase.is_busy());
        match (update, busy.next(), busy.next()) {
            (Update::Index(IndexUpdate { name, change: IndexChange::Delete }), Some((only, index)), None)
                if name == only && index.phase == (Phase::Creating { backfilling: true }) =>
            {
                Ok(())
            }
            _ => Err(in_use()),
        }
    }

    pub(super) fn check(&self, update: &Update) -> Result<(), Error> {
        let observed = &self.observed;
        match update {
            Update::Billing { billing, indexes, .. } => {
                let flips = billing.is_provisioned() && !observed.billing.is_provisioned();
                let all = observed.indexes.keys().eq(indexes.keys());
                let named = !indexes.is_empty();
                if (flips != named && !observed.indexes.is_empty()) || (flips && !all) {
                    return Err(invalid(
                        "UpdateTable",
                        "a change to PROVISIONED names the capacity of each index, and nothing else does",
                    ));
                }
            }
            Update::OnDemand(_) if observed.billing.is_provisioned() => {
                return Err(invalid("UpdateTable", "limits go with PAY_PER_REQUEST"));
            }
            Update::Warm(warm) if observed.warm.is_some_and(|now| warm.at_least(now) != *warm) => {
                return Err(invalid("UpdateTable", "warm throughput is never lowered"));
            }
            Update::Stream(view) if view.is_some() == observed.stream.is_some() => {
                return Err(invalid("UpdateTable", "the table has an enabled stream already, or none"));
            }
            Update::Stream(None) if !observed.replicas.is_empty() => {
                return Err(invalid("UpdateTable", "replicas need the stream"));
            }
            Update::Index(update) => self.check_index(update)?,
            Update::CreateReplica(replica) => {
                if observed.replicas.contains_key(&replica.region_name) {
                    return Err(invalid("UpdateTable", "the replica exists"));
                }
                if observed.stream != Some(StreamViewType::NewAndOldImages) {
                    return Err(invalid("UpdateTable", "a replica needs a stream of new and old images"));
                }
            }
            Update::UpdateReplica(replica) => check_overrides(replica, observed)?,
            Update::DeleteReplica(region) if !observed.replicas.contains_key(region) => return Err(not_found()),
            _ => {}
        }
        Ok(())
    }

    /// The same of a change of one index.
    fn check_index(&self, IndexUpdate { name, change }: &IndexUpdate) -> Result<(), Error> {
        let observed = &self.observed;
        let index = || observed.indexes.get(name).ok_or_else(not_found);
        match change {
            IndexChange::Create { index, attributes } => {
                if observed.indexes.contains_key(&index.name) {
                    return Err(invalid("UpdateTable", "an index of this name exists"));
                }
                if observed.indexes.len() >= MAX_INDEXES {
                    return Err(limited("20 indexes"));
                }
                if index.provisioned_throughput.is_some() != observed.billing.is_provisioned() {
                    return Err(invalid("UpdateTable", "an index has capacity as its table has"));
                }
                let differs = |(name, type_): (&String, &AttributeType)| {
                    self.attribute(name).is_some_and(|known| known != *type_)
                };
                let keys = index.partition_keys.iter().chain(index.sort_keys.iter().flatten());
                let undefined = keys.clone().any(|key| attributes.get(&key.name) != Some(&key.type_));
                let known = [&observed.partition_key, &observed.sort_key].into_iter().flatten();
                let incomplete = known.into_iter().any(|key| !attributes.contains_key(&key.name));
                if attributes.iter().any(differs) || undefined || incomplete {
                    return Err(invalid("UpdateTable", "attribute definitions do not agree"));
                }
            }
            IndexChange::Delete => drop(index()?),
            IndexChange::Capacity(_) => {
                index()?;
                if !observed.billing.is_provisioned() {
                    return Err(invalid("UpdateTable", "capacity goes with PROVISIONED"));
                }
            }
            IndexChange::OnDemand(_) => {
                index()?;
                if observed.billing.is_provisioned() {
                    return Err(invalid("UpdateTable", "limits go with PAY_PER_REQUEST"));
                }
            }
            IndexChange::Warm(warm) => {
                let now = index()?.warm;
                if now.is_some_and(|now| warm.at_least(now) != *warm) {
                    return Err(invalid("UpdateTable", "warm throughput is never lowered"));
                }
            }
        }
        Ok(())
    }

    /// What AWS does only so often.
    pub(super) fn count(&mut self, update: &Update, now: Timestamp) -> Result<(), Error> {
        match update {
            Update::Billing { billing: Billing::OnDemand, .. } => allow(&mut self.to_on_demand, now, &[(DAY, 4)]),
            Update::Billing { billing: Billing::Provisioned(to), .. } => match self.observed.billing {
                Billing::Provisioned(from)
                    if to.read_capacity_units < from.read_capacity_units
                        || to.write_capacity_units < from.write_capacity_units =>
                {
                    self.decrease("", now)
                }
                _ => Ok(()),
            },
            Update::Index(IndexUpdate { name, change: IndexChange::Capacity(to) }) => {
                let from = self.observed.indexes.get(name).and_then(|index| index.throughput);
                if from.is_some_and(|from| {
                    to.read_capacity_units < from.read_capacity_units
                        || to.write_capacity_units < from.write_capacity_units
                }) {
                    self.decrease(name, now)
                } else {
                    Ok(())
                }
            }
            Update::Class(_) => allow(&mut self.classes, now, &[(MONTH, 2)]),
            Update::Encryption(block) if block.type_ != crate::api::KeyOwner::AwsOwned => {
                allow(&mut self.keys, now, &[(DAY, 4)])
            }
            _ => Ok(()),
        }
    }

    /// Four to begin with, then one an hour.
    fn decrease(&mut self, of: &str, now: Timestamp) -> Result<(), Error> {
        let past = self.decreases.entry(of.to_owned()).or_default();
        let today = past.iter().filter(|at| now.duration_since(**at) < DAY).count();
        let lately = past.iter().any(|at| now.duration_since(*at) < HOUR);
        if today >= 27 || (today >= 4 && lately) {
            return Err(limited("27 a day"));
        }
        past.push(now);
        Ok(())
    }
}

/// What ReplicaUpdates.Update takes (measured on AWS: ack-api-quirks, DDB-TABLE-250, 294 and 309).
fn check_overrides(sent: &Replica, observed: &Observed) -> Result<(), Error> {
    if !observed.replicas.contains_key(&sent.region_name) {
        return Err(not_found());
    }
    if sent.kms_key_id.is_some() {
        return Err(invalid("UpdateTable", "the key of a replica is changed in its own region"));
    }
    if *sent == (Replica { region_name: sent.region_name.clone(), ..Replica::default() }) {
        return Err(invalid("UpdateTable", "no actions specified"));
    }
    let provisioned = observed.billing.is_provisioned();
    if sent.provisioned_throughput_override.is_some_and(|_| !provisioned)
        || sent.on_demand_throughput_override.is_some_and(|_| provisioned)
    {
        return Err(invalid("UpdateTable", "overrides go with the mode of the table"));
    }
    Ok(())
}

/// At most so many in each span of time.
fn allow(past: &mut Vec<Timestamp>, now: Timestamp, most: &[(SignedDuration, usize)]) -> Result<(), Error> {
    for (span, number) in most {
        if past.iter().filter(|at| now.duration_since(**at) < *span).count() >= *number {
            return Err(limited("used up"));
        }
    }
    past.push(now);
    Ok(())
}

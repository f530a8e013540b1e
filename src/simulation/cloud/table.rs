//! DynamoDB's control plane.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::{
    managed::{
        external::{Existence, Reads, Settling},
        fault::{Class, Fault},
        identity::Identity,
    },
    table::{Observed, Op, Tables, Ttl},
};

use super::{Cloud, Fake, Kind, Thing};

/// A table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub seen: Observed,
    pub ttl: Ttl,
    pub items: bool,
    /// Until when AWS is busy with it.
    busy_until: Option<Timestamp>,
    /// When its time to live was last changed: once an hour.
    ttl_changed: Option<Timestamp>,
}

const CREATING: SignedDuration = SignedDuration::from_secs(4);
const UPDATING: SignedDuration = SignedDuration::from_secs(3);
const DELETING: SignedDuration = SignedDuration::from_secs(3);
const TTL_EVERY: SignedDuration = SignedDuration::from_hours(1);

impl Table {
    /// A table as AWS makes it.
    pub fn new(op: &Op) -> Self {
        let (_, seen) = crate::table::fresh(op);
        Self { seen, ttl: Ttl::default(), items: false, busy_until: None, ttl_changed: None }
    }

    fn is_busy(&self) -> bool {
        self.busy_until.is_some()
    }
}

/// Ends what is over; says whether the table is gone.
pub fn tick(table: &mut Table, now: Timestamp) -> bool {
    if table.ttl_changed.is_some_and(|at| now.duration_since(at) >= TTL_EVERY) {
        table.ttl.changing = false;
    }
    if table.busy_until.is_some_and(|until| now >= until) {
        table.busy_until = None;
        return table.seen.settling.take() == Some(Settling::Deleting);
    }
    false
}

fn in_use() -> Fault {
    Fault::new(Class::Pending, "ResourceInUseException", "the table is busy")
}

impl Kind for Tables {
    const PLURAL: &'static str = "tables";
    type Inner = Table;

    fn things(cloud: &mut Cloud) -> &mut BTreeMap<String, Thing<Table>> {
        &mut cloud.tables
    }

    async fn look(fake: &Fake<Self>, id: &Identity, reads: &Reads) -> Result<Existence<Observed>, Fault> {
        let seen = fake.read("DescribeTable", id, |thing| Ok(thing.map(|thing| thing.inner.seen.clone()))).await;
        let missing = || Fault::new(Class::Pending, "ResourceNotFoundException", "there is no such table");
        let tags = if reads.tags {
            let found = |thing: Option<&Thing<Table>>| Ok(thing.ok_or_else(missing)?.tags.clone());
            Some(fake.read("ListTagsOfResource", id, found).await)
        } else {
            None
        };
        let ttl = if reads.blocks.contains("timeToLive") {
            let found = |thing: Option<&Thing<Table>>| Ok(thing.ok_or_else(missing)?.inner.ttl.clone());
            Some(fake.read("DescribeTimeToLive", id, found).await)
        } else {
            None
        };
        let empty = if reads.contents {
            let found = |thing: Option<&Thing<Table>>| Ok(!thing.ok_or_else(missing)?.inner.items);
            Some(fake.read("Scan", id, found).await)
        } else {
            None
        };
        let Some(seen) = seen? else { return Ok(Existence::Absent) };
        Ok(Existence::Present { tags: tags.transpose()?, seen: Observed { ttl, empty, ..seen } })
    }

    fn truth(inner: &Table) -> Observed {
        Observed { ttl: Some(Ok(inner.ttl.clone())), empty: Some(Ok(!inner.items)), ..inner.seen.clone() }
    }

    fn make(op: &Op, now: Timestamp) -> Table {
        let mut table = Table::new(op);
        table.seen.settling = Some(Settling::Creating);
        table.seen.ttl = None;
        table.busy_until = Some(now + CREATING);
        table
    }

    fn apply(thing: &mut Thing<Table>, op: &Op, now: Timestamp) -> Result<(), Fault> {
        let table = &mut thing.inner;
        match op {
            Op::Create { .. } => Err(Fault::user("Misused", "a create is no change")),
            // Tags may be changed at any time but the creation's.
            Op::Tag(_) | Op::Untag(_) if table.seen.settling == Some(Settling::Creating) => Err(in_use()),
            Op::Tag(put) => {
                thing.tags.extend(put.clone());
                Ok(())
            }
            Op::Untag(gone) => {
                thing.tags.retain(|key, _| !gone.contains(key));
                Ok(())
            }
            Op::Update { .. } | Op::SetTtl { .. } if table.is_busy() => Err(in_use()),
            Op::Update { billing, deletion_protection } => {
                if billing.is_none_or(|billing| billing == table.seen.billing)
                    && deletion_protection.is_none_or(|on| on == table.seen.deletion_protection)
                {
                    return Err(Fault::user("ValidationException", "the update changes nothing"));
                }
                table.seen.billing = billing.unwrap_or(table.seen.billing);
                table.seen.deletion_protection = deletion_protection.unwrap_or(table.seen.deletion_protection);
                table.seen.settling = Some(Settling::Updating);
                table.busy_until = Some(now + UPDATING);
                Ok(())
            }
            Op::SetTtl { enabled, attribute } => {
                if table.ttl_changed.is_some_and(|at| now.duration_since(at) < TTL_EVERY) {
                    return Err(Fault::new(Class::Quota, "TimeToLivePending", "one change an hour"));
                }
                if *enabled == table.ttl.enabled {
                    return Err(Fault::new(Class::Quota, "TimeToLivePending", "it is that already"));
                }
                if !enabled && table.ttl.attribute.as_ref() != Some(attribute) {
                    return Err(Fault::user("ValidationException", "another attribute"));
                }
                table.ttl = Ttl { enabled: *enabled, attribute: enabled.then(|| attribute.clone()), changing: true };
                table.ttl_changed = Some(now);
                Ok(())
            }
        }
    }

    fn remove(thing: &mut Thing<Table>, now: Timestamp) -> Result<bool, Fault> {
        let table = &mut thing.inner;
        if table.seen.settling == Some(Settling::Deleting) {
            return Ok(false);
        }
        if table.is_busy() {
            return Err(in_use());
        }
        if table.seen.deletion_protection {
            return Err(Fault::user("ValidationException", "deletion protection"));
        }
        table.seen.settling = Some(Settling::Deleting);
        table.busy_until = Some(now + DELETING);
        Ok(false)
    }

    fn words(op: &Op) -> String {
        match op {
            Op::Create { .. } => "CreateTable",
            Op::Update { .. } => "UpdateTable",
            Op::SetTtl { .. } => "UpdateTimeToLive",
            Op::Tag(_) => "TagResource",
            Op::Untag(_) => "UntagResource",
        }
        .to_owned()
    }
}

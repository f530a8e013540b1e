//! How a table is made, and what it is then.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    api::{Managed, Table, TableBlock, TableClass, tags::Tags},
    managed::{
        change::diff,
        identity::Identity,
        step::{CREATION, Step},
        tagging,
    },
    table::{blocks, indexes::Index, op::Creation, state::normal_local},
};

use super::{Billing, Observed, billing, settings};

pub(in crate::table) fn creation(object: &Table, id: &Identity) -> Step<Creation> {
    let spec = &object.spec;
    let creation = Creation {
        partition_key: spec.partition_key.clone(),
        sort_key: spec.sort_key.clone(),
        local_indexes: normal_local(spec.local_secondary_indexes.as_deref().unwrap_or_default()),
        indexes: spec.global_secondary_indexes.clone().unwrap_or_default(),
        billing: billing::declared(spec).unwrap_or(Billing::OnDemand),
        on_demand: spec.on_demand_throughput,
        warm: spec.warm_throughput,
        class: spec.table_class,
        stream: spec.stream.as_ref().and_then(|block| block.view_type.filter(|_| block.enabled)),
        encryption: spec.encryption.clone(),
        deletion_protection: spec.deletion_protection.unwrap_or_default(),
        tags: tagging::desired(&Tags::new(), spec.tags.as_ref(), &Managed::default(), &id.owner),
        from: spec.create_from.clone(),
    };
    let leaf = |path: &str, to: Value| diff(path, &Value::Null, &to);
    let mut changes = leaf("name", json!(id.name));
    changes.extend(leaf("createFrom", json!(creation.from)));
    changes.extend(leaf("partitionKey", json!(creation.partition_key)));
    changes.extend(leaf("sortKey", json!(creation.sort_key)));
    for index in &creation.local_indexes {
        changes.extend(leaf(&format!("localSecondaryIndexes[{}]", index.name), json!(index)));
    }
    for index in &creation.indexes {
        changes.extend(leaf(&format!("globalSecondaryIndexes[{}]", index.name), json!(index)));
    }
    let apply_billing = billing::display(creation.billing);
    for block in [TableBlock::BillingMode, TableBlock::ProvisionedThroughput] {
        changes.extend(leaf(block.name(), apply_billing[block.name()].clone()));
    }
    for (block, value) in [
        (TableBlock::OnDemandThroughput, json!(creation.on_demand)),
        (TableBlock::WarmThroughput, json!(creation.warm)),
        (TableBlock::TableClass, json!(creation.class)),
        (TableBlock::Stream, json!(spec.stream)),
        (TableBlock::Encryption, json!(creation.encryption)),
        (TableBlock::DeletionProtection, json!(creation.deletion_protection)),
    ] {
        changes.extend(leaf(block.name(), value));
    }
    changes.extend(tagging::changes(&Tags::new(), &creation.tags));
    Step::new(CREATION, creation, changes)
}

/// A table as AWS makes it: what the create does not say is off.
pub(in crate::table) fn fresh(creation: &Creation) -> (Tags, Observed) {
    let mut observed =
        Observed { class: Some(TableClass::default()), settings: blocks::initial(), ..Observed::default() };
    observed.partition_key = Some(creation.partition_key.clone());
    observed.sort_key.clone_from(&creation.sort_key);
    observed.local_indexes.clone_from(&creation.local_indexes);
    observed.indexes =
        creation.indexes.iter().map(|index| (index.name.clone(), Index::declared(index))).collect::<BTreeMap<_, _>>();
    observed.billing = creation.billing;
    observed.on_demand = creation.on_demand.unwrap_or_default().normal();
    observed.warm = creation.warm;
    if let Some(block) = &creation.encryption {
        observed.encryption = settings::encrypted(block);
    }
    if creation.from.is_some() {
        // Neither tags nor anything but keys, indexes, billing and encryption come with a restored table.
        return (Tags::new(), observed);
    }
    observed.class = creation.class.or(observed.class);
    observed.stream = creation.stream;
    observed.deletion_protection = creation.deletion_protection;
    (creation.tags.clone(), observed)
}

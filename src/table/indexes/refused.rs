//! What AWS refuses of the indexes that a spec declares.

use std::collections::BTreeSet;

use crate::{
    api::{KeyAttribute, TableSpec, WarmThroughput},
    managed::error::{Error, Reason},
};

use super::{
    index::keys,
    path,
    quotas::{self, MAX_ATTRIBUTES},
    warm_path,
};

/// What the schema cannot say of them.
pub(in crate::table) fn refused(spec: &TableSpec) -> Option<Error> {
    names(spec).or_else(|| repeated(spec)).or_else(|| projected(spec))
}

/// Each key attribute of an index, local or global, with the index that names it.
pub(in crate::table) fn key_attributes(spec: &TableSpec) -> impl Iterator<Item = (String, &KeyAttribute)> {
    let local = spec.local_secondary_indexes.iter().flatten();
    let local = local.map(|index| (local_path(&index.name), &index.sort_key));
    let global = spec.global_secondary_indexes.iter().flatten();
    let global = global.flat_map(|index| keys(index).map(|key| (path(&index.name), key)));
    local.chain(global)
}

/// Where an index declares that it can take less at once than this.
pub(in crate::table) fn less_than(floor: WarmThroughput, spec: &TableSpec) -> Option<String> {
    let less = |warm: WarmThroughput| warm.at_least(floor) != warm;
    let mut list = spec.global_secondary_indexes.iter().flatten();
    list.find(|index| index.warm_throughput.is_some_and(less)).map(|index| warm_path(&index.name))
}

fn local_path(name: &str) -> String {
    format!("localSecondaryIndexes[{name}]")
}

fn names(spec: &TableSpec) -> Option<Error> {
    let local: BTreeSet<&str> =
        spec.local_secondary_indexes.iter().flatten().map(|index| index.name.as_str()).collect();
    let both = spec.global_secondary_indexes.iter().flatten().find(|index| local.contains(index.name.as_str()))?;
    let name = &both.name;
    Some(Error::user(
        Reason::DuplicateIndexName,
        format!(
            "{name} is the name of a local and of a global secondary index, but AWS requires unique names. Rename \
             the index in globalSecondaryIndexes"
        ),
    ))
}

fn repeated(spec: &TableSpec) -> Option<Error> {
    let local = spec.local_secondary_indexes.iter().flatten();
    let local = local.map(|index| (local_path(&index.name), vec![&spec.partition_key.name, &index.sort_key.name]));
    let global = spec.global_secondary_indexes.iter().flatten();
    let global = global.map(|index| (path(&index.name), keys(index).map(|key| &key.name).collect()));
    local.chain(global).find_map(|(place, names)| {
        let mut known = BTreeSet::new();
        let twice = names.into_iter().find(|name| !known.insert(*name))?;
        Some(Error::user(
            Reason::DuplicateKeyAttribute,
            format!("{place} uses attribute {twice} twice in its keys. Remove one of them"),
        ))
    })
}

fn projected(spec: &TableSpec) -> Option<Error> {
    let local = spec.local_secondary_indexes.iter().flatten().map(|index| &index.projection);
    let global = spec.global_secondary_indexes.iter().flatten().map(|index| &index.projection);
    let all: usize = local.chain(global).map(quotas::attributes).sum();
    (all > MAX_ATTRIBUTES).then(|| {
        Error::user(
            Reason::TooManyProjectedAttributes,
            format!(
                "All indexes together have {all} projection.nonKeyAttributes, but the maximum is {MAX_ATTRIBUTES}; \
                an attribute in two indexes counts twice. Remove some, or use projection type ALL"
            ),
        )
    })
}

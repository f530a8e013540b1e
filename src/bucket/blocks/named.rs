//! Lists of named configurations, which S3 reads in pages and writes one by one.

use std::{collections::BTreeMap, future::Future};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, Impact},
    managed::error::Error,
};

use super::{
    Operation, characters,
    document::{by_id, read_as},
    row::{Row, Target, Write},
};

/// A list of named configurations of a bucket. Declared, the list is the whole list: what it does not
/// name is deleted.
pub(super) trait Named: 'static {
    /// The field of the spec.
    const NAME: &'static str;
    /// S3 operations that it takes: the one that lists, the one that writes, the one that deletes.
    const OPERATIONS: &'static [Operation];
    /// One configuration in the words of the spec, with an `id`.
    type Configuration: Serialize + DeserializeOwned + Send + Sync;

    /// What the spec declares.
    fn declared(spec: &BucketSpec) -> Option<&[Self::Configuration]>;

    /// One form for what S3 treats alike.
    fn normal(configuration: Value) -> Value;

    /// One page of the list, beginning at this token, and the token of the next page.
    fn page(
        target: &Target,
        token: Option<String>,
    ) -> impl Future<Output = Result<(Vec<Value>, Option<String>), Error>> + Send;

    /// Writes one.
    fn put(target: &Target, configuration: Self::Configuration) -> impl Future<Output = Result<(), Error>> + Send;

    /// Deletes one.
    fn delete(target: &Target, id: &str) -> impl Future<Output = Result<(), Error>> + Send;
}

/// The three calls of [`Named`]: they differ in the names of the SDK's methods and in nothing else.
macro_rules! calls {
    (
        $configuration:ty,
        list: $list:ident as $list_operation:literal in $items:ident,
        put: $put:ident as $put_operation:literal in $body:ident,
        delete: $delete:ident as $delete_operation:literal,
        actions: $get_action:literal, $put_action:literal
    ) => {
        const OPERATIONS: &'static [$crate::iam::operation::Operation] = &[
            $crate::bucket::operations::on_bucket($list_operation).action($get_action),
            $crate::bucket::operations::on_bucket($put_operation).action($put_action),
            $crate::bucket::operations::on_bucket($delete_operation).action($put_action),
        ];
        type Configuration = $configuration;

        async fn page(target: &Target, token: Option<String>) -> Result<(Vec<Value>, Option<String>), Error> {
            let answer = target
                .client
                .$list()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .set_continuation_token(token)
                .send()
                .await
                .map_err(|error| $crate::aws::error_of($list_operation, &error))?;
            let list = answer.$items().iter().map(from_sdk).collect();
            Ok((list, answer.next_continuation_token.filter(|_| answer.is_truncated == Some(true))))
        }

        async fn put(target: &Target, configuration: $configuration) -> Result<(), Error> {
            target
                .client
                .$put()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .id(&configuration.id)
                .$body(to_sdk(&configuration)?)
                .send()
                .await
                .map_err(|error| $crate::aws::error_of($put_operation, &error))?;
            Ok(())
        }

        async fn delete(target: &Target, id: &str) -> Result<(), Error> {
            let call = target.client.$delete().bucket(&target.bucket).expected_bucket_owner(&target.account_id).id(id);
            match call.send().await {
                Ok(_) => Ok(()),
                // One that is gone already is as good as deleted.
                Err(error) if $crate::aws::code(&error) == Some("NoSuchConfiguration") => Ok(()),
                Err(error) => Err($crate::aws::error_of($delete_operation, &error)),
            }
        }
    };
}

pub(super) use calls;

/// The row of a list of named configurations. Its state is the list, by id.
pub(super) const fn row<N: Named>() -> Row {
    Row {
        name: N::NAME,
        impact: Impact::Update,
        has_impact: |_, _| false,
        reset_to: "reset to the default",
        refusal: |configuration| characters::refusal(N::NAME, &json!([configuration])),
        after: &[],
        operations: N::OPERATIONS,
        is_declared: |spec| N::declared(spec).is_some(),
        is_off: |spec| N::declared(spec).is_some_and(<[_]>::is_empty),
        initial: || Ok(json!([])),
        wanted: |spec, managed, observed| {
            let wanted = match N::declared(spec) {
                Some(list) => by_id(list.iter().map(|found| N::normal(json!(found))).collect()),
                None if managed => Vec::new(),
                None => return Ok(None),
            };
            let wanted = Value::Array(wanted);
            Ok((wanted != *observed).then_some(wanted))
        },
        read: |target| Box::pin(read::<N>(target)),
        write: Write::Each(|target, id, configuration| {
            Box::pin(async move {
                match configuration {
                    Some(configuration) => N::put(target, read_as(N::NAME, configuration)?).await,
                    None => N::delete(target, id).await,
                }
            })
        }),
    }
}

/// All pages.
async fn read<N: Named>(target: &Target) -> Result<Value, Error> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let (page, next) = N::page(target, token.clone()).await?;
        all.extend(page.into_iter().map(N::normal));
        // A token that does not move would have us read for ever.
        if next.is_none() || next == token {
            return Ok(Value::Array(by_id(all)));
        }
        token = next;
    }
}

/// One configuration that has to be written, by its id: what it is and what it should be. `None` is none.
pub(in crate::bucket) struct Difference<'a> {
    pub id: &'a str,
    pub from: Option<&'a Value>,
    pub to: Option<&'a Value>,
}

/// What has to be written one by one to get from one list to the other: deletions first, since their
/// number is limited.
pub(in crate::bucket) fn differences<'a>(from: &'a Value, to: &'a Value) -> Vec<Difference<'a>> {
    let (before, after) = (indexed(from), indexed(to));
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id));
    let gone = gone.map(|(id, item)| Difference { id, from: Some(item), to: None });
    let put = after.iter().map(|(id, item)| Difference { id, from: before.get(id).copied(), to: Some(item) });
    gone.chain(put.filter(|put| put.from != put.to)).collect()
}

fn indexed(list: &Value) -> BTreeMap<&str, &Value> {
    list.as_array().into_iter().flatten().map(|item| (item["id"].as_str().unwrap_or_default(), item)).collect()
}

/// Brings a list, which is in the order of its ids, to what it is once one of its configurations was
/// written (or, `None`, deleted).
pub(in crate::bucket) fn put(list: &mut Value, id: &str, configuration: Option<&Value>) {
    let Value::Array(items) = list else { return };
    let wanted = json!(id).to_string();
    match (items.binary_search_by(|item| item["id"].to_string().cmp(&wanted)), configuration) {
        (Ok(at), Some(configuration)) => items[at] = configuration.clone(),
        (Ok(at), None) => drop(items.remove(at)),
        (Err(at), Some(configuration)) => items.insert(at, configuration.clone()),
        (Err(_), None) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_differ_by_id_and_deletions_come_first() {
        let (from, to) = (
            json!([{"id": "a", "n": 1}, {"id": "b"}, {"id": "c"}]),
            json!([{"id": "a", "n": 2}, {"id": "c"}, {"id": "d"}]),
        );
        let steps = differences(&from, &to);
        let ids: Vec<(&str, bool)> = steps.iter().map(|step| (step.id, step.to.is_some())).collect();
        assert_eq!(ids, [("b", false), ("a", true), ("d", true)]);
        let mut end = from.clone();
        for step in &steps {
            put(&mut end, step.id, step.to);
        }
        assert_eq!(end, to);
    }
}

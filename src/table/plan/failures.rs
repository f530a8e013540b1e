//! What AWS reports as failed later than in its answer to a call: in its own words, with the way out.

use crate::{
    api::{Replica, Table, TableBlock},
    managed::error::{Error, Reason},
    table::{blocks, import, indexes},
};

use super::{
    Observed, Phase, ReplicaState,
    replicas::{self, CREATION_FAILED},
};

pub(super) const CREATE_FROM: &str = "createFrom";

/// By block. The object is not in sync while one of them stands.
pub(in crate::table) fn failures(object: &Table, observed: &Observed) -> Vec<(&'static str, Error)> {
    let spec = &object.spec;
    let declared = spec.replicas.iter().flatten();
    let replicas = declared.filter_map(|declared| replica(declared, observed.replicas.get(&declared.region_name)?));
    let indexes = indexes::failures(spec.global_secondary_indexes.as_deref().unwrap_or_default(), &observed.indexes);
    let import = match &observed.import {
        Some(Err(error)) => Some(error.clone().at(CREATE_FROM)),
        Some(Ok(read)) => import::incomplete(object, read),
        // It has ended, and status says how.
        None => object.status.as_ref().and_then(|status| import::incomplete(object, status.import.as_ref()?)),
    };
    let of = |block: TableBlock| move |error| (block.name(), error);
    replicas
        .map(of(TableBlock::Replicas))
        .chain(indexes.map(of(TableBlock::GlobalSecondaryIndexes)))
        .chain(blocks::failures(spec, &observed.settings))
        .chain(import.map(|error| (CREATE_FROM, error)))
        .collect()
}

fn replica(declared: &Replica, state: &ReplicaState) -> Option<Error> {
    let place = replicas::path(&declared.region_name);
    if let Phase::Failed(word) = &state.phase {
        let error = Error::user(Reason::ReplicaFailed, format!("{place} is {word}. {}", way_out(word)));
        return Some(error.quoting(state.description.as_deref().unwrap_or_default()));
    }
    let (Some(wanted), Phase::Active) = (&declared.kms_key_id, &state.phase) else { return None };
    (Some(wanted) != state.settings.kms_key_id.as_ref()).then(|| {
        let now = state.settings.kms_key_id.as_deref().unwrap_or("a key owned by AWS");
        Error::user(
            Reason::ReplicaKeyDiffers,
            format!(
                "{place} is encrypted with {now}, and AWS can only change the key in the region of the replica. \
                 Change it there, declare the key that it has, or remove the replica and add it again after it is \
                 deleted"
            ),
        )
    })
}

/// API reference, ReplicaDescription and TableDescription: after 20 hours AWS takes a replica that it cannot reach out of
/// the global table, after seven days it archives a table whose key it cannot use.
fn way_out(word: &str) -> &'static str {
    match word {
        CREATION_FAILED => {
            "It is deleted and created again, with increasing delay. Check the KMS key, the quotas and the \
             service-linked role AWSServiceRoleForDynamoDBReplication in that region, and set \
             musubi.dev/reconcile-at to retry immediately"
        }
        "REGION_DISABLED" => {
            "Enable the region in the account, or remove the replica from replicas. AWS removes it after 20 hours"
        }
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS" => {
            "Enable its KMS key and allow DynamoDB to use it, or remove the replica from replicas. AWS removes it \
             after 20 hours"
        }
        "REPLICATION_NOT_AUTHORIZED" => {
            "Allow the service-linked role AWSServiceRoleForDynamoDBReplication to use the table, the replica and \
             their KMS keys, in their resource policies and key policies"
        }
        "ARCHIVING" | "ARCHIVED" => {
            "AWS could not use its KMS key for seven days. Remove the replica from replicas, and add it again after \
             it is deleted"
        }
        _ => "Check the replica in AWS, or remove it from replicas",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::tests::{index, made, table};
    use super::*;
    use crate::table::blocks::{
        contributor_insights::{ContributorInsightsBlock, Insights},
        kinesis_stream::{Kinesis, KinesisStreamBlock},
    };

    const STREAM: &str = "arn:aws:kinesis:us-east-1:111122223333:stream/a";

    fn told(spec: Value, observed: &Observed) -> Option<(&'static str, String, String)> {
        let mut all = failures(&table(spec), observed);
        assert!(all.len() < 2, "{all:?}");
        all.pop().map(|(block, error)| (block, error.reason.to_string(), error.message))
    }

    fn with_replica(phase: Phase, key: Option<&str>) -> Observed {
        let settings = Replica { kms_key_id: key.map(str::to_owned), ..Replica::default() };
        let state = ReplicaState { settings, arn: None, phase, description: Some("no route".into()) };
        Observed { replicas: [("eu-west-1".to_owned(), state)].into(), ..made(json!({})) }
    }

    #[test]
    fn a_broken_replica_is_told_with_aws_s_words_and_the_way_out() {
        let declared = json!({"replicas": [{"regionName": "eu-west-1"}]});
        for (word, way_out) in crate::table::statuses::REPLICA.iter().filter_map(|(word, meaning)| {
            (*meaning == crate::table::statuses::Meaning::Broken).then_some((*word, way_out(word)))
        }) {
            let observed = with_replica(Phase::Failed(word.into()), None);
            let (block, reason, message) = told(declared.clone(), &observed).expect("it is told");
            assert_eq!((block, reason.as_str()), ("replicas", "ReplicaFailed"));
            assert_eq!(message, format!("replicas[eu-west-1] is {word}. {way_out}. AWS: \"no route\""));
            assert_ne!(way_out, super::way_out("something else"), "{word}");
            assert_eq!(told(json!({}), &observed), None, "nobody declared it");
        }
        assert_eq!(told(declared, &with_replica(Phase::Updating, None)), None);
    }

    #[test]
    fn another_key_of_a_replica_is_told_since_nothing_can_change_it() {
        let key = |name: &str| format!("arn:aws:kms:eu-west-1:111122223333:key/{name}");
        let declared = json!({"replicas": [{"regionName": "eu-west-1", "kmsKeyId": key("a")}]});
        assert_eq!(told(declared.clone(), &with_replica(Phase::Active, Some(&key("a")))), None);
        let (_, reason, message) = told(declared, &with_replica(Phase::Active, Some(&key("b")))).expect("it is told");
        assert!(reason == "ReplicaKeyDiffers" && message.contains("key/b"), "{reason}: {message}");
    }

    #[test]
    fn an_index_in_a_state_that_nobody_knows_is_not_taken_for_active() {
        let spec = json!({"globalSecondaryIndexes": [index("one", "a")]});
        let mut observed = made(spec.clone());
        observed.indexes.get_mut("one").expect("it").phase = Phase::Failed("LATER".into());
        assert_eq!(told(spec, &observed).map(|(_, reason, _)| reason).as_deref(), Some("IndexFailed"));
    }

    #[test]
    fn what_was_switched_on_and_failed_is_told_until_it_is_switched_off() {
        let spec = |on: bool| json!({"kinesisStream": {"enabled": on, "streamArn": STREAM}});
        let failed = |stream: &str| Observed {
            settings: [blocks::read_as::<KinesisStreamBlock>(&Kinesis {
                failed: [(stream.to_owned(), "no such stream".to_owned())].into(),
                ..Kinesis::default()
            })]
            .into(),
            ..made(json!({}))
        };
        let (block, reason, message) = told(spec(true), &failed(STREAM)).expect("it is told");
        assert_eq!((block, reason.as_str()), ("kinesisStream", "KinesisStreamFailed"));
        assert!(message.contains("AWS: \"no such stream\""), "{message}");
        assert_eq!(told(spec(false), &failed(STREAM)), None);
        assert_eq!(told(spec(true), &failed("another")), None, "one that was declared before");
        let mut tried = failed(STREAM);
        let step = super::super::tests::steps(spec(true), &[], &tried).pop().expect("it is tried again");
        super::super::advance(&mut None, &mut tried, &step.op);
        assert!(told(spec(true), &tried).is_some(), "and told until AWS shows that it works");

        let spec = |on: bool| json!({"contributorInsights": {"enabled": on}});
        let failed = Insights { failed: Some("NoRole: make it".into()), ..Insights::default() };
        let settings = [blocks::read_as::<ContributorInsightsBlock>(&failed)].into();
        let observed = Observed { settings, ..made(json!({})) };
        let (_, reason, message) = told(spec(true), &observed).expect("it is told");
        assert!(reason == "ContributorInsightsFailed" && message.contains("NoRole: make it"), "{message}");
        assert_eq!(told(spec(false), &observed), None);
    }
}

use aws_sdk_s3::types::{
    self as sdk, DeleteMarkerReplicationStatus, MetricsStatus, ReplicaModificationsStatus, ReplicationConfiguration,
    ReplicationRuleFilter, ReplicationRuleStatus, ReplicationTimeStatus, SseKmsEncryptedObjectsStatus,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{
        BucketSpec, Impact, ReplicationDestination, ReplicationRule, ReplicationStatus, SourceSelectionCriteria, Switch,
    },
    aws::{code, error_of},
    managed::error::Error,
};

use super::{
    Block, Buckets, Operation, ROLES_OF_REPLICATION, Target,
    document::{Built as _, Filter, by_id, filter_of, object, read_as, text, tidy, without_idle_filter},
    on_bucket,
};

/// `replication`: copies in other buckets.
pub(in crate::bucket) struct ReplicationBlock;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::bucket) struct State {
    role: Option<String>,
    /// In normal form, by id.
    rules: Vec<Value>,
}

/// Minutes of S3 Replication Time Control: S3 knows no other number.
const MINUTES: i32 = 15;

impl State {
    fn copies(&self) -> bool {
        self.rules.iter().any(|rule| rule["status"] != "Disabled")
    }
}

impl Block for ReplicationBlock {
    type Kind = Buckets;
    const NAME: &'static str = "replication";
    /// What only a copy would save is lost from then on.
    const IMPACT: Impact = Impact::Weakening;
    /// S3 takes it for a versioned bucket only.
    const AFTER: &'static [&'static str] = &["versioning"];
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetBucketReplication").action("s3:GetReplicationConfiguration"),
        on_bucket("PutBucketReplication")
            .action("s3:PutReplicationConfiguration")
            .and(&[(&ROLES_OF_REPLICATION, "iam:PassRole")]),
        on_bucket("DeleteBucketReplication").action("s3:PutReplicationConfiguration"),
    ];
    type State = State;
    type Call = Self::State;

    fn initial() -> State {
        State::default()
    }

    fn declared(spec: &BucketSpec, _: &State) -> Option<State> {
        let block = spec.replication.as_ref()?;
        let rules = by_id(block.rules.iter().map(|rule| normal(json!(rule))).collect());
        // Without rules there is nothing that a role could be stored in.
        Some(State { role: block.role.clone().filter(|_| !rules.is_empty()), rules })
    }

    fn has_impact(from: &State, to: &State) -> bool {
        from.copies() && !to.copies()
    }

    async fn read(target: &Target) -> Result<State, Error> {
        let answer = target
            .client
            .get_bucket_replication()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.replication_configuration().map_or_else(Self::initial, |found| State {
                role: Some(found.role().to_owned()),
                rules: by_id(found.rules().iter().map(|rule| normal(from_sdk(rule))).collect()),
            })),
            Err(error) if code(&error) == Some("ReplicationConfigurationNotFoundError") => Ok(Self::initial()),
            Err(error) => Err(error_of("GetBucketReplication", &error)),
        }
    }

    async fn write(target: &Target, state: &State) -> Result<(), Error> {
        if state.rules.is_empty() {
            target
                .client
                .delete_bucket_replication()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .send()
                .await
                .map_err(|error| error_of("DeleteBucketReplication", &error))?;
            return Ok(());
        }
        let rules = state.rules.iter().map(to_sdk).collect::<Result<Vec<_>, _>>()?;
        let configuration = ReplicationConfiguration::builder()
            .role(state.role.clone().unwrap_or_default())
            .set_rules(Some(rules))
            .build()
            .built()?;
        target
            .client
            .put_bucket_replication()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .replication_configuration(configuration)
            .send()
            .await
            .map_err(|error| error_of("PutBucketReplication", &error))?;
        Ok(())
    }
}

/// A switch that is off and one that is absent are the same, but for the rule's own.
fn normal(rule: Value) -> Value {
    fn drop_off(parent: &mut Value, fields: &[&str]) {
        if let Some(parent) = parent.as_object_mut() {
            parent.retain(|name, value| !(fields.contains(&name.as_str()) && value["status"] == "Disabled"));
        }
    }
    let mut rule = without_idle_filter(tidy(rule), "filter");
    drop_off(&mut rule, &["deleteMarkerReplication"]);
    drop_off(&mut rule["destination"], &["replicationTime", "metrics"]);
    if let Some(criteria) = rule.get_mut("sourceSelectionCriteria") {
        drop_off(criteria, &["sseKmsEncryptedObjects", "replicaModifications"]);
    }
    without_idle_filter(rule, "sourceSelectionCriteria")
}

fn status(status: &str) -> Value {
    json!({"status": status})
}

fn from_sdk(rule: &sdk::ReplicationRule) -> Value {
    let filter = rule.filter().map_or_else(
        // The first version of the schema had the prefix beside the filter.
        || {
            #[expect(deprecated, reason = "S3 still answers it for rules made with it")]
            filter_of(rule.prefix(), [])
        },
        |filter| {
            let and = filter.and();
            let prefix = filter.prefix().or_else(|| and.and_then(sdk::ReplicationRuleAndOperator::prefix));
            let tags = filter.tag().into_iter().chain(and.into_iter().flat_map(sdk::ReplicationRuleAndOperator::tags));
            filter_of(prefix, tags)
        },
    );
    let criteria = rule.source_selection_criteria().map(|found| {
        object([
            ("sseKmsEncryptedObjects", found.sse_kms_encrypted_objects().map(|found| status(found.status().as_str()))),
            ("replicaModifications", found.replica_modifications().map(|found| status(found.status().as_str()))),
        ])
    });
    let markers = rule.delete_marker_replication().and_then(sdk::DeleteMarkerReplication::status);
    // A rule without a Filter is one of the first version of the schema, under which S3 copies the delete markers that
    // users make (API reference, DeleteMarkerReplication; Amazon S3 User Guide, "Replication configuration file elements",
    // "Backward compatibility considerations").
    let first_schema = rule.filter().is_none().then(|| status("Enabled"));
    object([
        ("id", rule.id().map(|id| json!(id))),
        ("status", Some(json!(rule.status().as_str()))),
        ("priority", Some(json!(rule.priority().unwrap_or_default()))),
        ("filter", filter),
        ("destination", rule.destination().map(destination_from_sdk)),
        ("deleteMarkerReplication", markers.map(|found| status(found.as_str())).or(first_schema)),
        ("sourceSelectionCriteria", criteria),
    ])
}

fn destination_from_sdk(found: &sdk::Destination) -> Value {
    let owner = found.access_control_translation().map(|found| json!({"owner": found.owner().as_str()}));
    let key = found.encryption_configuration().and_then(sdk::EncryptionConfiguration::replica_kms_key_id);
    object([
        ("bucket", Some(json!(found.bucket()))),
        ("account", text(found.account())),
        ("storageClass", found.storage_class().map(|class| json!(class.as_str()))),
        ("accessControlTranslation", owner),
        ("encryptionConfiguration", key.map(|key| json!({"replicaKmsKeyId": key}))),
        ("replicationTime", found.replication_time().map(|found| status(found.status().as_str()))),
        ("metrics", found.metrics().map(|found| status(found.status().as_str()))),
    ])
}

fn is_on(status: Option<ReplicationStatus>) -> bool {
    status.is_some_and(|found| found.status == Switch::Enabled)
}

/// Always in the second version of the schema, which wants a filter and a word on delete markers.
fn to_sdk(rule: &Value) -> Result<sdk::ReplicationRule, Error> {
    let rule: ReplicationRule = read_as(ReplicationBlock::NAME, rule)?;
    let filter = rule.filter.unwrap_or_default();
    let out = ReplicationRuleFilter::builder();
    let filter = match Filter::new(filter.prefix.as_deref(), filter.tags.as_ref())? {
        // Must be sent (hashicorp/terraform-provider-aws#23487).
        Filter::All => out.prefix(""),
        Filter::Prefix(prefix) => out.prefix(prefix),
        Filter::Tag(tag) => out.tag(tag),
        Filter::And(prefix, tags) => {
            let and = sdk::ReplicationRuleAndOperator::builder().set_prefix(prefix).set_tags(Some(tags));
            out.and(and.build())
        }
    };
    let markers = if is_on(rule.delete_marker_replication) {
        DeleteMarkerReplicationStatus::Enabled
    } else {
        DeleteMarkerReplicationStatus::Disabled
    };
    sdk::ReplicationRule::builder()
        .id(rule.id)
        .status(match rule.status {
            Switch::Enabled => ReplicationRuleStatus::Enabled,
            Switch::Disabled => ReplicationRuleStatus::Disabled,
        })
        .priority(rule.priority)
        .filter(filter.build())
        .destination(destination_to_sdk(&rule.destination)?)
        .delete_marker_replication(sdk::DeleteMarkerReplication::builder().status(markers).build())
        .set_source_selection_criteria(rule.source_selection_criteria.as_ref().map(criteria_to_sdk).transpose()?)
        .build()
        .built()
}

fn criteria_to_sdk(criteria: &SourceSelectionCriteria) -> Result<sdk::SourceSelectionCriteria, Error> {
    let mut out = sdk::SourceSelectionCriteria::builder();
    if is_on(criteria.sse_kms_encrypted_objects) {
        let on = sdk::SseKmsEncryptedObjects::builder().status(SseKmsEncryptedObjectsStatus::Enabled);
        out = out.sse_kms_encrypted_objects(on.build().built()?);
    }
    if is_on(criteria.replica_modifications) {
        let on = sdk::ReplicaModifications::builder().status(ReplicaModificationsStatus::Enabled);
        out = out.replica_modifications(on.build().built()?);
    }
    Ok(out.build())
}

fn destination_to_sdk(found: &ReplicationDestination) -> Result<sdk::Destination, Error> {
    let class = found.storage_class.map(|class| json!(class));
    let mut out = sdk::Destination::builder()
        .bucket(&found.bucket)
        .set_account(found.account.clone())
        .set_storage_class(class.as_ref().and_then(Value::as_str).map(sdk::StorageClass::from));
    if found.access_control_translation.is_some() {
        let owner = sdk::AccessControlTranslation::builder().owner(sdk::OwnerOverride::Destination);
        out = out.access_control_translation(owner.build().built()?);
    }
    if let Some(encryption) = &found.encryption_configuration {
        let key = sdk::EncryptionConfiguration::builder().replica_kms_key_id(&encryption.replica_kms_key_id);
        out = out.encryption_configuration(key.build());
    }
    let minutes = || sdk::ReplicationTimeValue::builder().minutes(MINUTES).build();
    let in_time = is_on(found.replication_time);
    if in_time {
        let time = sdk::ReplicationTime::builder().status(ReplicationTimeStatus::Enabled).time(minutes());
        out = out.replication_time(time.build().built()?);
    }
    if is_on(found.metrics) {
        // The threshold goes with replication time control and with nothing else.
        let metrics = sdk::Metrics::builder().status(MetricsStatus::Enabled).set_event_threshold(in_time.then(minutes));
        out = out.metrics(metrics.build().built()?);
    }
    out.build().built()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let plain = json!({"id": "a", "status": "Enabled", "priority": 1, "destination": {"bucket": "arn:aws:s3:::b"}});
        let with = |fields: Value| {
            let mut rule = plain.clone();
            rule.as_object_mut().expect("an object").extend(fields.as_object().expect("an object").clone());
            rule
        };
        for rule in [
            plain.clone(),
            with(json!({"filter": {"prefix": "a/"}, "deleteMarkerReplication": {"status": "Enabled"}})),
            with(json!({"filter": {"tags": {"a": "1"}}, "status": "Disabled"})),
            with(json!({"filter": {"prefix": "a/", "tags": {"a": "1", "b": "2"}}})),
            with(
                json!({"destination": {"bucket": "arn:aws:s3:::b", "account": "111122223333", "storageClass": "GLACIER_IR",
                "accessControlTranslation": {"owner": "Destination"}, "encryptionConfiguration": {"replicaKmsKeyId": "k"},
                "replicationTime": {"status": "Enabled"}, "metrics": {"status": "Enabled"}},
                "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}, "replicaModifications": {"status": "Enabled"}}}),
            ),
        ] {
            let wanted = normal(rule);
            assert_eq!(normal(from_sdk(&to_sdk(&wanted).expect("a rule of the spec"))), wanted);
        }
        let off = with(json!({"deleteMarkerReplication": {"status": "Disabled"}, "filter": {},
            "sourceSelectionCriteria": {"replicaModifications": {"status": "Disabled"}}}));
        assert_eq!(normal(off), normal(plain));
    }

    #[test]
    fn a_rule_of_the_first_schema_copies_delete_markers() {
        let rule = |markers: Value| {
            normal(json!({"id": "a", "status": "Enabled", "priority": 0, "filter": {"prefix": "a/"},
                "deleteMarkerReplication": markers, "destination": {"bucket": "arn:aws:s3:::b"}}))
        };
        let written = to_sdk(&rule(Value::Null)).expect("a rule of the spec");
        #[expect(deprecated, reason = "the form of the first schema")]
        let first = sdk::ReplicationRule::builder()
            .id("a")
            .status(ReplicationRuleStatus::Enabled)
            .prefix("a/")
            .set_destination(written.destination().cloned())
            .build()
            .expect("it is whole");
        assert_eq!(normal(from_sdk(&first)), rule(json!({"status": "Enabled"})));
        assert_ne!(normal(from_sdk(&first)), rule(Value::Null), "the spec says that they are not copied");
        assert_eq!(normal(from_sdk(&written)), rule(Value::Null));
    }
}

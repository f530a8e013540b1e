use aws_sdk_s3::types::{
    self as sdk, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRuleAndOperator,
    LifecycleRuleFilter, TransitionDefaultMinimumObjectSize as MinimumSize, TransitionStorageClass,
};
use aws_smithy_types::{DateTime, date_time::Format};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{BucketSpec, LifecycleFilter, LifecycleRule, StorageClass, Switch, TransitionDefaultMinimumObjectSize},
    aws::{code, error_of},
    managed::error::{Error, Reason},
};

use super::{
    Block, Buckets, Operation, Target,
    document::{Built as _, by_id, object, read_as, sdk_tags, tags_of},
    on_bucket,
};

/// `lifecycle`: rules that move or expire objects with age.
pub(in crate::bucket) struct LifecycleBlock;

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::bucket) struct State {
    /// The rules in the words of the spec, in normal form, by id. As JSON rather than as the spec's
    /// type: a rule made by somebody else may hold what the spec has no word for, and must still be
    /// seen as a difference.
    rules: Vec<Value>,
    /// From which size objects are moved by default. Real S3 always answers it and other stores never
    /// do (hashicorp/terraform-provider-aws#49019): no answer is the default.
    transition_default_minimum_object_size: String,
}

/// What S3 gives a new configuration.
const DEFAULT_MINIMUM: &str = "all_storage_classes_128K";
const VARIES: &str = "varies_by_storage_class";

impl Block for LifecycleBlock {
    type Kind = Buckets;
    const NAME: &'static str = "lifecycle";
    /// Rules about versions that are no longer current make sense only on a versioned bucket.
    const AFTER: &'static [&'static str] = &["versioning"];
    const OPERATIONS: &'static [Operation] = &[
        on_bucket("GetBucketLifecycleConfiguration").action("s3:GetLifecycleConfiguration"),
        on_bucket("PutBucketLifecycleConfiguration").action("s3:PutLifecycleConfiguration"),
        on_bucket("DeleteBucketLifecycle").action("s3:PutLifecycleConfiguration"),
    ];
    type State = State;
    type Call = Self::State;

    fn initial() -> State {
        State { rules: Vec::new(), transition_default_minimum_object_size: DEFAULT_MINIMUM.to_owned() }
    }

    fn declared(spec: &BucketSpec, _: &State) -> Option<State> {
        let block = spec.lifecycle.as_ref()?;
        let minimum = block.transition_default_minimum_object_size;
        let varies = minimum == Some(TransitionDefaultMinimumObjectSize::VariesByStorageClass);
        Some(State {
            rules: by_id(block.rules.iter().map(|rule| normal(&json!(rule))).collect()),
            transition_default_minimum_object_size: if varies { VARIES } else { DEFAULT_MINIMUM }.to_owned(),
        })
    }

    fn same(a: &State, b: &State) -> bool {
        // Where there are no rules there is nothing that a size could be stored in.
        a.rules == b.rules && (a.rules.is_empty() || a == b)
    }

    async fn read(target: &Target) -> Result<State, Error> {
        let answer = target
            .client
            .get_bucket_lifecycle_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(State {
                rules: by_id(answer.rules().iter().map(|rule| normal(&from_sdk(rule))).collect()),
                transition_default_minimum_object_size: answer
                    .transition_default_minimum_object_size()
                    .map_or(DEFAULT_MINIMUM, |size| size.as_str())
                    .to_owned(),
            }),
            Err(error) if code(&error) == Some("NoSuchLifecycleConfiguration") => Ok(Self::initial()),
            Err(error) => Err(error_of("GetBucketLifecycleConfiguration", &error)),
        }
    }

    async fn write(target: &Target, state: &State) -> Result<(), Error> {
        if state.rules.is_empty() {
            target
                .client
                .delete_bucket_lifecycle()
                .bucket(&target.bucket)
                .expected_bucket_owner(&target.account_id)
                .send()
                .await
                .map_err(|error| error_of("DeleteBucketLifecycle", &error))?;
            return Ok(());
        }
        let configuration = configuration(&state.rules)?;
        let minimum = MinimumSize::from(state.transition_default_minimum_object_size.as_str());
        target
            .client
            .put_bucket_lifecycle_configuration()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .lifecycle_configuration(configuration)
            .transition_default_minimum_object_size(minimum)
            .send()
            .await
            .map_err(|error| error_of("PutBucketLifecycleConfiguration", &error))?;
        Ok(())
    }
}

/// One form for what S3 treats alike: no filter, an empty one and the empty prefix; the order of
/// transitions; a switch that is off and one that is absent.
fn normal(rule: &Value) -> Value {
    let mut rule = rule.clone();
    let Some(map) = rule.as_object_mut() else { return rule };
    map.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    let filter = map.entry("filter").or_insert_with(|| json!({}));
    if let Some(filter) = filter.as_object_mut() {
        filter.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|tags| !tags.is_empty()));
        if filter.is_empty() {
            filter.insert("prefix".to_owned(), json!(""));
        } else if filter.len() > 1 && filter.get("prefix") == Some(&json!("")) {
            filter.remove("prefix");
        }
    }
    if let Some(expiration) = map.get_mut("expiration").and_then(Value::as_object_mut) {
        let by_age = expiration.contains_key("days") || expiration.contains_key("date");
        if by_age {
            expiration.remove("expiredObjectDeleteMarker");
        }
    }
    for list in ["transitions", "noncurrentVersionTransitions"] {
        if let Some(list) = map.get_mut(list).and_then(Value::as_array_mut) {
            list.sort_by_cached_key(Value::to_string);
        }
    }
    rule
}

/// A rule in the spec's words.
fn from_sdk(rule: &sdk::LifecycleRule) -> Value {
    let number = |number: Option<i32>| number.map(|number| json!(number));
    // An endpoint may answer 0 for "no newer version is kept".
    let newer = |versions: Option<i32>| number(versions.filter(|versions| *versions > 0));
    let class = |class: Option<&TransitionStorageClass>| class.map(|class| json!(class.as_str()));
    let expiration = rule.expiration().map(|expiration| {
        let marker = expiration.expired_object_delete_marker();
        object([
            ("days", number(expiration.days())),
            ("date", day(expiration.date())),
            ("expiredObjectDeleteMarker", marker.map(|marker| json!(marker))),
        ])
    });
    let transitions = rule.transitions().iter().map(|transition| {
        object([
            ("days", number(transition.days())),
            ("date", day(transition.date())),
            ("storageClass", class(transition.storage_class())),
        ])
    });
    let noncurrent_expiration = rule.noncurrent_version_expiration().map(|expiration| {
        object([
            ("noncurrentDays", number(expiration.noncurrent_days())),
            ("newerNoncurrentVersions", newer(expiration.newer_noncurrent_versions())),
        ])
    });
    let noncurrent_transitions = rule.noncurrent_version_transitions().iter().map(|transition| {
        object([
            ("noncurrentDays", number(transition.noncurrent_days())),
            ("newerNoncurrentVersions", newer(transition.newer_noncurrent_versions())),
            ("storageClass", class(transition.storage_class())),
        ])
    });
    let abort = rule
        .abort_incomplete_multipart_upload()
        .map(|abort| object([("daysAfterInitiation", number(abort.days_after_initiation()))]));
    object([
        ("id", Some(json!(rule.id().unwrap_or_default()))),
        ("status", Some(json!(rule.status().as_str()))),
        ("filter", Some(filter_from_sdk(rule))),
        ("expiration", expiration),
        ("transitions", Some(transitions.collect())),
        ("noncurrentVersionExpiration", noncurrent_expiration),
        ("noncurrentVersionTransitions", Some(noncurrent_transitions.collect())),
        ("abortIncompleteMultipartUpload", abort),
    ])
}

fn filter_from_sdk(rule: &sdk::LifecycleRule) -> Value {
    let Some(filter) = rule.filter() else {
        // The prefix of a rule itself is how filters were written before there were any.
        #[allow(deprecated)]
        let prefix = rule.prefix().unwrap_or_default();
        return json!({"prefix": prefix});
    };
    let and = filter.and();
    let prefix = filter.prefix().or_else(|| and.and_then(LifecycleRuleAndOperator::prefix));
    let tags = filter.tag().into_iter().chain(and.into_iter().flat_map(LifecycleRuleAndOperator::tags));
    let larger =
        filter.object_size_greater_than().or_else(|| and.and_then(LifecycleRuleAndOperator::object_size_greater_than));
    let smaller =
        filter.object_size_less_than().or_else(|| and.and_then(LifecycleRuleAndOperator::object_size_less_than));
    object([
        ("prefix", prefix.map(|prefix| json!(prefix))),
        ("tags", tags_of(tags)),
        ("objectSizeGreaterThanBytes", larger.map(|bytes| json!(bytes))),
        ("objectSizeLessThanBytes", smaller.map(|bytes| json!(bytes))),
    ])
}

/// A date as `YYYY-MM-DD`; S3 knows only midnights.
fn day(date: Option<&DateTime>) -> Option<Value> {
    let text = date?.fmt(Format::DateTime).ok()?;
    text.split('T').next().map(|day| json!(day))
}

fn midnight(day: Option<&String>) -> Result<Option<DateTime>, Error> {
    day.map(|day| {
        DateTime::from_str(&format!("{day}T00:00:00Z"), Format::DateTime).map_err(|_| {
            Error::user(
                Reason::InvalidDate,
                format!(
                    "lifecycle contains the date {day}, which does not exist. Use a valid date in the format \
                     YYYY-MM-DD"
                ),
            )
        })
    })
    .transpose()
}

/// Rules in the spec's words as S3 takes them. What is written comes from the spec or from
/// [`LifecycleBlock::initial`], so that it always fits the spec's type.
fn configuration(rules: &[Value]) -> Result<BucketLifecycleConfiguration, Error> {
    let rules = rules
        .iter()
        .map(|rule| read_as(LifecycleBlock::NAME, rule).and_then(|rule| to_sdk(&rule)))
        .collect::<Result<Vec<_>, _>>()?;
    BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().built()
}

fn to_sdk(rule: &LifecycleRule) -> Result<sdk::LifecycleRule, Error> {
    let status = match rule.status {
        Switch::Enabled => ExpirationStatus::Enabled,
        Switch::Disabled => ExpirationStatus::Disabled,
    };
    let mut out =
        sdk::LifecycleRule::builder().id(&rule.id).status(status).filter(filter_to_sdk(rule.filter.as_ref())?);
    if let Some(expiration) = &rule.expiration {
        let found = LifecycleExpiration::builder()
            .set_days(expiration.days)
            .set_date(midnight(expiration.date.as_ref())?)
            .set_expired_object_delete_marker(expiration.expired_object_delete_marker);
        out = out.expiration(found.build());
    }
    for transition in rule.transitions.iter().flatten() {
        let found = sdk::Transition::builder()
            .set_days(transition.days)
            .set_date(midnight(transition.date.as_ref())?)
            .storage_class(class_to_sdk(transition.storage_class));
        out = out.transitions(found.build());
    }
    if let Some(expiration) = &rule.noncurrent_version_expiration {
        let found = sdk::NoncurrentVersionExpiration::builder()
            .noncurrent_days(expiration.noncurrent_days)
            .set_newer_noncurrent_versions(expiration.newer_noncurrent_versions);
        out = out.noncurrent_version_expiration(found.build());
    }
    for transition in rule.noncurrent_version_transitions.iter().flatten() {
        let found = sdk::NoncurrentVersionTransition::builder()
            .noncurrent_days(transition.noncurrent_days)
            .set_newer_noncurrent_versions(transition.newer_noncurrent_versions)
            .storage_class(class_to_sdk(transition.storage_class));
        out = out.noncurrent_version_transitions(found.build());
    }
    if let Some(abort) = &rule.abort_incomplete_multipart_upload {
        let found = sdk::AbortIncompleteMultipartUpload::builder().days_after_initiation(abort.days_after_initiation);
        out = out.abort_incomplete_multipart_upload(found.build());
    }
    out.build().built()
}

/// A single condition stands alone; several go into an `And`, or S3 answers MalformedXML.
fn filter_to_sdk(filter: Option<&LifecycleFilter>) -> Result<LifecycleRuleFilter, Error> {
    let filter = filter.cloned().unwrap_or_default();
    let tags = sdk_tags(filter.tags.as_ref())?;
    let prefix = filter.prefix.filter(|prefix| !prefix.is_empty());
    let (larger, smaller) = (filter.object_size_greater_than_bytes, filter.object_size_less_than_bytes);
    let conditions =
        usize::from(prefix.is_some()) + tags.len() + usize::from(larger.is_some()) + usize::from(smaller.is_some());
    let out = LifecycleRuleFilter::builder();
    Ok(match conditions {
        0 => out.prefix(""),
        1 => out
            .set_prefix(prefix)
            .set_tag(tags.into_iter().next())
            .set_object_size_greater_than(larger)
            .set_object_size_less_than(smaller),
        _ => out.and(
            LifecycleRuleAndOperator::builder()
                .set_prefix(prefix)
                .set_tags((!tags.is_empty()).then_some(tags))
                .set_object_size_greater_than(larger)
                .set_object_size_less_than(smaller)
                .build(),
        ),
    }
    .build())
}

fn class_to_sdk(class: StorageClass) -> TransitionStorageClass {
    match class {
        StorageClass::StandardIa => TransitionStorageClass::StandardIa,
        StorageClass::OnezoneIa => TransitionStorageClass::OnezoneIa,
        StorageClass::IntelligentTiering => TransitionStorageClass::IntelligentTiering,
        StorageClass::GlacierIr => TransitionStorageClass::GlacierIr,
        StorageClass::Glacier => TransitionStorageClass::Glacier,
        StorageClass::DeepArchive => TransitionStorageClass::DeepArchive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::managed::error::ErrorKind;

    fn rule(json: Value) -> Value {
        let mut rule = json!({"id": "r", "status": "Enabled"});
        rule.as_object_mut().expect("an object").extend(json.as_object().expect("an object").clone());
        rule
    }

    #[test]
    fn no_filter_an_empty_one_and_the_empty_prefix_are_the_same() {
        let days = json!({"expiration": {"days": 1}});
        let with = |filter: Value| {
            let mut json = days.clone();
            json["filter"] = filter;
            normal(&rule(json))
        };
        assert_eq!(normal(&rule(days.clone())), with(json!({})));
        assert_eq!(with(json!({})), with(json!({"prefix": ""})));
        assert_ne!(with(json!({})), with(json!({"prefix": "a"})));
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for json in [
            json!({"expiration": {"days": 3}}),
            json!({"expiration": {"date": "2030-01-02"}, "filter": {"prefix": "a/"}}),
            json!({"expiration": {"expiredObjectDeleteMarker": true}}),
            json!({"filter": {"tags": {"a": "1"}}, "expiration": {"days": 1}}),
            json!({"filter": {"tags": {"a": "1", "b": "2"}, "prefix": "x", "objectSizeGreaterThanBytes": 5, "objectSizeLessThanBytes": 9},
                "expiration": {"days": 1}}),
            json!({"filter": {"prefix": "", "objectSizeLessThanBytes": 9}, "expiration": {"days": 1}}),
            json!({"transitions": [{"days": 90, "storageClass": "GLACIER"}, {"days": 30, "storageClass": "STANDARD_IA"}]}),
            json!({"noncurrentVersionExpiration": {"noncurrentDays": 30, "newerNoncurrentVersions": 2}}),
            json!({"noncurrentVersionTransitions": [{"noncurrentDays": 30, "storageClass": "GLACIER_IR"}]}),
            json!({"abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}),
        ] {
            let wanted = normal(&rule(json));
            let written = configuration(std::slice::from_ref(&wanted)).expect("a rule of the spec");
            assert_eq!(normal(&from_sdk(&written.rules()[0])), wanted);
        }
    }

    #[test]
    fn a_date_that_is_none_is_told_to_the_user() {
        for bad in [
            json!({"expiration": {"date": "2026-02-31"}}),
            json!({"transitions": [{"date": "2025-02-29", "storageClass": "GLACIER"}]}),
        ] {
            let error = configuration(&[normal(&rule(bad))]).expect_err("there is no such day");
            assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::User, "InvalidDate"));
        }
    }

    #[test]
    fn the_order_of_rules_and_transitions_does_not_count() {
        let (a, b) =
            (json!({"days": 1, "storageClass": "GLACIER"}), json!({"days": 9, "storageClass": "DEEP_ARCHIVE"}));
        assert_eq!(normal(&rule(json!({"transitions": [a, b]}))), normal(&rule(json!({"transitions": [b, a]}))));
        assert_eq!(
            by_id(vec![json!({"id": "b"}), json!({"id": "a"})]),
            by_id(vec![json!({"id": "a"}), json!({"id": "b"})])
        );
    }
}

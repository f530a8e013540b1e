//! Who may use a table, and where its changes go.

use serde_json::{Value, json};

use crate::{
    api::TableBlock,
    managed::{
        change::diff,
        external::{Effect, Step},
        fault::{Class, Fault, Reason},
        policy_document,
    },
    table::state::Destination,
};

use super::{Observed, Op, Want, settings::lowering};

/// Compared as IAM means it.
pub(super) fn policy(want: Want<'_>, seen: &Observed) -> Option<Step<Op>> {
    let seen = seen.policy.as_ref()?.as_ref().ok()?;
    let block = TableBlock::ResourcePolicy;
    let declared =
        want.spec.resource_policy.as_ref().map(|text| Some(text.clone()).filter(|text| !text.trim().is_empty()));
    let (text, reset) = want.of(block, declared, || None)?;
    let same = match (&seen.text, &text) {
        (Some(a), Some(b)) => policy_document::same(a, b),
        (a, b) => a == b,
    };
    if same {
        return None;
    }
    let changes = diff(block.name(), &json!(seen.text), &json!(text));
    let lowers = reset && seen.text.as_deref().is_some_and(policy_document::denies);
    let not_yet = text.as_deref().and_then(|text| policy_document::refusal(block.name(), text));
    let revision = seen.revision.clone();
    let op = match text {
        Some(text) => Op::PutPolicy { text, revision },
        None => Op::DeletePolicy { revision },
    };
    Some(lowering(Step { not_yet, ..Step::new(block.name(), op, changes) }, lowers))
}

/// Another stream takes two changes, off and on again; what changes in between is in neither.
pub(super) fn kinesis(want: Want<'_>, seen: &Observed) -> Option<Step<Op>> {
    let seen = seen.kinesis.as_ref()?.as_ref().ok()?;
    let block = TableBlock::KinesisStream;
    let declared = want.spec.kinesis_stream.as_ref().map(|block| {
        block.stream_arn.clone().filter(|_| block.enabled).map(|stream_arn| Destination {
            stream_arn,
            precision: block.approximate_creation_date_time_precision.unwrap_or_default(),
        })
    });
    let (wanted, reset) = want.of(block, declared, || None)?;
    if wanted == seen.destination {
        return None;
    }
    let changes = diff(block.name(), &words(seen.destination.as_ref()), &words(wanted.as_ref()));
    let (op, disrupts) = match (&seen.destination, wanted) {
        (Some(now), Some(wanted)) if now.stream_arn == wanted.stream_arn => (Op::UpdateKinesis(wanted), false),
        (Some(now), wanted) => (Op::DisableKinesis(now.stream_arn.clone()), wanted.is_some() || reset),
        (None, Some(wanted)) => (Op::EnableKinesis(wanted), false),
        (None, None) => return None,
    };
    let not_yet = seen.changing.then(|| {
        Fault::new(
            Class::Pending,
            Reason::KinesisStreamChanging,
            "AWS is still at the last change of the Kinesis data stream",
        )
    });
    let effect = if disrupts { Effect::Disruptive } else { Effect::Update };
    Some(Step { not_yet, effect, ..Step::new(block.name(), op, changes) })
}

fn words(destination: Option<&Destination>) -> Value {
    match destination {
        None => json!({"enabled": false}),
        Some(destination) => json!({
            "enabled": true,
            "streamArn": destination.stream_arn,
            "approximateCreationDateTimePrecision": destination.precision,
        }),
    }
}

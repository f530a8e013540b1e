//! Expiry, continuous backups, and who looks at keys: a call each.

use serde_json::json;

use crate::{
    api::TableBlock,
    managed::{
        change::diff,
        external::Step,
        fault::{Class, Fault, Reason},
    },
};

use super::{Insights, Observed, Op, Want, settings::lowering};

/// How far back AWS keeps backups if it is not told.
const DEFAULT_DAYS: i32 = 35;

/// Another attribute takes two changes, off and on again. AWS allows one change an hour.
pub(super) fn time_to_live(want: Want<'_>, seen: &Observed) -> Option<Step<Op>> {
    let seen = seen.ttl.as_ref()?.as_ref().ok()?;
    let declared = want.spec.time_to_live.as_ref().map(|block| block.attribute_name.clone().filter(|_| block.enabled));
    let (attribute, _) = want.of(TableBlock::TimeToLive, declared, || None)?;
    let now = seen.attribute.clone().filter(|_| seen.enabled);
    let words = |attribute: &Option<String>| json!({"enabled": attribute.is_some(), "attributeName": attribute});
    let changes = diff(TableBlock::TimeToLive.name(), &words(&now), &words(&attribute));
    if changes.is_empty() {
        return None;
    }
    let op = match now {
        Some(attribute) => Op::SetTtl { enabled: false, attribute },
        None => Op::SetTtl { enabled: true, attribute: attribute.unwrap_or_default() },
    };
    let not_yet = seen.changing.then(ttl_pending);
    Some(Step { not_yet, ..Step::new(TableBlock::TimeToLive.name(), op, changes) })
}

fn ttl_pending() -> Fault {
    Fault::new(
        Class::Quota,
        Reason::TimeToLivePending,
        "AWS is still at the last change of time to live, which takes up to an hour, and takes one change an hour: \
         the next one follows then",
    )
}

/// Never switched off but by the declared word, or by a reset that was approved: what was kept is lost then.
pub(super) fn recovery(want: Want<'_>, seen: &Observed) -> Option<Step<Op>> {
    let seen = seen.recovery.as_ref()?.as_ref().ok()?;
    let block = TableBlock::PointInTimeRecovery;
    let declared = want.spec.point_in_time_recovery.as_ref();
    let declared = declared.map(|block| block.enabled.then(|| block.recovery_period_in_days.unwrap_or(DEFAULT_DAYS)));
    let (days, reset) = want.of(block, declared, || None)?;
    let same = seen.days == days || (seen.days == Some(0) && days.is_some());
    if same {
        return None;
    }
    let words =
        |days: Option<i32>| json!({"enabled": days.is_some(), "recoveryPeriodInDays": days.filter(|days| *days > 0)});
    let changes = diff(block.name(), &words(seen.days), &words(days));
    Some(lowering(Step::new(block.name(), Op::SetRecovery(days), changes), reset))
}

pub(super) fn insights(want: Want<'_>, seen: &Observed) -> Option<Step<Op>> {
    let seen = seen.insights.as_ref()?.as_ref().ok()?;
    let block = TableBlock::ContributorInsights;
    let (mode, _) = want.of(block, want.spec.contributor_insights.as_ref().map(Insights::declared), || None)?;
    if mode == seen.mode {
        return None;
    }
    let words = |mode| json!({"enabled": Option::is_some(&mode), "mode": mode});
    let changes = diff(block.name(), &words(seen.mode), &words(mode));
    let not_yet = seen.changing.then(|| {
        Fault::new(
            Class::Pending,
            Reason::ContributorInsightsChanging,
            "AWS is still at the last change of contributor insights",
        )
    });
    Some(Step { not_yet, ..Step::new(block.name(), Op::SetInsights(mode), changes) })
}

//! How often AWS lets a table be changed: states to wait in, not errors.

use crate::managed::error::{Error, ErrorKind, Reason};

use super::{
    indexes::{IndexChange, IndexUpdate},
    op::Update,
};

/// LimitExceededException has one code for every limit; the change that was refused tells which it is.
pub(crate) fn update(update: &Update, error: Error) -> Error {
    if error.reason != "LimitExceededException" {
        return error;
    }
    let (reason, rule) = match update {
        Update::Billing { billing, .. } if !billing.is_provisioned() => {
            (Reason::BillingModeLimit, "four changes to PAY_PER_REQUEST in 24 hours")
        }
        Update::Billing { .. } | Update::Index(IndexUpdate { change: IndexChange::Capacity(_), .. }) => (
            Reason::CapacityDecreaseLimit,
            "four decreases of capacity in the first hour of a day (UTC) and one per hour after that, 27 a day, for \
             a table and for each index",
        ),
        Update::Class(_) => (Reason::TableClassLimit, "two changes of the table class in 30 days"),
        Update::Encryption(_) => (Reason::EncryptionLimit, "four changes of the key in 24 hours"),
        _ => return error,
    };
    allowance(reason, rule, &error)
}

/// AWS locks the tags of a table for 1.6 to 1.8 seconds with each change of them (measured on AWS: ack-api-quirks,
/// DDB-TABLE-103; hashicorp/terraform-provider-aws#39361). Removing tags right after adding some meets the lock, and
/// is no limit of anybody's.
pub(super) fn tags(error: Error) -> Error {
    if matches!(error.reason.as_str(), "LimitExceededException" | "SubscriberLimitExceeded") {
        let message = format!(
            "AWS is still applying the last change of the tags. The next change is sent after that. {}",
            error.message
        );
        return Error::new(ErrorKind::Pending, Reason::TagsChanging, message);
    }
    error
}

pub(super) fn allowance(reason: Reason, rule: &str, error: &Error) -> Error {
    let message = format!("AWS allows {rule}. The change is sent when the limit allows it again. {}", error.message);
    Error::new(ErrorKind::RateLimited, reason, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{ProvisionedThroughput, TableClass},
        table::Billing,
    };

    #[test]
    fn the_condition_says_which_limit_and_when_it_goes_on() {
        let limited =
            Error::new(ErrorKind::Quota, "LimitExceededException", "UpdateTable answered LimitExceededException");
        let capacity = ProvisionedThroughput { read_capacity_units: 1, write_capacity_units: 1 };
        let index = IndexUpdate { name: "i".into(), change: IndexChange::Capacity(capacity) };
        let billing = |billing| Update::Billing { billing, indexes: std::collections::BTreeMap::new() };
        for (op, reason, display) in [
            (billing(Billing::OnDemand), "BillingModeLimit", "24 hours"),
            (billing(Billing::Provisioned(capacity)), "CapacityDecreaseLimit", "27 a day"),
            (Update::Index(index), "CapacityDecreaseLimit", "27 a day"),
            (Update::Class(TableClass::Standard), "TableClassLimit", "30 days"),
        ] {
            let error = update(&op, limited.clone());
            assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::RateLimited, reason));
            assert!(
                error.message.contains(display) && error.message.contains("when the limit allows it again"),
                "{error}"
            );
        }
        // Tables in flight, most likely: over in seconds.
        assert_eq!(update(&Update::Protection(true), limited.clone()), limited);
        let throttled = Error::new(ErrorKind::Transient, "ThrottlingException", "slow down");
        assert_eq!(update(&Update::Class(TableClass::Standard), throttled.clone()), throttled);
    }

    #[test]
    fn tags_that_are_being_changed_are_waited_for() {
        for code in ["LimitExceededException", "SubscriberLimitExceeded"] {
            let error = tags(Error::new(ErrorKind::Quota, code, "UntagResource answered it"));
            assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Pending, "TagsChanging"));
        }
        let invalid = Error::user("ValidationException", "a tag");
        assert_eq!(tags(invalid.clone()), invalid);
    }
}

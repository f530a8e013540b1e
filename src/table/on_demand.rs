//! Limits of a PAY_PER_REQUEST table or index: what is sent to change them, and what they are then.

use crate::api::OnDemandThroughput;

/// What takes a limit back.
const NO_LIMIT: i64 = -1;

/// What has to be sent to get from some limits to others: -1 takes one back, and what is not sent stays.
pub(super) fn change(from: OnDemandThroughput, to: OnDemandThroughput) -> OnDemandThroughput {
    let change = |from: Option<i64>, to: Option<i64>| to.or(from.map(|_| NO_LIMIT)).filter(|_| from != to);
    OnDemandThroughput {
        max_read_request_units: change(from.max_read_request_units, to.max_read_request_units),
        max_write_request_units: change(from.max_write_request_units, to.max_write_request_units),
    }
}

/// Limits once this was sent.
pub(super) fn apply(from: OnDemandThroughput, change: OnDemandThroughput) -> OnDemandThroughput {
    OnDemandThroughput {
        max_read_request_units: change.max_read_request_units.or(from.max_read_request_units),
        max_write_request_units: change.max_write_request_units.or(from.max_write_request_units),
    }
    .normal()
}

//! The end of a reconciliation: its status, and what is told of a change for the worse.

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::core::object::HasStatus as _;

use crate::{
    api::Status,
    managed::{
        change::printable,
        cluster::ClusterError,
        conditions::{STALLED, SYNCED},
        decide::Next,
        external::ExternalResource,
    },
    telemetry::ObjectEvent,
};

use super::{Reconciled, Reconciliation};

impl<X: ExternalResource> Reconciliation<'_, X> {
    pub(super) async fn conclude(mut self, status: &Status, next: Next) -> Result<Reconciled<X::Object>, ClusterError> {
        let before = self.object.status().cloned().unwrap_or_default();
        if *status != before {
            if let Some(stalled) = status.condition(STALLED).filter(|now| !same(before.condition(STALLED), now)) {
                let refusal = self.input().refusal_in_full();
                let message = refusal.as_deref().map_or(Cow::Borrowed(stalled.message.as_str()), printable);
                tracing::warn!(reason = stalled.reason, condition = %message, "stalled");
                self.note(ObjectEvent::trouble(&stalled.reason, &stalled.message));
            } else if let (Next::Retry, Some(synced)) = (next, status.condition(SYNCED))
                && !same(before.condition(SYNCED), synced)
            {
                tracing::warn!(reason = synced.reason, condition = synced.message, "failed; retrying");
                self.note(ObjectEvent::trouble(&synced.reason, &synced.message));
            }
            self.object = self.cluster.write_status(&self.object, status).await?;
        }
        Ok(self.report(next))
    }
}

/// Whether a condition says the same as before.
fn same(before: Option<&Condition>, now: &Condition) -> bool {
    before.is_some_and(|before| before.reason == now.reason && before.message == now.message)
}

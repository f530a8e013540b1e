//! What a reconciliation does to its object, and to the Secret beside it.

use std::sync::Arc;

use kube::core::object::HasStatus as _;

use crate::{
    api::Status,
    managed::{
        cluster::ClusterError, external::ExternalResource, identity::Origin, object::ManagedObject as _, secret,
    },
    telemetry::ObjectEvent,
};

use super::Reconciliation;

impl<X: ExternalResource> Reconciliation<'_, X> {
    pub(super) async fn announce(&mut self, status: &Status) -> Result<(), ClusterError> {
        let approvals = self.object.status().map_or(0, |status| status.approvals);
        self.object = self.cluster.write_status(&self.object, status).await?;
        self.progress.announced = status.creation_intent.is_some();
        if let Some(approved) = status.approved.as_ref().filter(|_| status.approvals > approvals) {
            tracing::info!(hash = approved.hash, steps = approved.steps.len(), "plan approved");
            self.note(ObjectEvent::approved(&approved.hash));
        }
        Ok(())
    }

    pub(super) async fn add_finalizer(&mut self) -> Result<(), ClusterError> {
        self.object = self.cluster.add_finalizer().await?;
        self.progress.live = true;
        Ok(())
    }

    /// Answers whether the object is still there afterwards.
    pub(super) async fn remove_finalizer(&mut self) -> Result<bool, ClusterError> {
        let kept = self.input().keeps_resource();
        let left = self.cluster.remove_finalizer(&self.object).await?;
        if let Some(external) = self.object.status().and_then(|status| status.external.as_ref()).filter(|_| kept) {
            tracing::info!(external = external.name, region = external.region, "released");
            self.note(ObjectEvent::released(&X::Object::NAMES.resource(&external.name)));
        }
        let is_left = left.is_some();
        self.object = left.unwrap_or_else(|| Arc::clone(&self.object));
        Ok(is_left)
    }

    pub(super) async fn read_live(&mut self) -> Result<(), ClusterError> {
        self.object = self.cluster.read_live().await?;
        self.progress.live = true;
        Ok(())
    }

    /// Finds out which namespace the object is in, beyond its name. It outlives all that is in it: what is asked
    /// now holds for as long as the object is there.
    pub(super) async fn read_namespace(&mut self) -> Result<(), ClusterError> {
        let namespace = match self.cluster.namespace_uid().await? {
            Ok(uid) => uid,
            Err(error) => {
                self.progress.error = Some(error);
                return Ok(());
            }
        };
        if let Some(Ok(identity)) = &mut self.identity {
            let cluster = self.context.settings.cluster_uid.clone();
            identity.owner.origin = Some(Origin { cluster, namespace });
        }
        Ok(())
    }

    pub(super) async fn write_secret(&mut self, outputs: &secret::Outputs) -> Result<(), ClusterError> {
        let status = self.object.status().cloned().unwrap_or_default();
        let written = status.binding.as_ref().map(|binding| binding.name.as_str());
        let result = match secret::wanted(&*self.object, outputs) {
            Some(wanted) => self.cluster.write_secret(&wanted, written == Some(&wanted.name)).await?,
            None => Ok(()),
        };
        if let (Ok(()), Some(obsolete)) = (&result, secret::obsolete(&*self.object, &status)) {
            self.cluster.delete_secret(&obsolete).await?;
        }
        self.progress.secret = Some(result);
        Ok(())
    }
}

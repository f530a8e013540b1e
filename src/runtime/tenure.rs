use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    lease::{Elector, Lost},
    telemetry::Metrics,
};

use super::error::RunError;

/// The time in which this process leads.
pub(super) struct Tenure {
    /// Renews the lease, if there is one.
    holder: Option<JoinHandle<Result<(), Lost>>>,
    /// Nothing is written any more.
    over: CancellationToken,
    metrics: Metrics,
}

impl Tenure {
    /// Waits for the lease; `None` when the process is to end before it is ours.
    pub async fn begin(
        elector: Option<Elector>,
        shutdown: &CancellationToken,
        metrics: &Metrics,
    ) -> Result<Option<Self>, RunError> {
        let over = CancellationToken::new();
        let holder = match elector {
            None => None,
            Some(mut elector) => {
                elector.check().await.map_err(|error| RunError::Lease(Box::new(error)))?;
                tokio::select! {
                    biased;
                    () = shutdown.cancelled() => return Ok(None),
                    () = elector.acquire() => {}
                }
                Some(tokio::spawn(hold(elector, over.clone())))
            }
        };
        metrics.leads(true);
        Ok(Some(Self { holder, over, metrics: metrics.clone() }))
    }

    /// Waits until the lease is lost, which may never be.
    pub async fn ended(&mut self) -> RunError {
        let Some(holder) = &mut self.holder else { return std::future::pending().await };
        let ended = holder.await;
        self.holder = None;
        match ended {
            Ok(_) => RunError::LeaseLost,
            Err(panic) => RunError::Broken("the renewal of the lease", panic.to_string()),
        }
    }

    /// Gives the lease back, if it is still ours.
    pub async fn end(self) {
        self.over.cancel();
        if let Some(holder) = self.holder {
            drop(holder.await);
        }
        self.metrics.leads(false);
    }
}

async fn hold(mut elector: Elector, over: CancellationToken) -> Result<(), Lost> {
    tokio::select! {
        biased;
        () = over.cancelled() => {}
        lost = elector.keep() => return Err(lost),
    }
    elector.release().await;
    Ok(())
}

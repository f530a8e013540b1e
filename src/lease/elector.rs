use std::time::Duration;

use k8s_openapi::{api::coordination::v1::Lease, jiff::Timestamp};
use kube::{Api, Client, api::PostParams};
use tokio::time::{Instant, sleep, timeout};

use super::{Election, Fence, Move, Terms};

/// Which Lease, and how it is held.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// Its namespace; the operator's own when absent.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// For how long, and how it is renewed.
    pub terms: Terms,
}

/// The Lease is another's, or may be soon.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Lost;

/// One process that wants the Lease, or has it.
///
/// Needs `get`, `create` and `update` on `leases` in `coordination.k8s.io`.
pub struct Elector {
    leases: Api<Lease>,
    name: String,
    terms: Terms,
    election: Election,
    fence: Fence,
}

impl Elector {
    /// As a new candidate. What it comes to shows in `fence`.
    pub fn new(client: Client, options: &LeaseOptions, fence: Fence) -> Self {
        // The pod tells people where it is; the rest makes two processes of one pod different.
        let pod = std::env::var("POD_NAME").or_else(|_| std::env::var("HOSTNAME")).unwrap_or_else(|_| "musubi".into());
        let identity = format!("{pod}_{:016x}", fastrand::u64(..));
        let namespace = options.namespace.clone().unwrap_or_else(|| client.default_namespace().to_owned());
        Self {
            leases: Api::namespaced(client, &namespace),
            name: options.name.clone(),
            terms: options.terms,
            election: Election::new(identity, options.name.clone(), options.terms),
            fence,
        }
    }

    /// Tries to read the Lease, so that a missing permission is told at the start.
    ///
    /// # Errors
    /// When the API server refuses.
    pub async fn check(&self) -> Result<(), kube::Error> {
        self.leases.get_opt(&self.name).await.map(drop)
    }

    /// Waits until the Lease is ours.
    pub async fn acquire(&mut self) {
        tracing::info!(lease = self.name, "waiting for the Lease");
        while !self.turn(true).await.is_ok_and(|held| held) {
            sleep(self.terms.retry).await;
        }
        tracing::info!(lease = self.name, "became leader");
    }

    /// Renews it for as long as that goes well.
    pub async fn keep(&mut self) -> Lost {
        loop {
            sleep(self.terms.retry).await;
            // What we wrote is what there is, as long as writing it works; else a look shows.
            let held = match self.turn(false).await {
                Ok(false) => self.turn(true).await,
                held => held,
            };
            if held == Err(Lost) {
                self.fence.close();
                return Lost;
            }
        }
    }

    /// Lets others have it at once. Nobody must write any more.
    pub async fn release(mut self) {
        self.fence.close();
        match timeout(self.terms.renew_deadline, self.give_back()).await {
            Ok(Ok(true)) => tracing::info!(lease = self.name, "released the Lease"),
            Ok(Ok(false)) => {}
            Ok(Err(error)) => {
                tracing::warn!(%error, lease = self.name, "could not release the Lease; it expires by itself");
            }
            Err(_) => tracing::warn!(lease = self.name, "could not release the Lease in time; it expires by itself"),
        }
    }

    async fn give_back(&mut self) -> Result<bool, kube::Error> {
        loop {
            // A renewal that was given up half-way may have come about.
            let current = self.leases.get_opt(&self.name).await?;
            self.election.saw(current, Instant::now());
            let Some(lease) = self.election.released(Timestamp::now()) else { return Ok(false) };
            match self.leases.replace(&self.name, &PostParams::default(), &lease).await {
                Ok(_) => return Ok(true),
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A look, if wanted, and what follows from it. Says whether the Lease is ours by a write that has
    /// just succeeded.
    async fn turn(&mut self, look: bool) -> Result<bool, Lost> {
        if look {
            match timeout(self.patience(), self.leases.get_opt(&self.name)).await {
                Ok(Ok(lease)) => self.election.saw(lease, Instant::now()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, lease = self.name, "cannot read the Lease; retrying");
                    return Ok(false);
                }
                Err(_) => {
                    tracing::warn!(lease = self.name, "reading the Lease timed out; retrying");
                    return Ok(false);
                }
            }
        }
        let sent = Instant::now();
        let params = PostParams::default();
        let decision = self.election.next(sent, Timestamp::now());
        let write = async {
            match &decision {
                Move::Create(lease) => self.leases.create(&params, lease).await.map(Some),
                Move::Replace(lease) => self.leases.replace(&self.name, &params, lease).await.map(Some),
                Move::Wait | Move::Lost => Ok(None),
            }
        };
        match timeout(self.patience(), write).await {
            Ok(Ok(Some(lease))) => {
                self.election.took(lease, sent);
                if let Some(until) = self.election.held_until() {
                    self.fence.hold(until);
                }
                Ok(true)
            }
            Ok(Ok(None)) if decision == Move::Lost => Err(Lost),
            Ok(Ok(None)) => Ok(false),
            // Somebody was quicker: a look will show who.
            Ok(Err(kube::Error::Api(status))) if status.code == 409 => Ok(false),
            Ok(Err(error)) => {
                tracing::warn!(%error, lease = self.name, "cannot update the Lease; retrying");
                Ok(false)
            }
            Err(_) => {
                tracing::warn!(lease = self.name, "updating the Lease timed out; retrying");
                Ok(false)
            }
        }
    }

    /// How long one call may take, so that several fit before the deadline.
    fn patience(&self) -> Duration {
        self.terms.renew_deadline / 3
    }
}

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use thiserror::Error;
use tokio::time::Instant;

/// Says whether this process may write: whether it holds the Lease, and for how long yet, by its own
/// monotonic clock (`CLOCK_MONOTONIC` runs on while a process is stopped).
#[derive(Clone)]
pub struct Fence {
    /// `None` where there is no Lease, because the administrator runs one process only.
    until: Option<Arc<Mutex<Option<Instant>>>>,
    /// This process is about to end.
    ending: Arc<AtomicBool>,
}

/// A write was not sent, since the Lease may run out before its answer is there.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
#[error("this replica does not hold the Lease for long enough to write")]
pub struct NotHeld;

impl Fence {
    /// Without a Lease: always open.
    pub fn open() -> Self {
        Self { until: None, ending: Arc::default() }
    }

    /// Closed, until the Lease is held.
    pub fn closed() -> Self {
        Self { until: Some(Arc::default()), ending: Arc::default() }
    }

    /// Whether a write may begin that takes this long at most.
    ///
    /// # Errors
    /// [`NotHeld`] if the Lease is not held, or could be another's before the write has ended: where this
    /// process is about to end it is given back as soon as nothing is under way.
    pub fn admits(&self, longest: Duration) -> Result<(), NotHeld> {
        if self.ending.load(Ordering::SeqCst) {
            return Err(NotHeld);
        }
        let Some(until) = &self.until else { return Ok(()) };
        let until = *until.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) if Instant::now() + longest <= until => Ok(()),
            _ => Err(NotHeld),
        }
    }

    /// This process is about to end: no write begins any more, and none is tried again.
    pub(crate) fn end(&self) {
        self.ending.store(true, Ordering::SeqCst);
    }

    /// Held for this long from now.
    #[cfg(test)]
    pub(crate) fn held(duration: Duration) -> Self {
        let fence = Self::closed();
        fence.hold(Instant::now() + duration);
        fence
    }

    /// The Lease is held until then.
    pub(super) fn hold(&self, until: Instant) {
        self.set(Some(until));
    }

    /// The Lease is held no longer.
    pub(crate) fn close(&self) {
        self.set(None);
    }

    fn set(&self, value: Option<Instant>) {
        if let Some(until) = &self.until {
            *until.lock().unwrap_or_else(PoisonError::into_inner) = value;
        }
    }
}

impl fmt::Debug for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.admits(Duration::ZERO).is_ok() { "Fence(open)" } else { "Fence(closed)" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_write_that_could_outlive_the_lease_is_not_begun() {
        let fence = Fence::closed();
        assert_eq!(fence.admits(Duration::ZERO), Err(NotHeld), "closed until the lease is held");
        fence.hold(Instant::now() + Duration::from_secs(15));
        assert_eq!(fence.admits(Duration::from_secs(10)), Ok(()));
        tokio::time::advance(Duration::from_secs(6)).await;
        assert_eq!(fence.admits(Duration::from_secs(10)), Err(NotHeld));
        assert_eq!(fence.admits(Duration::from_secs(9)), Ok(()));
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(fence.admits(Duration::ZERO), Err(NotHeld), "by its own clock, whatever happened meanwhile");
        let open = Fence::open();
        assert_eq!(open.admits(Duration::from_secs(3600)), Ok(()));
        open.clone().end();
        assert_eq!(open.admits(Duration::ZERO), Err(NotHeld), "a process that ends begins nothing");
    }
}

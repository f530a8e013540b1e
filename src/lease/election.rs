//! The rules of client-go's `leaderelection` package, without IO: times are arguments.

use std::time::Duration;

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta},
    jiff::Timestamp,
};
use tokio::time::Instant;

/// For how long a Lease is taken, and how it is renewed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// How long others wait, after the last change of the Lease that they saw, before they take it.
    pub lease: Duration,
    /// How long the holder goes on without a renewal that succeeds.
    pub renew_deadline: Duration,
    /// Between two tries to take or renew it.
    pub retry: Duration,
}

impl Default for Terms {
    /// As kube-controller-manager has them.
    fn default() -> Self {
        Self { lease: Duration::from_secs(15), renew_deadline: Duration::from_secs(10), retry: Duration::from_secs(2) }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub enum Move {
    /// There is no Lease: make this one.
    Create(Box<Lease>),
    /// Replace the Lease that was seen by this one, unless it has changed since (resourceVersion).
    Replace(Box<Lease>),
    /// It is another's, or was not looked at yet: look again after [`Terms::retry`].
    Wait,
    /// We held it, and another holds it now or nobody has heard of us for too long.
    Lost,
}

/// One candidate, and what it knows of the Lease.
///
/// Whether a Lease has run out is judged by this process's own clock alone, from the last time it
/// looked different than before: the times that stand in it come from another machine's clock.
#[derive(Debug)]
pub struct Election {
    identity: String,
    name: String,
    terms: Terms,
    /// What was last seen or written, and when it was first seen so.
    observed: Option<(Lease, Instant)>,
    /// When the last renewal that succeeded was sent.
    renewed: Option<Instant>,
}

impl Election {
    /// `identity` must be of one process only; `name` is the Lease's.
    pub fn new(identity: String, name: String, terms: Terms) -> Self {
        Self { identity, name, terms, observed: None, renewed: None }
    }

    /// The API server was asked; `None` says that there is no Lease.
    pub fn saw(&mut self, lease: Option<Lease>, now: Instant) {
        self.observed = match (lease, self.observed.take()) {
            (Some(lease), Some((before, since)))
                if lease.metadata.resource_version == before.metadata.resource_version =>
            {
                Some((lease, since))
            }
            (lease, _) => lease.map(|lease| (lease, now)),
        };
    }

    /// The API server took our [`Move::Create`] or [`Move::Replace`], which was sent at `sent`, and
    /// answered with this Lease.
    pub fn took(&mut self, lease: Lease, sent: Instant) {
        self.renewed = Some(sent);
        self.observed = Some((lease, sent));
    }

    /// Until when the Lease is ours for certain: others wait for its duration from when they saw our
    /// renewal, which is later than when it was sent.
    pub fn held_until(&self) -> Option<Instant> {
        self.renewed.map(|sent| sent + self.terms.lease)
    }

    /// What to do now. `clock` is written into the Lease, for people.
    pub fn next(&self, now: Instant, clock: Timestamp) -> Move {
        if self.renewed.is_some_and(|sent| now >= sent + self.terms.renew_deadline) {
            return Move::Lost;
        }
        let Some((lease, since)) = &self.observed else {
            return match self.renewed {
                // Somebody deleted it. Another may be making it at this moment, so it is not ours.
                Some(_) => Move::Lost,
                None => Move::Create(Box::new(self.written(None, clock))),
            };
        };
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.unwrap_or_default();
        let ours = holder == self.identity;
        if self.renewed.is_some() && !ours {
            return Move::Lost;
        }
        let duration =
            Duration::from_secs(spec.lease_duration_seconds.unwrap_or_default().max(0).unsigned_abs().into());
        if ours || holder.is_empty() || now >= *since + duration {
            Move::Replace(Box::new(self.written(Some(lease), clock)))
        } else {
            Move::Wait
        }
    }

    /// The Lease that lets others have it at once, if it is ours.
    pub fn released(&self, clock: Timestamp) -> Option<Lease> {
        let (lease, _) = self.observed.as_ref()?;
        let holder = lease.spec.as_ref()?.holder_identity.as_deref();
        let mut lease = Some(lease).filter(|_| holder == Some(self.identity.as_str()))?.clone();
        let spec = lease.spec.get_or_insert_default();
        spec.holder_identity = Some(String::new());
        spec.lease_duration_seconds = Some(1);
        spec.renew_time = Some(MicroTime(clock));
        Some(lease)
    }

    fn written(&self, before: Option<&Lease>, clock: Timestamp) -> Lease {
        let old = before.and_then(|lease| lease.spec.clone());
        let ours = old.as_ref().is_some_and(|old| old.holder_identity.as_ref() == Some(&self.identity));
        let acquired = old.as_ref().filter(|_| ours).and_then(|old| old.acquire_time.clone());
        let transitions = old.and_then(|old| old.lease_transitions);
        let spec = LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.terms.lease.as_secs()).ok(),
            acquire_time: Some(acquired.unwrap_or(MicroTime(clock))),
            renew_time: Some(MicroTime(clock)),
            lease_transitions: Some(match transitions {
                Some(number) if ours => number,
                Some(number) => number.saturating_add(1),
                None => 0,
            }),
            ..LeaseSpec::default()
        };
        let metadata = before.map_or_else(
            || ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
            |lease| lease.metadata.clone(),
        );
        Lease { metadata, spec: Some(spec) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn candidate(identity: &str) -> Election {
        Election::new(identity.to_owned(), "musubi".to_owned(), Terms::default())
    }

    /// The API server's part: one Lease, replaced only by who has seen it as it is.
    #[derive(Default)]
    struct Server {
        lease: Option<Lease>,
        version: u32,
    }

    impl Server {
        fn write(&mut self, mut lease: Lease) -> Option<Lease> {
            let current = self.lease.as_ref().and_then(|lease| lease.metadata.resource_version.clone());
            if lease.metadata.resource_version != current {
                return None;
            }
            self.version += 1;
            lease.metadata.resource_version = Some(self.version.to_string());
            self.lease = Some(lease.clone());
            Some(lease)
        }

        /// A look, a decision and a write, all at once. Says what was decided.
        fn turn(&mut self, candidate: &mut Election, now: Instant) -> Move {
            candidate.saw(self.lease.clone(), now);
            let decision = candidate.next(now, Timestamp::UNIX_EPOCH);
            if let Move::Create(lease) | Move::Replace(lease) = &decision
                && let Some(lease) = self.write(*lease.clone())
            {
                candidate.took(lease, now);
            }
            decision
        }

        fn spec(&self) -> LeaseSpec {
            self.lease.as_ref().and_then(|lease| lease.spec.clone()).unwrap_or_default()
        }
    }

    #[test]
    fn the_first_makes_it_and_the_second_waits_as_long_as_it_is_renewed() {
        let (mut server, mut first, mut second) = (Server::default(), candidate("a"), candidate("b"));
        let start = Instant::now();
        assert!(matches!(server.turn(&mut first, start), Move::Create(_)));
        for seconds in (2..60).step_by(2) {
            let now = start + SECOND * seconds;
            assert!(matches!(server.turn(&mut first, now), Move::Replace(_)), "renewed");
            assert_eq!(server.turn(&mut second, now), Move::Wait);
        }
        assert_eq!(server.spec().holder_identity.as_deref(), Some("a"));
        assert_eq!(server.spec().lease_transitions, Some(0), "a renewal is no change of leaders");
    }

    #[test]
    fn it_is_taken_when_it_was_not_seen_to_change_for_its_duration() {
        let (mut server, mut first, mut second) = (Server::default(), candidate("a"), candidate("b"));
        let start = Instant::now();
        server.turn(&mut first, start);
        // The times in it are of no account, however old they look: the second begins to count when it
        // first sees it.
        let observed = start + SECOND * 100;
        assert_eq!(server.turn(&mut second, observed), Move::Wait);
        assert_eq!(server.turn(&mut second, observed + SECOND * 14), Move::Wait);
        assert!(matches!(server.turn(&mut second, observed + SECOND * 15), Move::Replace(_)));
        assert_eq!(server.spec().lease_transitions, Some(1));
        assert_eq!(server.turn(&mut first, observed + SECOND * 15), Move::Lost);
    }

    #[test]
    fn a_released_one_is_taken_at_once() {
        let (mut server, mut first, mut second) = (Server::default(), candidate("a"), candidate("b"));
        let start = Instant::now();
        server.turn(&mut first, start);
        assert_eq!(server.turn(&mut second, start), Move::Wait);
        let released = first.released(Timestamp::UNIX_EPOCH).expect("it is the first's");
        assert!(server.write(released).is_some());
        assert!(matches!(server.turn(&mut second, start + SECOND), Move::Replace(_)));
        assert_eq!(
            second.released(Timestamp::UNIX_EPOCH).map(|lease| lease.metadata),
            server.lease.map(|l| l.metadata)
        );
        assert_eq!(candidate("c").released(Timestamp::UNIX_EPOCH), None, "nobody releases what is not theirs");
    }

    #[test]
    fn a_holder_that_cannot_renew_gives_up_before_another_can_have_it() {
        let (mut server, mut first) = (Server::default(), candidate("a"));
        let start = Instant::now();
        server.turn(&mut first, start);
        assert!(matches!(first.next(start + SECOND * 9, Timestamp::UNIX_EPOCH), Move::Replace(_)), "it tries again");
        assert_eq!(first.next(start + SECOND * 10, Timestamp::UNIX_EPOCH), Move::Lost);
        assert_eq!(first.held_until(), Some(start + SECOND * 15));
    }

    #[test]
    fn a_deleted_lease_is_lost() {
        let (mut server, mut first) = (Server::default(), candidate("a"));
        let start = Instant::now();
        server.turn(&mut first, start);
        server.lease = None;
        assert_eq!(server.turn(&mut first, start + SECOND), Move::Lost);
    }

    proptest! {
        /// Whoever is stopped, for however long, and whoever's turn it is: never do two believe to hold
        /// it at the same moment.
        #[test]
        fn two_never_hold_it_at_once(turns in prop::collection::vec((0_usize..3, 0_u64..25_000), 1..200)) {
            let mut server = Server::default();
            let mut candidates = [Some(candidate("a")), Some(candidate("b")), Some(candidate("c"))];
            let mut now = Instant::now();
            for (turn, (who, pause)) in turns.into_iter().enumerate() {
                now += Duration::from_millis(pause);
                if let Some(candidate) = &mut candidates[who]
                    && server.turn(candidate, now) == Move::Lost
                {
                    candidates[who] = None;
                }
                // One that has ended comes back as another process.
                candidates[who].get_or_insert_with(|| candidate(&format!("{who}-{turn}")));
                let holders = candidates.iter().flatten();
                let holders = holders.filter(|one| one.held_until().is_some_and(|until| now < until)).count();
                prop_assert!(holders <= 1, "{holders} hold it");
            }
        }
    }
}

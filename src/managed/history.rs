//! What became of our writes: the memory that tells drift from a write that never takes.
//!
//! A write that AWS answers with success and never shows would be repeated for ever, at the price of
//! a request each (provider-aws and ACK have both burnt millions a day that way). Drift that is seen
//! put right and comes back is somebody else's doing and is corrected each time.

use std::{collections::BTreeMap, time::Duration};

use k8s_openapi::jiff::{SignedDuration, Timestamp};

/// After this many writes that no later look has shown, a block is in a write loop.
const TIMEOUT: u32 = 3;

/// How long a block in a write loop is not written again: at first, and at most. A little less than the
/// pause after which such an object is looked at again, so that the write is made then.
const PAUSE: (Duration, Duration) = (Duration::from_mins(4), Duration::from_mins(50));

/// The writes of one object, by block, since the operator started.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The writes of each block, by a digest of the step: a block takes one for each entry of a list.
    blocks: BTreeMap<&'static str, BTreeMap<String, Trail>>,
    /// What the spec declared of each block when it was last written: at which generation, and as a digest.
    declared: BTreeMap<&'static str, (i64, String)>,
    /// Looks since a write that AWS is busy with for a while that found it at rest.
    at_rest: Option<u32>,
}

/// A look right after a write may show what was before it began, at rest; the one after that does not
/// (hashicorp/terraform-provider-aws#47143).
const LOOKS_AT_REST: u32 = 2;

/// What became of one write.
#[derive(Clone, Debug, Default, PartialEq)]
struct Trail {
    /// For which generation of the object it was first written.
    generation: i64,
    /// Writes since it was last seen in place.
    unseen: u32,
    /// When it was last written.
    at: Option<Timestamp>,
    /// Whether it ever was.
    observed: bool,
    /// How often drift of it was put right.
    corrected: u32,
}

impl History {
    /// Whether nothing was ever written.
    pub fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// AWS was read and these blocks are as they should be.
    pub fn in_place(&mut self, blocks: &[&'static str]) {
        for block in blocks {
            for trail in self.trails_mut(block) {
                trail.observed = true;
                trail.unseen = 0;
            }
        }
    }

    /// AWS has answered a write of this block with success. `drift` says that it put right what was in
    /// place before.
    pub fn wrote(&mut self, block: &'static str, digest: &str, drift: bool, generation: i64, now: Timestamp) {
        let trails = self.blocks.entry(block).or_default();
        // Other values of an earlier spec, or that AWS has shown, are of the past.
        trails.retain(|written, trail| written == digest || (trail.generation == generation && !trail.observed));
        let trail = trails.entry(digest.to_owned()).or_insert_with(|| Trail { generation, ..Trail::default() });
        trail.unseen = trail.unseen.saturating_add(1);
        trail.at = Some(now);
        trail.corrected = trail.corrected.saturating_add(u32::from(drift));
    }

    /// The write that was made just now was for this declaration of the block, at this generation.
    pub fn meant(&mut self, block: &'static str, generation: i64, declared: String) {
        self.declared.insert(block, (generation, declared));
    }

    /// Whether the last write of the block was for its declaration at this generation.
    pub fn is_meant(&self, block: &str, generation: i64) -> bool {
        self.declared.get(block).is_some_and(|(at, _)| *at == generation)
    }

    /// Blocks that were written so lately, and for another declaration than there is now, that a look which does not show
    /// the write may be older than it.
    pub fn outdated(
        &self,
        window: SignedDuration,
        now: Timestamp,
        declared: impl Fn(&str) -> String,
    ) -> impl Iterator<Item = &'static str> {
        let lately = move |block: &str| self.unseen(block) && self.wrote_within(block, window, now);
        let other =
            self.declared.iter().filter(move |(block, (_, before))| lately(block) && declared(block) != *before);
        other.map(|(block, _)| *block)
    }

    /// A user wants to see whether writes take by now: what was in vain before does not count.
    pub fn begins_anew(&mut self, block: &'static str) {
        self.trails_mut(block).for_each(|trail| trail.unseen = 0);
    }

    /// The last write of this block was taken back by ourselves: that no look shows it is no wonder.
    pub fn took_back(&mut self, block: &'static str) {
        self.trails_mut(block).for_each(|trail| trail.unseen = trail.unseen.saturating_sub(1));
    }

    fn trails(&self, block: &str) -> impl Iterator<Item = &Trail> {
        self.blocks.get(block).into_iter().flat_map(BTreeMap::values)
    }

    fn trails_mut(&mut self, block: &str) -> impl Iterator<Item = &mut Trail> {
        self.blocks.get_mut(block).into_iter().flat_map(BTreeMap::values_mut)
    }

    /// The trail of this very write. A digest is dear, and most objects were never written.
    fn trail(&self, block: &str, digest: impl FnOnce() -> String) -> Option<&Trail> {
        self.blocks.get(block)?.get(&digest())
    }

    /// AWS has taken a write that it is busy with from now on.
    pub fn is_busy(&mut self) {
        self.at_rest = Some(0);
    }

    /// AWS was looked at.
    pub fn looked(&mut self, resting: bool) {
        self.at_rest = match (self.at_rest, resting) {
            (None, _) => None,
            (Some(_), false) => Some(0),
            (Some(looks), true) => Some(looks + 1).filter(|looks| *looks < LOOKS_AT_REST),
        };
    }

    /// Whether rest is not believed yet.
    pub fn is_unrested(&self) -> bool {
        self.at_rest.is_some()
    }

    /// Whether writes of this block are answered with success and never show.
    pub fn loops(&self, block: &str) -> bool {
        self.trails(block).any(Trail::loops)
    }

    /// Whether this very write has lately been made in vain and is not made again yet. A block whose writes
    /// were in vain before this process began (`known`) gets one.
    pub fn rests(&self, block: &str, digest: impl FnOnce() -> String, known: bool, now: Timestamp) -> bool {
        let in_vain = |trail: &Trail| trail.loops() || (known && trail.is_unseen());
        if !self.trails(block).any(in_vain) {
            return false;
        }
        let Some(trail) = self.trail(block, digest).filter(|trail| in_vain(trail)) else { return false };
        let times = trail.unseen.saturating_sub(TIMEOUT);
        let pause = PAUSE.0.saturating_mul(2_u32.saturating_pow(times)).min(PAUSE.1);
        let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
        trail.at.is_some_and(|at| now.duration_since(at) < pause)
    }

    /// Whether a write of this block has never been seen in place.
    pub fn unseen(&self, block: &str) -> bool {
        self.trails(block).any(Trail::is_unseen)
    }

    /// Whether this very write was made and no look has shown it yet: what differs is what was there before, as far as
    /// anybody can tell, and nobody's drift.
    pub fn is_unshown(&self, block: &str, digest: impl FnOnce() -> String) -> bool {
        self.unshown(block, digest).is_some()
    }

    fn unshown(&self, block: &str, digest: impl FnOnce() -> String) -> Option<&Trail> {
        if !self.unseen(block) {
            return None;
        }
        self.trail(block, digest).filter(|trail| trail.is_unseen())
    }

    /// Whether this very write was made so lately that AWS may not show it yet.
    pub fn is_spreading(
        &self,
        block: &str,
        digest: impl FnOnce() -> String,
        window: SignedDuration,
        now: Timestamp,
    ) -> bool {
        self.wrote_within(block, window, now)
            && self.unshown(block, digest).is_some_and(|trail| trail.is_within(window, now))
    }

    /// Whether this block was written within so long before.
    pub fn wrote_within(&self, block: &str, window: SignedDuration, now: Timestamp) -> bool {
        self.trails(block).any(|trail| trail.is_within(window, now))
    }

    /// Whether this block was put right before and somebody undid it.
    pub fn repeats(&self, block: &str) -> bool {
        self.trails(block).any(|trail| trail.observed && trail.corrected > 1)
    }
}

impl Trail {
    fn is_unseen(&self) -> bool {
        !self.observed && self.unseen > 0
    }

    fn loops(&self) -> bool {
        !self.observed && self.unseen >= TIMEOUT
    }

    fn is_within(&self, window: SignedDuration, now: Timestamp) -> bool {
        self.at.is_some_and(|at| now.duration_since(at) < window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noon, and some minutes.
    fn noon(minutes: i64) -> Timestamp {
        "2026-01-01T12:00:00Z".parse::<Timestamp>().expect("a time") + SignedDuration::from_mins(minutes)
    }

    #[test]
    fn a_write_that_never_shows_is_made_after_four_minutes_then_eight_and_hourly_in_the_end() {
        let mut history = History::default();
        let rests = |history: &History, digest: &str, known, minutes| {
            history.rests("policy", || digest.to_owned(), known, noon(minutes))
        };
        history.wrote("policy", "a", false, 1, noon(0));
        assert!(!rests(&history, "a", false, 0), "one write may be late");
        assert!(rests(&history, "a", true, 3) && !rests(&history, "a", true, 4), "an earlier process saw the loop");
        history.wrote("policy", "a", false, 1, noon(0));
        history.wrote("policy", "a", false, 1, noon(0));
        assert!(rests(&history, "a", false, 3) && !rests(&history, "a", false, 4));
        assert!(!rests(&history, "b", false, 0), "another value is written at once");
        history.wrote("policy", "a", false, 1, noon(4));
        assert!(rests(&history, "a", false, 11) && !rests(&history, "a", false, 12));
        for _ in 0..9 {
            history.wrote("policy", "a", false, 1, noon(0));
        }
        assert!(rests(&history, "a", false, 49) && !rests(&history, "a", false, 50));
        history.in_place(&["policy"]);
        assert!(!rests(&history, "a", false, 0), "it was shown after all");
    }

    #[test]
    fn three_writes_that_never_show_are_a_loop() {
        let mut history = History::default();
        for round in 0..3 {
            assert!(!history.loops("policy"), "{round}");
            history.wrote("policy", "a", false, 1, noon(0));
            history.in_place(&["versioning"]);
        }
        assert!(history.loops("policy"));
        history.wrote("policy", "b", false, 2, noon(0));
        assert!(!history.loops("policy"), "another value begins anew");
    }

    #[test]
    fn each_entry_of_a_list_is_counted_by_itself() {
        let mut history = History::default();
        for round in 0..3 {
            assert!(!history.loops("metrics"), "{round}");
            for entry in ["a", "b"] {
                history.wrote("metrics", entry, false, 1, noon(0));
            }
        }
        assert!(history.loops("metrics"));
        let rests = |history: &History, digest: &str| history.rests("metrics", || digest.to_owned(), false, noon(1));
        assert!(rests(&history, "a") && rests(&history, "b") && !rests(&history, "c"));
        history.in_place(&["metrics"]);
        history.wrote("metrics", "c", false, 1, noon(2));
        assert!(!rests(&history, "a"), "what was shown is forgotten with the next value");
    }

    #[test]
    fn a_write_spreads_until_it_was_seen_or_its_time_is_over() {
        let mut history = History::default();
        let spreads = |history: &History, digest: &str, minutes| {
            history.is_spreading("policy", || digest.to_owned(), SignedDuration::from_mins(3), noon(minutes))
        };
        assert!(!spreads(&history, "a", 0), "nothing was written");
        history.wrote("policy", "a", false, 1, noon(0));
        assert!(spreads(&history, "a", 2) && !spreads(&history, "a", 3));
        assert!(!spreads(&history, "b", 0), "somebody else's change differs from what was there before");
        history.in_place(&["policy"]);
        assert!(!spreads(&history, "a", 1), "what was seen and differs again is drift");
    }

    #[test]
    fn a_write_that_we_took_back_ourselves_is_no_loop() {
        let mut history = History::default();
        for _ in 0..9 {
            history.wrote("publicAccessBlock", "a", false, 1, noon(0));
            history.took_back("publicAccessBlock");
        }
        assert!(!history.loops("publicAccessBlock"));
    }

    #[test]
    fn rest_is_believed_when_it_was_seen_twice_in_a_row() {
        let mut history = History::default();
        history.looked(true);
        assert!(!history.is_unrested(), "nothing was written");
        history.is_busy();
        for (resting, unrested) in [(true, true), (false, true), (true, true), (true, false), (true, false)] {
            history.looked(resting);
            assert_eq!(history.is_unrested(), unrested);
        }
    }

    #[test]
    fn drift_that_was_put_right_and_comes_back_is_no_loop() {
        let mut history = History::default();
        for _ in 0..9 {
            history.wrote("policy", "a", true, 1, noon(0));
            history.in_place(&["policy"]);
            assert!(!history.loops("policy"));
        }
        assert!(history.repeats("policy"));
    }
}

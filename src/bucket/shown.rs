//! Policies that S3 shows with principals of another name than it was given.
//!
//! What S3 shows right after a write of ours is what it makes of that write. It stands for our own text from then on, and
//! for as long as S3 shows that very document: whoever changes a principal changes the document, and that is a
//! difference. Nothing of it is kept beyond the process: the next one writes such a policy once, and knows again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    aws::policy_document::{may_be_shown_otherwise, same, shows},
    managed::identity::Identity,
};

/// For how long after a write what S3 shows is taken for what it made of it. S3 may show a bucket's former
/// configuration for some minutes (Terraform polls for three).
const AFTER_A_WRITE: Duration = Duration::from_secs(300);

/// What is known of the policies that name such principals.
#[derive(Default)]
pub(super) struct Shown(Mutex<HashMap<(String, String), Memory>>);

#[derive(Default)]
struct Memory {
    /// The last write whose effect has not been seen yet.
    written: Option<(String, Instant)>,
    /// A text of ours, and what S3 shows of it.
    known: Option<(String, String)>,
}

impl Memory {
    /// What this document stands for; `None` if that is itself.
    fn resolve(&mut self, shown: &str) -> Option<String> {
        if let Some((text, at)) = &self.written {
            let former = self.known.as_ref().is_some_and(|(old, known)| same(known, shown) && !same(old, text));
            if same(text, shown) || at.elapsed() > AFTER_A_WRITE {
                self.written = None;
            } else if !former && shows(text, shown) {
                self.known = Some((text.clone(), shown.to_owned()));
                self.written = None;
            } else {
                // Perhaps S3 does not show the write yet.
                return None;
            }
        }
        let (text, known) = self.known.as_ref()?;
        same(known, shown).then(|| text.clone())
    }
}

impl Shown {
    fn all(&self) -> MutexGuard<'_, HashMap<(String, String), Memory>> {
        // What is half written is forgotten at worst.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The policy of this bucket was written; `None` if it was deleted, as when the bucket was.
    pub fn wrote(&self, id: &Identity, text: Option<&str>) {
        let key = (id.region.clone(), id.name.clone());
        match text.filter(|text| may_be_shown_otherwise(text)) {
            Some(text) => self.all().entry(key).or_default().written = Some((text.to_owned(), Instant::now())),
            None => drop(self.all().remove(&key)),
        }
    }

    /// What the document that S3 shows for this bucket stands for.
    pub fn resolve(&self, id: &Identity, shown: String) -> String {
        let mut all = self.all();
        let Some(memory) = all.get_mut(&(id.region.clone(), id.name.clone())) else { return shown };
        memory.resolve(&shown).unwrap_or(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(principal: &str) -> String {
        format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"r"}}]}}"#
        )
    }

    fn canonical(user: &str) -> String {
        policy(&format!(r#"{{"CanonicalUser":"{user}"}}"#))
    }

    fn identity(name: &str) -> String {
        policy(&format!(r#"{{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {name}"}}"#))
    }

    fn id() -> Identity {
        Identity::sample("assets")
    }

    #[test]
    fn what_s3_shows_after_a_write_stands_for_it_and_a_change_of_others_does_not() {
        let shown = Shown::default();
        assert_eq!(shown.resolve(&id(), identity("E1")), identity("E1"), "nothing of ours");
        shown.wrote(&id(), Some(&canonical("a")));
        assert_eq!(shown.resolve(&id(), identity("E1")), canonical("a"));
        assert_eq!(shown.resolve(&id(), identity("E1")), canonical("a"), "and from then on");
        assert_eq!(shown.resolve(&id(), identity("E2")), identity("E2"), "somebody else's");
        assert_eq!(shown.resolve(&id(), policy("\"*\"")), policy("\"*\""));
        assert_eq!(shown.resolve(&Identity::sample("other"), identity("E1")), identity("E1"), "another bucket");
        assert_eq!(shown.resolve(&id(), identity("E1")), canonical("a"), "changed back");
    }

    #[test]
    fn what_is_known_of_the_policy_before_does_not_stand_for_the_next() {
        let shown = Shown::default();
        shown.wrote(&id(), Some(&canonical("a")));
        shown.resolve(&id(), identity("E1"));
        shown.wrote(&id(), Some(&canonical("b")));
        assert_eq!(shown.resolve(&id(), identity("E1")), identity("E1"), "not shown yet");
        assert_eq!(shown.resolve(&id(), identity("E2")), canonical("b"));
        shown.wrote(&id(), Some(&policy("\"*\"")));
        assert_eq!(shown.resolve(&id(), identity("E2")), identity("E2"), "no such principal is declared any more");
    }

    #[test]
    fn what_is_shown_long_after_a_write_proves_nothing() {
        let shown = Shown::default();
        shown.wrote(&id(), Some(&canonical("a")));
        for memory in shown.all().values_mut() {
            let at = Instant::now().checked_sub(AFTER_A_WRITE + Duration::from_secs(1));
            memory.written = memory.written.take().zip(at).map(|((text, _), at)| (text, at));
        }
        assert_eq!(shown.resolve(&id(), identity("E1")), identity("E1"));
    }
}

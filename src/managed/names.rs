//! Who may make a name in AWS, or claim what bears it: one object at a time.
//!
//! Between the look of one object and the tags of another both would find nobody's bucket. A reservation
//! spares them calls and keeps their announcements apart. It is no proof of ownership: another process
//! has another lock, and what a create has made is judged by AWS's answer and by tags
//! ([`super::observation::Made`]).

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use super::identity::Identity;

/// The names that reconciliations of one kind are about to make or to claim.
#[derive(Debug, Default)]
pub struct Names {
    reserved: Mutex<HashSet<String>>,
}

/// A name that nobody else makes or claims until this is dropped.
#[derive(Debug)]
#[must_use = "a reservation that is dropped gives the name back"]
pub struct Reservation<'a> {
    names: &'a Names,
    name: String,
}

impl Names {
    /// Reserves a name; `None` if another object has it.
    #[must_use = "a reservation that is dropped gives the name back"]
    pub fn reserve(&self, name: String) -> Option<Reservation<'_>> {
        let free = self.reserved.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone());
        // Only who was first may ever own a reservation: dropping one gives the name back.
        free.then(|| Reservation { names: self, name })
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.names.reserved.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

/// What a reconciliation must know of the other objects of its kind.
#[derive(Clone, Copy)]
pub struct Others<'a> {
    /// The names that are being made.
    pub names: &'a Names,
    /// Whether another object has announced that it makes this very name, and has not finished.
    pub announced: &'a (dyn Fn(&Identity) -> bool + Sync),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_outlives_those_who_ask_for_it_in_vain() {
        let names = Names::default();
        let name = || "aws/assets".to_owned();
        let first = names.reserve(name());
        assert!(first.is_some());
        assert!(names.reserve(name()).is_none(), "the second comes too late");
        assert!(names.reserve(name()).is_none(), "and has not given away what it did not get");
        drop(first);
        assert!(names.reserve(name()).is_some(), "free again");
    }

    #[test]
    fn names_do_not_hold_each_other_up() {
        let names = Names::default();
        let _one = names.reserve("aws/one".to_owned());
        assert!(names.reserve("aws/two".to_owned()).is_some());
    }
}

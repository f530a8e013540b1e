//! How many tables AWS is busy with at once, for an account and a region.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::managed::{
    error::{Error, ErrorKind, Reason},
    identity::Identity,
};

/// AWS takes 500 tables in CREATING, UPDATING and DELETING, and 250 of them if indexes are being made (Developer
/// Guide, "Quotas"): a table with indexes counts twice. A few are left for others.
const MAX: u32 = 480;

/// Nobody looks at a table any more that was let go while AWS was busy with it.
const FORGOTTEN_AFTER: Duration = Duration::from_hours(1);

/// An account and a region.
type AccountRegion = (String, String);

/// What a table counts, and since when it is in flight.
type Reservation = (u32, Instant);

/// Tables that AWS was given something to do with and that were not seen at rest since.
#[derive(Default)]
pub(super) struct InFlight {
    /// By place, then by name.
    tables: Mutex<HashMap<AccountRegion, HashMap<String, Reservation>>>,
}

impl InFlight {
    /// Before a call that AWS will be busy with.
    ///
    /// # Errors
    /// When there are as many as AWS takes.
    pub(super) fn reserve(&self, id: &Identity, with_index: bool) -> Result<(), Error> {
        let weight = if with_index { 2 } else { 1 };
        let now = Instant::now();
        let mut all = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let tables = all.entry((id.account_id.clone(), id.region.clone())).or_default();
        tables.retain(|_, (_, since)| now.duration_since(*since) < FORGOTTEN_AFTER);
        let others: u32 = tables.iter().filter(|(name, _)| **name != id.name).map(|(_, (weight, _))| weight).sum();
        if others + weight > MAX {
            return Err(Error::new(
                ErrorKind::Pending,
                Reason::TooManyTablesInFlight,
                "AWS allows 500 tables per account and region (250 with indexes) in status CREATING, UPDATING or \
                 DELETING at the same time. The next change is sent when some of them are done",
            ));
        }
        tables.insert(id.name.clone(), (weight, now));
        Ok(())
    }

    /// It was seen at rest, or gone.
    pub(super) fn release(&self, id: &Identity) {
        let mut all = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (id.account_id.clone(), id.region.clone());
        if let Some(tables) = all.get_mut(&place) {
            tables.remove(&id.name);
            if tables.is_empty() {
                all.remove(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: impl ToString, region: &str) -> Identity {
        Identity { region: region.to_owned(), ..Identity::sample(&name.to_string()) }
    }

    #[test]
    fn no_more_take_off_than_aws_takes_and_those_that_land_make_room() {
        let flights = InFlight::default();
        for n in 0..MAX / 2 {
            flights.reserve(&table(n, "here"), true).expect("there is room");
        }
        let one_more = table("one more", "here");
        assert_eq!(flights.reserve(&one_more, false).map_err(|error| error.reason), Err(Reason::TooManyTablesInFlight));
        flights.reserve(&table(0, "here"), true).expect("it is in flight already");
        flights.reserve(&table("one more", "elsewhere"), true).expect("another region has its own");
        flights.release(&table(7, "here"));
        flights.reserve(&one_more, false).expect("there is room again");
    }
}

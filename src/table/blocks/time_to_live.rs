use aws_sdk_dynamodb::types::{TimeToLiveSpecification, TimeToLiveStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::TableSpec,
    aws::error_of,
    managed::{
        block::Block,
        error::{Error, ErrorKind, Reason},
    },
    table::{
        limits::allowance,
        request::build,
        statuses::{
            self,
            Meaning::{Coming, Going, Off, There},
            Statuses,
        },
    },
};

use super::{Operation, Setting, Tables, Target, on_table};

/// `timeToLive`: when items expire. Another attribute takes two changes, off and on again.
pub(crate) struct TimeToLiveBlock;

/// Expiry of items.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Ttl {
    /// Whether items expire, or are about to.
    pub enabled: bool,
    /// By which attribute.
    pub attribute: Option<String>,
    /// AWS takes up to an hour to change it, and takes no other change in the meantime.
    pub changing: bool,
}

impl Ttl {
    fn by(attribute: Option<String>) -> Self {
        Self { enabled: attribute.is_some(), attribute, changing: false }
    }

    /// By which attribute items expire, if they do.
    fn on(&self) -> Option<&String> {
        self.attribute.as_ref().filter(|_| self.enabled)
    }
}

/// UpdateTimeToLive. AWS wants the attribute named when switching off, too.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct SetTtl {
    pub enabled: bool,
    pub attribute: String,
}

/// `TimeToLiveStatus`: the next change waits for the last.
pub(in crate::table) const STATUSES: Statuses =
    &[("DISABLED", Off), ("DISABLING", Going), ("ENABLED", There), ("ENABLING", Coming)];

impl Block for TimeToLiveBlock {
    type Kind = Tables;
    const NAME: &'static str = "timeToLive";
    const OPERATIONS: &'static [Operation] = &[on_table("DescribeTimeToLive"), on_table("UpdateTimeToLive")];
    type State = Ttl;
    type Call = SetTtl;

    fn initial() -> Ttl {
        Ttl::default()
    }

    fn declared(spec: &TableSpec, _: &Ttl) -> Option<Ttl> {
        spec.time_to_live.as_ref().map(|block| Ttl::by(block.attribute_name.clone().filter(|_| block.enabled)))
    }

    fn same(a: &Ttl, b: &Ttl) -> bool {
        a.on() == b.on()
    }

    async fn read(target: &Target) -> Result<Ttl, Error> {
        let answer = target.client.describe_time_to_live().table_name(&target.table).send().await;
        let answer = answer.map_err(|error| error_of("DescribeTimeToLive", &error))?;
        let Some(found) = answer.time_to_live_description else { return Ok(Ttl::default()) };
        let word = found.time_to_live_status.as_ref().map(TimeToLiveStatus::as_str);
        Ok(Ttl {
            enabled: statuses::is_on(STATUSES, word),
            attribute: found.attribute_name,
            changing: statuses::is_busy(STATUSES, word),
        })
    }

    async fn write(target: &Target, call: &SetTtl) -> Result<(), Error> {
        let specification =
            TimeToLiveSpecification::builder().enabled(call.enabled).attribute_name(&call.attribute).build();
        let call = target.client.update_time_to_live().table_name(&target.table);
        let call = call.time_to_live_specification(specification.map_err(build)?);
        call.send().await.map(drop).map_err(|error| refused(error_of("UpdateTimeToLive", &error)))
    }
}

impl Setting for TimeToLiveBlock {
    fn next(observed: &Ttl, wanted: Ttl) -> SetTtl {
        match observed.on() {
            Some(attribute) => SetTtl { enabled: false, attribute: attribute.clone() },
            None => SetTtl { enabled: true, attribute: wanted.attribute.unwrap_or_default() },
        }
    }

    fn taken(_: &Ttl, call: SetTtl) -> Ttl {
        Ttl { changing: true, ..Ttl::by(Some(call.attribute).filter(|_| call.enabled)) }
    }

    fn display(state: &Ttl) -> Value {
        json!({"enabled": state.on().is_some(), "attributeName": state.on()})
    }

    fn pending(observed: &Ttl) -> Option<Error> {
        observed.changing.then(|| {
            Error::new(
                ErrorKind::Quota,
                Reason::TimeToLivePending,
                "AWS is still applying the last time-to-live change (up to one hour); the next change is sent after \
                 that",
            )
        })
    }
}

/// The one validation error of UpdateTimeToLive that we can run into is its rule of one change an
/// hour, or the same change again: both pass with time and are no mistake of the user's.
pub(crate) fn refused(error: Error) -> Error {
    if error.reason == "ValidationException" {
        return allowance(Reason::TimeToLivePending, "one time-to-live change per hour", &error);
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hour_of_time_to_live_is_no_mistake_of_the_user() {
        let error = refused(Error::user("ValidationException", "Time to live has been modified multiple times"));
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::RateLimited, "TimeToLivePending"));
    }

    #[test]
    fn another_attribute_takes_off_and_on_again() {
        let by = |name: &str| Ttl::by(Some(name.to_owned()));
        let off = TimeToLiveBlock::next(&by("a"), by("b"));
        assert_eq!((off.enabled, off.attribute.as_str()), (false, "a"));
        let observed = TimeToLiveBlock::taken(&by("a"), off);
        assert_eq!(observed, Ttl { enabled: false, attribute: None, changing: true });
        let on = TimeToLiveBlock::next(&observed, by("b"));
        assert_eq!((on.enabled, on.attribute.as_str()), (true, "b"));
    }
}

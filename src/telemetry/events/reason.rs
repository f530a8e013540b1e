//! The reasons of Events. An Event about an error has the reason of the condition instead.

use kube::runtime::events::EventType;

/// An Event that readers can come across.
pub struct EventInfo {
    /// Its reason.
    pub reason: &'static str,
    /// Whether it is a warning.
    pub is_warning: bool,
    /// When it is written.
    pub meaning: &'static str,
}

macro_rules! events {
    ($($name:ident: $type:ident, $meaning:literal;)+) => {
        /// The reason of an Event.
        #[derive(Clone, Copy, Debug)]
        pub(super) enum EventReason {
            $(#[doc = $meaning] $name,)+
        }

        impl EventReason {
            /// The reason of the Event.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }

            pub fn type_(self) -> EventType {
                match self {
                    $(Self::$name => EventType::$type,)+
                }
            }
        }

        /// Every Event that does not have the reason of a condition.
        pub const EVENTS: &[EventInfo] = &[
            $(EventInfo {
                reason: stringify!($name),
                is_warning: matches!(EventType::$type, EventType::Warning),
                meaning: $meaning,
            },)+
        ];
    };
}

events! {
    Created: Normal, "The bucket or table was created";
    Recreated: Warning, "The bucket or table was deleted outside of Kubernetes and was created again, empty";
    Adopted: Normal, "The object manages a bucket or table that existed before";
    TookBack: Normal, "The object manages a bucket or table again that an earlier object of its name had";
    Updated: Normal, "A change of the spec was applied to a bucket or table that was Ready";
    Approved: Normal, "A plan was approved and is being applied";
    DriftCorrected: Normal, "A change outside of Kubernetes was corrected";
    DriftRepeated: Warning, "A change outside of Kubernetes was corrected, as at least once before";
    Deleted: Normal, "AWS accepted the request to delete the bucket or table";
    Released: Normal, "The object was deleted, and the bucket or table is kept in AWS";
}

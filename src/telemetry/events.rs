mod reason;

use std::time::Duration;

use kube::{
    Client, Resource,
    runtime::events::{Event, EventType, Recorder, Reporter},
};

use crate::managed::change::{Change, printable};

pub use reason::{EVENTS, EventInfo};

use reason::EventReason;

/// An Event of an object, as `kubectl describe` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectEvent {
    type_: EventType,
    reason: String,
    /// kube's recorder folds Events of one reason and action within six minutes and drops the later
    /// text, so what tells two of them apart (the path) goes in here.
    action: String,
    text: String,
}

impl ObjectEvent {
    /// The resource was created.
    pub fn created(resource: &str, region: &str) -> Self {
        Self::of(EventReason::Created, "Create", format!("Created {resource} in {region}"))
    }

    /// The resource was gone and has been created again; `text` says what that means.
    pub fn recreated(text: String) -> Self {
        Self::of(EventReason::Recreated, "Create", text)
    }

    /// What the spec declares was changed in AWS.
    pub fn updated(block: &str, changes: &str) -> Self {
        Self::of(EventReason::Updated, block, changes.to_owned())
    }

    /// A resource that existed is this object's from now on; `former` is the object that released it, if one did.
    pub fn adopted(resource: &str, former: Option<&str>) -> Self {
        let released = former.map(|former| format!(", released earlier by {former}")).unwrap_or_default();
        Self::of(EventReason::Adopted, "Adopt", format!("Adopted {resource}{released}"))
    }

    /// What an earlier object of this name had is this object's from now on; `released` says that it had let it go.
    pub fn took_back(resource: &str, former: &str, released: bool) -> Self {
        let how = if released { ", released earlier by" } else { " from an earlier" };
        Self::of(EventReason::TookBack, "Adopt", format!("Took back {resource}{how} {former}"))
    }

    /// AWS was asked to delete the resource.
    pub fn deleted(resource: &str) -> Self {
        Self::of(EventReason::Deleted, "Delete", format!("Deleted {resource}"))
    }

    /// The object goes, and the resource stays.
    pub fn released(resource: &str) -> Self {
        Self::of(EventReason::Released, "Release", format!("Kept {resource} in AWS (deletionPolicy: Retain)"))
    }

    /// Somebody approved a plan.
    pub fn approved(hash: &str) -> Self {
        Self::of(EventReason::Approved, hash, format!("Applying approved plan {hash}"))
    }

    /// Drift was corrected; `repeated` says that it is not the first time.
    pub fn drift_corrected(change: &Change, repeated: bool) -> Self {
        let reason = if repeated { EventReason::DriftRepeated } else { EventReason::DriftCorrected };
        Self::of(reason, &change.path, change.to_string())
    }

    /// Something is in the way: time may heal it, or only the user can.
    pub fn trouble(reason: &str, message: &str) -> Self {
        Self {
            type_: EventType::Warning,
            reason: reason.to_owned(),
            action: "Reconcile".into(),
            text: message.to_owned(),
        }
    }

    fn of(reason: EventReason, action: &str, text: String) -> Self {
        Self { type_: reason.type_(), reason: reason.as_str().to_owned(), action: action.to_owned(), text }
    }
}

/// Publishes Events, without ever failing or delaying a reconciliation: in a namespace that is going away the
/// API server refuses them, and a finalizer that waited for one would stick.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

/// How long publishing may take before it is given up.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The API server's limits (events.k8s.io/v1: action and reason 128 characters, note 1 kB).
const MAX_WORD_LENGTH: usize = 128;
const MAX_TEXT_LENGTH: usize = 1000;

impl Events {
    /// Publishes as this operator.
    pub fn new(client: Client) -> Self {
        let reporter = Reporter { controller: "musubi".into(), instance: std::env::var("POD_NAME").ok() };
        Self { recorder: Recorder::new(client, reporter) }
    }

    /// Publishes in the background.
    pub fn publish<K: Resource<DynamicType = ()>>(&self, object: &K, note: ObjectEvent) {
        let recorder = self.recorder.clone();
        let reference = object.object_ref(&());
        tokio::spawn(async move {
            let event = Event {
                type_: note.type_,
                reason: cut(&printable(&note.reason), MAX_WORD_LENGTH),
                note: Some(cut(&printable(&note.text), MAX_TEXT_LENGTH)),
                action: cut(&printable(&note.action), MAX_WORD_LENGTH),
                secondary: None,
            };
            match tokio::time::timeout(TIMEOUT, recorder.publish(&event, &reference)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, reason = event.reason, "Event not published"),
                Err(_) => tracing::debug!(reason = event.reason, "Event not published in time"),
            }
        });
    }
}

fn cut(text: &str, bytes: usize) -> String {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{ObjectEvent, cut};

    #[test]
    fn what_became_of_a_resource_is_told_with_both_names() {
        let told = |event: ObjectEvent| format!("{}: {}", event.reason, event.text);
        let (resource, object) = ("DynamoDB table orders", "Table shop/orders");
        assert_eq!(
            told(ObjectEvent::released(resource)),
            "Released: Kept DynamoDB table orders in AWS (deletionPolicy: Retain)"
        );
        assert_eq!(
            told(ObjectEvent::took_back(resource, object, true)),
            "TookBack: Took back DynamoDB table orders, released earlier by Table shop/orders"
        );
        assert_eq!(
            told(ObjectEvent::took_back(resource, object, false)),
            "TookBack: Took back DynamoDB table orders from an earlier Table shop/orders"
        );
        assert_eq!(told(ObjectEvent::adopted(resource, None)), "Adopted: Adopted DynamoDB table orders");
        assert_eq!(
            told(ObjectEvent::adopted(resource, Some(object))),
            "Adopted: Adopted DynamoDB table orders, released earlier by Table shop/orders"
        );
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("aüb", 2), "a");
        assert_eq!(cut("aüb", 3), "aü");
        assert_eq!(cut("short", 100), "short");
    }
}

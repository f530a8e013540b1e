//! `conditions.md`: the conditions, how they combine, and every reason.

use std::fmt::Write as _;

use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Condition, jiff::Timestamp};

use crate::{
    api::Status,
    managed::{
        conditions::{Outcome, READY, RECONCILING, STALLED, SYNCED, conditions},
        error::{Error, ErrorKind},
        reason::{Actor, Reason},
    },
};

use super::markdown::{cell, page, prose, sentence, table};

const ABOUT: &str = "\
Each Bucket and Table has the conditions Ready and Synced. While the operator works on an object, it also has the condition
Reconciling. While you must act, it has the condition Stalled. Each condition has a reason and a message:

```text
kubectl describe buckets.s3.musubi.dev NAME
```

`kubectl wait --for=condition=Ready`, `helm install --wait`, Flux and other clients of kstatus work without configuration.";

const MEANINGS: [[&str; 3]; 4] = [
    [
        READY,
        "The bucket or table exists and is usable, and its connection Secret is written.",
        "False: it does not exist, is not usable yet, or does not belong to this object. Unknown: Musubi could not find out.",
    ],
    [
        SYNCED,
        "AWS matches the spec.",
        "False: AWS does not match the spec. Unknown: Musubi does not check, because `managementPolicy` is Paused.",
    ],
    [RECONCILING, "Musubi is working on it, or waits for AWS. It needs nothing from you.", "The condition is absent."],
    [STALLED, "You or your administrator must act. The reason says who.", "The condition is absent."],
];

const COMBINED: &str = "\
An object that is in sync has Ready True and Synced True, both with reason [InSync](#insync). It has neither Reconciling nor
Stalled. Reconciling and Stalled are never there at the same time.

In these tables, \"unchanged\" means that Ready keeps the value from before. An object that is Ready stays Ready while you edit
it, and while AWS is unreachable. The value in parentheses is that of an object that was never Ready.";

const RETRIES: &str = "\
Musubi retries after one second, then after twice the time, up to five minutes. While you must act, it retries at least once
an hour. It retries at once when you edit the object, or when you set the annotation
[`musubi.dev/reconcile-at`](metadata.md#annotations).

Some rejections by AWS often resolve by themselves. For five minutes, counted from the time in `status.refusedSince`, they are
Reconciling. After that they are Stalled:

- A permission or credentials are missing. IAM can take minutes to apply a new permission.
- The spec refers to something that does not exist yet, such as a queue, a role, a key or the versioning of another bucket.";

const AWS_CODES: &str = "\
All other reasons are error codes of AWS, such as `AccessDenied`. The message quotes AWS and says what to do. Common ones:

| Code | Meaning | Who must act |
| --- | --- | --- |
| `AccessDenied`, `AccessDeniedException` | A permission is missing. The message says which kind of policy denies it, as far as AWS reports it. | Your administrator |
| `AccessDenied` for GetBucketTagging | The bucket name probably belongs to another AWS account. | You |
| `InvalidRequest` for replication | The destination bucket has no versioning yet. | You |
| `InvalidTargetBucketForLogging` | The log bucket does not exist yet. | You |
| `InvalidArgument` for notifications | The queue, topic or function does not exist yet, or does not allow S3 to use it. | You |
| `MalformedPolicy` with an invalid principal | A role or user in the policy does not exist yet. | You |";

pub(super) fn markdown() -> String {
    let mut out = page("Conditions and reasons", ABOUT);
    out.push_str("\n## Conditions\n\n");
    table(&mut out, ["Condition", "When it is True", "Otherwise"], MEANINGS.map(|row| row.map(str::to_owned)));
    let _ = write!(out, "\n## How conditions combine\n\n{COMBINED}\n\n### Resolves by itself\n\n");
    combinations(&mut out, true);
    out.push_str("\n### Needs your action\n\n");
    combinations(&mut out, false);
    let _ = write!(out, "\n### Retries\n\n{RETRIES}\n");
    reasons(&mut out);
    let _ = write!(out, "\n## Error codes of AWS\n\n{AWS_CODES}\n");
    out
}

/// States that readers tell apart, each with an outcome that shows it.
fn states() -> Vec<(bool, &'static str, Option<Reason>, Outcome)> {
    let error = |kind| Error::new(kind, Reason::Internal, "");
    let of = |reason: Reason| Error::user(reason, "");
    vec![
        (true, "AWS is creating it", Some(Reason::Creating), Outcome::Creating),
        (true, "A change is being applied", Some(Reason::Updating), Outcome::Updating(String::new())),
        (
            true,
            "It is usable, and AWS builds an index or a replica, or applies the next change later",
            None,
            Outcome::Serving(error(ErrorKind::Pending)),
        ),
        (
            true,
            "AWS throttles, does not respond or reports a conflict; or a rejection is less than five minutes old",
            None,
            Outcome::Retrying(error(ErrorKind::Transient)),
        ),
        (true, "AWS is deleting it", Some(Reason::Deleting), Outcome::Deleting(None)),
        (
            false,
            "A change requires approval",
            Some(Reason::ApprovalRequired),
            Outcome::Stalled(of(Reason::ApprovalRequired)),
        ),
        (
            false,
            "The spec or the state in AWS prevents reconciliation, or a rejection is older than five minutes",
            None,
            Outcome::Stalled(of(Reason::InvalidRequest)),
        ),
        (
            false,
            "Another object or tool owns the bucket or table",
            Some(Reason::OwnedByAnother),
            Outcome::Stalled(of(Reason::OwnedByAnother)),
        ),
        (
            false,
            "AWS accepts a write but does not apply it",
            Some(Reason::WriteLoop),
            Outcome::WriteLoop(String::new()),
        ),
        (false, "The deletion is blocked", None, Outcome::DeletionBlocked(of(Reason::Internal))),
        (false, "Plan: AWS differs from the spec", Some(Reason::Drifted), Outcome::Drifted(String::new())),
        (false, "Plan: it does not exist in AWS", Some(Reason::Drifted), Outcome::Missing(String::new())),
        (false, "`managementPolicy: Paused`", Some(Reason::Paused), Outcome::Paused),
        (
            false,
            "It was deleted or released, and the finalizer of another controller keeps the object",
            Some(Reason::Released),
            Outcome::LetGo { reason: Reason::Released, message: String::new() },
        ),
    ]
}

/// What conditions are, as the operator itself derives them: those of an object that was Ready before, and those of one
/// that never was.
fn combinations(out: &mut String, by_itself: bool) {
    let rows = states().into_iter().filter(|state| state.0 == by_itself).map(|(_, state, reason, outcome)| {
        let now = Timestamp::UNIX_EPOCH;
        let first = conditions(&Status::default(), &outcome, 1, now);
        let ready =
            Status { conditions: conditions(&Status::default(), &Outcome::InSync, 1, now), ..Status::default() };
        let later = conditions(&ready, &outcome, 2, now);
        let (fresh, kept) = (value(&first, READY), value(&later, READY));
        let ready = if fresh == kept { fresh.to_owned() } else { format!("unchanged ({fresh})") };
        let set = |type_: &str| if value(&later, type_) == "True" { "True" } else { "" };
        let also = [RECONCILING, STALLED].into_iter().find(|type_| !set(type_).is_empty()).unwrap_or("none");
        let reason = reason.map_or_else(|| "[several](#reasons)".to_owned(), |reason| link(&reason));
        [cell(state), ready, value(&later, SYNCED).to_owned(), also.to_owned(), reason]
    });
    table(out, ["State", "Ready", "Synced", "Also True", "Reason"], rows);
}

fn value<'a>(conditions: &'a [Condition], type_: &str) -> &'a str {
    conditions.iter().find(|condition| condition.type_ == type_).map_or("", |condition| condition.status.as_str())
}

fn link(reason: &Reason) -> String {
    format!("[{reason}](#{})", reason.as_str().to_lowercase())
}

/// A heading for each reason, so that each can be linked to.
fn reasons(out: &mut String) {
    let mut all: Vec<_> =
        Reason::OURS.iter().flat_map(|entry| entry.reasons.iter().map(move |reason| (reason, entry))).collect();
    all.sort_by_key(|(reason, _)| reason.as_str());
    out.push_str("\n## Reasons\n\nReasons are part of the API: scripts and alerts may compare them.\n\n");
    let by_actor = Actor::ALL.map(|actor| {
        let own = all.iter().filter(|(reason, _)| reason.actor() == Some(actor));
        [actor.as_str().to_owned(), own.map(|(reason, _)| link(reason)).collect::<Vec<_>>().join(", ")]
    });
    table(out, ["Who must act", "Reasons"], by_actor);
    for (reason, entry) in all {
        let actor = reason.actor().map_or("", Actor::as_str);
        let _ = write!(
            out,
            "\n### {reason}\n\n{}\n\n- What to do: {}\n- Who must act: {actor}.\n",
            prose(&sentence(entry.meaning)),
            prose(&sentence(entry.remedy)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables have one column for both conditions, and agree with who must act.
    #[test]
    fn what_resolves_by_itself_is_never_stalled_and_asks_for_nobody() {
        for (by_itself, state, reason, outcome) in states() {
            let actor = reason.and_then(|reason| reason.actor());
            assert!(actor.is_none_or(|actor| by_itself == (actor == Actor::Nobody)), "{state}: {actor:?}");
            let conditions = conditions(&Status::default(), &outcome, 1, Timestamp::UNIX_EPOCH);
            assert!(!by_itself || value(&conditions, STALLED).is_empty(), "{state}");
            assert!(by_itself || value(&conditions, RECONCILING).is_empty(), "{state}");
        }
    }
}

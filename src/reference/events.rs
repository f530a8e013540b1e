//! `events.md`: every Event.

use crate::telemetry::EVENTS;

use super::markdown::{cell, page, sentence, table};

const ABOUT: &str = "The operator writes Events on Bucket and Table objects. `kubectl describe` shows them, and Kubernetes \
                     deletes them after an hour by default. Do not rely on Events in scripts: use \
                     [conditions](conditions.md).\n\nEvents report changes and new problems. Nothing is written while an \
                     object stays as it is. One reconciliation writes at most ten Events about changes to settings, and the \
                     log has all of them.";

const PROBLEMS: &str = "\n## Events about problems\n\nA new problem is a `Warning` with the reason and the message of the \
                        condition `Stalled` or `Synced`. [Conditions](conditions.md#reasons) lists these reasons.\n";

pub(super) fn markdown() -> String {
    let mut out = page("Events", ABOUT);
    out.push_str("\n## Events about changes\n\n");
    let rows = EVENTS.iter().map(|event| {
        let type_ = if event.is_warning { "Warning" } else { "Normal" };
        [format!("`{}`", event.reason), type_.to_owned(), cell(&sentence(event.meaning))]
    });
    table(&mut out, ["Reason", "Type", "Written when"], rows);
    out + PROBLEMS
}

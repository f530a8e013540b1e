//! `docs/reference/`: pages that are generated from the code, one file for each.
//!
//! Only tests call it (`tests/generated.rs`), so nothing of it is in the binary.

pub mod cli;
mod conditions;
mod events;
mod fields;
mod iam;
mod kind;
mod markdown;
mod metadata;
mod metrics;
mod sketch;

pub use markdown::{cell, page};

use crate::kinds;

/// Every page that needs no more than the library, each with its file in `docs/reference/`.
///
/// # Errors
/// When a derived schema cannot be read back as JSON, which is a mistake in the types.
pub fn pages() -> serde_json::Result<Vec<(String, String)>> {
    let mut pages = Vec::new();
    for kind in kinds::ALL {
        pages.push((format!("{}.md", kind.noun), kind::markdown(kind)?));
    }
    pages.extend(
        [
            ("conditions.md", conditions::markdown()),
            ("events.md", events::markdown()),
            ("metadata.md", metadata::markdown()),
            ("metrics.md", metrics::markdown()),
            ("iam.md", iam::markdown()),
        ]
        .map(|(file, text)| (file.to_owned(), text)),
    );
    Ok(pages)
}

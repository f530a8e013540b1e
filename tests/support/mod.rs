//! What the test targets share: files of the repository, programs, and the rig.

#![allow(dead_code, reason = "each target uses a part of it")]

pub mod golden;
pub mod localstack;
pub mod pages;
pub mod programs;
pub mod rig;

use std::path::Path;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A text file of the repository.
pub fn read(file: impl AsRef<Path>) -> String {
    let path = root().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

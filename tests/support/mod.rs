//! What the test targets share: files of the repository, programs, and the rig.

#![allow(dead_code, reason = "each target uses a part of it")]

pub mod golden;
pub mod localstack;
pub mod pages;
pub mod programs;
pub mod rig;

use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A text file of the repository.
pub fn read(file: impl AsRef<Path>) -> String {
    let path = root().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files below a folder with this extension, in the order of their paths.
pub fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries
        .flat_map(|entry| if entry.is_dir() { files_below(&entry, extension) } else { vec![entry] })
        .filter(|file| file.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

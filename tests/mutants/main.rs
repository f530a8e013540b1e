//! Errors on purpose: each mistake that the code once made about AWS, and each that its design must keep out, put in
//! under a name, is caught by a test.
//!
//! No switch for this is in the operator. The test copies the sources, puts the mistakes of `list` into the copy, each
//! behind a name, compiles the library's tests of the copy once, and runs those that should notice under each name in
//! turn (what is called mutant schemata: one compile for all of them).
//!
//! `cargo test --test mutants -- --nocapture` prints which mistake is caught by what.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

mod copy;
mod list;
mod run;
#[path = "../support/mod.rs"]
mod support;

use list::{Mutant, ROWS, WITHOUT};
use support::{files_below, read, root};

/// The names of all functions of a text that are tests.
fn tests_in(text: &str) -> impl Iterator<Item = &str> {
    let after = ["#[test]", "#[tokio::test"].into_iter().flat_map(|attribute| text.split(attribute).skip(1));
    after.filter_map(|rest| rest.split_once("fn ")?.1.split('(').next())
}

#[test]
fn every_mutant_fits_its_source_and_names_tests_that_there_are() {
    let sources: Vec<String> = files_below(&root().join("src"), "rs").iter().map(read).collect();
    let tests: BTreeSet<&str> = sources.iter().flat_map(|text| tests_in(text)).collect();
    let (mut names, mut wrong, mut places) = (BTreeSet::new(), Vec::new(), Vec::new());
    for Mutant { name, file, right, wrong: with, caught_by, .. } in list::all() {
        let text = read(root().join(file));
        let found: Vec<usize> = text.match_indices(right).map(|(at, _)| at).collect();
        match found[..] {
            [at] => places.push((file, at, at + right.len(), name)),
            _ => wrong.push(format!("{name}: {file} has {right:?} {} times", found.len())),
        }
        if !names.insert(name) || !with.contains(list::SWITCH) {
            wrong.push(format!("{name}: there are two, or nothing switches it"));
        }
        if caught_by.is_empty() {
            wrong.push(format!("{name}: nothing catches it"));
        }
        for test in *caught_by {
            if !test.rsplit("::").next().is_some_and(|last| tests.contains(last)) {
                wrong.push(format!("{name}: there is no test {test}"));
            }
        }
    }
    places.sort_unstable();
    for pair in places.windows(2) {
        if let [(one, _, end, before), (other, at, _, name)] = pair
            && one == other
            && at < end
        {
            wrong.push(format!("{name}: it overlaps with {before}, say one of them with less text"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_row_has_a_mutant_or_a_reason_why_not() {
    let without: BTreeSet<&str> = WITHOUT.iter().map(|without| without.row).collect();
    let covered: BTreeSet<&str> = list::all().flat_map(|mutant| mutant.row.split_whitespace()).collect();
    for row in ROWS {
        assert_ne!(covered.contains(row), without.contains(row), "row {row} has one or the other");
    }
    assert!(
        covered.iter().chain(&without).all(|row| ROWS.contains(row)),
        "rows that there are: {covered:?} {without:?}"
    );
    for without in WITHOUT {
        let text = read(root().join(without.file));
        assert!(tests_in(&text).any(|test| test == without.test), "row {}: {} is no test", without.row, without.test);
    }
}

#[test]
fn every_mutant_is_caught() {
    let tests = run::compiled(&copy::mutated());
    let all: BTreeSet<&str> = list::all().flat_map(|mutant| mutant.caught_by).copied().collect();
    let found = tests.run(None, &all);
    assert!(found.failed.is_empty() && found.passed.len() == all.len(), "without a mutant: {found:?} of {all:?}");
    let mut survivors = Vec::new();
    for Mutant { name, row, caught_by, .. } in list::all() {
        let found = tests.run(Some(name), &caught_by.iter().copied().collect());
        if found.failed.len() == caught_by.len() {
            println!("{row:>5}: {name}: caught by {}", found.failed.join(", "));
        } else {
            survivors.push(*name);
            println!("{row:>5}: {name}: NOT caught by each: {found:?}");
        }
    }
    for without in WITHOUT {
        println!("{:>5}: no mutant, since {}: {} {}", without.row, without.why, without.file, without.test);
    }
    assert!(survivors.is_empty(), "not caught: {}", survivors.join(", "));
}

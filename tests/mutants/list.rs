//! The mistakes, by area, and the rows of the list of departures from AWS that they stand for: numbers are what a review
//! found, letters what bug reports about other tools showed when they were tried here.

mod aws;
mod buckets;
mod managed;
mod proofs;
mod tables;

/// What stands in `wrong` for "this mistake is switched on".
pub const SWITCH: &str = "MUTATED";

/// A mistake.
pub struct Mutant {
    /// What it is called.
    pub name: &'static str,
    /// The rows that it stands for, with spaces between them; none if no departure stands behind it.
    pub row: &'static str,
    /// Where it is made.
    pub file: &'static str,
    /// What stands there, once.
    pub right: &'static str,
    /// What stands there in the copy: the same, unless [`SWITCH`].
    pub wrong: &'static str,
    /// Tests of the library that notice, each of them.
    pub caught_by: &'static [&'static str],
}

/// All rows.
pub const ROWS: [&str; 41] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "A", "B", "C",
    "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P", "Q", "R", "S", "T", "U", "V", "W",
];

/// A row that no line of Rust can be changed for while the operator runs, and the test that holds it.
pub struct Without {
    pub row: &'static str,
    pub why: &'static str,
    pub file: &'static str,
    pub test: &'static str,
}

pub const WITHOUT: &[Without] = &[
    Without {
        row: "17",
        why: "it is features of aws-config in Cargo.toml",
        file: "src/aws/profiles.rs",
        test: "profiles_of_laptops_are_read",
    },
    Without {
        row: "K",
        why: "it is types of lists in the schema, which the API server heeds",
        file: "tests/integration/off_values.rs",
        test: "one_apply_is_enough_for_every_off_value",
    },
    Without {
        row: "S",
        why: "it is rules of the schema, which the API server heeds",
        file: "tests/integration/refusals.rs",
        test: "what_was_not_made_can_get_another_name_and_other_keys",
    },
];

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Mutant> {
    aws::MUTANTS.iter().chain(managed::MUTANTS).chain(proofs::MUTANTS).chain(buckets::MUTANTS).chain(tables::MUTANTS)
}

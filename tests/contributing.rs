//! The justfile is a list of short names for the commands in CONTRIBUTING.md, and has no command of its own.

// A test that cannot go on says why and fails.
#![allow(clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeMap;

use support::read;

/// Recipes with their commands, without the arguments that a caller may append.
fn recipes(justfile: &str) -> BTreeMap<String, String> {
    let mut recipes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut name = "";
    for line in justfile.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
        if line.starts_with(' ') {
            let command = line.trim().trim_end_matches("{{args}}").trim_end();
            recipes.entry(name.to_owned()).or_default().push(command.to_owned());
        } else {
            name = line.split([' ', ':']).next().unwrap_or_default();
        }
    }
    recipes.remove("default");
    recipes.into_iter().map(|(name, commands)| (name, commands.join(" && "))).collect()
}

/// Rows such as "| `just up` | `./localstack/up` | what it does |".
fn documented(contributing: &str) -> BTreeMap<String, String> {
    let rows = contributing.lines().filter_map(|line| line.strip_prefix("| `just ")?.split_once("` | `"));
    rows.map(|(name, rest)| (name.to_owned(), rest.split('`').next().unwrap_or_default().to_owned())).collect()
}

#[test]
fn each_recipe_is_a_command_of_the_guide_and_each_command_has_a_recipe() {
    let (recipes, documented) = (recipes(&read("justfile")), documented(&read("CONTRIBUTING.md")));
    assert!(recipes.len() > 10, "{recipes:?}");
    assert_eq!(recipes, documented, "the justfile left, CONTRIBUTING.md right");
}

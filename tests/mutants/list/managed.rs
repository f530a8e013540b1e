//! What the reconciler makes of what AWS says and shows.

use super::Mutant;

const SINCE: &str =
    "managed::conditions::tests::a_refusal_counts_from_when_it_began_and_not_from_when_the_object_was_last_in_sync";
const MINUTES: &str = "managed::conditions::tests::a_refusal_is_aws_being_slow_for_five_minutes_and_a_mistake_after";
const HEALS: &str = "managed::decide::tests::refusals::what_another_change_may_heal_is_reconciling_for_five_minutes_and_never_waits_an_hour";
const GUARD: &str = "managed::decide::tests::refusals::a_guard_that_was_opened_a_moment_ago_stays_open";
const SPREADS: &str = "managed::history::tests::a_write_spreads_until_it_was_seen_or_its_time_is_over";
const SLOWER: &str =
    "managed::history::tests::a_write_that_never_shows_is_made_after_four_minutes_then_eight_and_hourly_in_the_end";
const NEVER: &str = "simulation::never_shown::a_write_that_never_shows_is_made_three_times_and_then_ever_more_slowly";
const SHOWN: &str = "managed::policy_document::shown::tests::canonical_users_and_unique_ids_are_shown_by_another_name";

pub const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "GuardClosesAtOnce",
        row: "1",
        file: "src/managed/decide/writes.rs",
        right: "let opens = self.history.wrote_within(guard, GUARD_OPENS, self.now);",
        wrong: "let opens = !MUTATED && self.history.wrote_within(guard, GUARD_OPENS, self.now);",
        caught_by: &[GUARD, "simulation::families::a_guard_that_was_opened_stays_open_until_aws_heeds_it"],
    },
    Mutant {
        name: "GuardStandsForEver",
        row: "1",
        file: "src/managed/decide/writes.rs",
        right: "opens.then(|| {",
        wrong: "(MUTATED || opens).then(|| {",
        caught_by: &[GUARD],
    },
    Mutant {
        name: "UndoCounts",
        row: "1",
        file: "src/managed/history.rs",
        right: "trail.unseen = trail.unseen.saturating_sub(1)",
        wrong: "trail.unseen = trail.unseen.saturating_sub(u32::from(!MUTATED))",
        caught_by: &["managed::history::tests::a_write_that_we_took_back_ourselves_is_no_loop"],
    },
    Mutant {
        name: "PrematureStallsAtOnce",
        row: "2 Q",
        file: "src/managed/conditions.rs",
        right: "class if is_refusal(class) && lasts =>",
        wrong: "class if is_refusal(class) && (MUTATED || lasts) =>",
        caught_by: &[MINUTES, HEALS],
    },
    Mutant {
        name: "PrematureNeverStalls",
        row: "2",
        file: "src/managed/conditions.rs",
        right: "Class::Denied | Class::Credentials | Class::Premature)",
        wrong: "Class::Denied | Class::Credentials | Class::Premature) && !(MUTATED && class == Class::Premature)",
        caught_by: &[HEALS],
    },
    Mutant {
        name: "SystemTagsTakenOff",
        row: "5",
        file: "src/managed/tagging.rs",
        right: "declared.contains_key(key) || is_system(key)",
        wrong: "declared.contains_key(key) || (!MUTATED && is_system(key))",
        caught_by: &["managed::tagging::tests::tags_of_aws_are_neither_added_nor_changed_nor_removed"],
    },
    Mutant {
        name: "FreshBelieved",
        row: "9",
        file: "src/managed/decide.rs",
        right: "if !self.pass.wrote.contains(CREATION)",
        wrong: "if MUTATED || !self.pass.wrote.contains(CREATION)",
        caught_by: &[
            "managed::decide::tests::serving::what_a_create_assumes_is_read_once_before_anything_is_said_to_be_in_place",
            "managed::decide::tests::serving::the_proof_of_a_create_confirms_what_it_assumes_in_the_same_wave",
        ],
    },
    Mutant {
        name: "StaleIsInPlace",
        row: "10",
        file: "src/managed/decide/writes.rs",
        right: "blocks.filter(|block| !steps.iter()",
        wrong: "blocks.filter(|block| !MUTATED && !steps.iter()",
        caught_by: &["managed::decide::tests::serving::a_look_that_may_be_older_than_the_last_write_ends_no_reset"],
    },
    Mutant {
        name: "StaleIsDrift",
        row: "10",
        file: "src/managed/decide/writes.rs",
        right: "self.history.is_spreading(step.block",
        wrong: "!MUTATED && self.history.is_spreading(step.block",
        caught_by: &[
            "managed::decide::tests::serving::what_s3_does_not_show_yet_is_looked_at_again_and_not_written_again",
            "simulation::families::what_s3_does_not_show_yet_is_written_once",
        ],
    },
    Mutant {
        name: "SeenIsForgotten",
        row: "10",
        file: "src/managed/history.rs",
        right: "trail.seen = true;",
        wrong: "trail.seen = !MUTATED;",
        caught_by: &["managed::history::tests::drift_that_was_put_right_and_comes_back_is_no_loop"],
    },
    Mutant {
        name: "SpreadsForEver",
        row: "10",
        file: "src/managed/history.rs",
        right: "self.at.is_some_and(|at| now.duration_since(at) < window)",
        wrong: "self.at.is_some_and(|at| MUTATED || now.duration_since(at) < window)",
        caught_by: &[SPREADS],
    },
    Mutant {
        name: "PrincipalsAsSent",
        row: "11",
        file: "src/managed/policy_document/shown.rs",
        right: r#""CanonicalUser" => is_account_id(shown)"#,
        wrong: r#""CanonicalUser" if MUTATED => false,
            "CanonicalUser" => is_account_id(shown)"#,
        caught_by: &[SHOWN, "bucket::wire::a_policy_that_s3_shows_in_its_own_words_is_in_place"],
    },
    Mutant {
        name: "RoleGoneIsShown",
        row: "11",
        file: "src/managed/policy_document/shown.rs",
        right: "_ => false,",
        wrong: "_ => MUTATED && is_unique_id(shown),",
        caught_by: &["managed::policy_document::shown::tests::a_role_that_is_gone_is_no_other_name_of_it"],
    },
    Mutant {
        name: "GraceFromSynced",
        row: "15",
        file: "src/managed/conditions.rs",
        right: "let since = previous.refused_since.get(fault.reason.as_str())",
        wrong: "let synced = previous.condition(SYNCED).filter(|_| MUTATED).map(|synced| &synced.last_transition_time);
        let since = synced.or(previous.refused_since.get(fault.reason.as_str()))",
        caught_by: &[SINCE],
    },
    Mutant {
        name: "GraceOfEarlierSpec",
        row: "15",
        file: "src/managed/conditions.rs",
        right: ".filter(|_| previous.observed_generation == generation)",
        wrong: ".filter(|_| MUTATED || previous.observed_generation == generation)",
        caught_by: &[MINUTES, HEALS],
    },
    Mutant {
        name: "GraceOfEarlierRefusal",
        row: "15",
        file: "src/managed/decide/report.rs",
        right: "if outcome.is_unrefused() {",
        wrong: "if !MUTATED && outcome.is_unrefused() {",
        caught_by: &["managed::decide::tests::refusals::what_was_refused_and_healed_is_refused_anew"],
    },
    Mutant {
        name: "NoRoomForRelease",
        row: "16",
        file: "src/managed/tagging.rs",
        right: "(MOST_TAGS - 1,",
        wrong: "(MOST_TAGS - usize::from(!MUTATED),",
        caught_by: &["managed::tagging::tests::more_tags_than_aws_takes_are_refused_before_they_are_sent"],
    },
    Mutant {
        name: "NoBrake",
        row: "A",
        file: "src/managed/decide/writes.rs",
        right: "in_vain || self.is_spreading(step)",
        wrong: "!MUTATED && (in_vain || self.is_spreading(step))",
        caught_by: &[NEVER],
    },
    Mutant {
        name: "BrakeEndsWithVisibility",
        row: "A",
        file: "src/managed/decide/writes.rs",
        right: "let in_vain = self.history.rests(step.block",
        wrong: "let in_vain = !MUTATED && self.history.rests(step.block",
        caught_by: &[
            "managed::decide::tests::serving::what_was_written_in_vain_rests_for_longer_than_aws_takes_to_show_a_write",
        ],
    },
    Mutant {
        name: "LoopUntoldWhileBusy",
        row: "A",
        file: "src/managed/decide/living.rs",
        right: ".filter(|_| self.told_of_a_loop())",
        wrong: ".filter(|_| !MUTATED && self.told_of_a_loop())",
        caught_by: &[NEVER],
    },
    Mutant {
        name: "EntriesCountedTogether",
        row: "A",
        file: "src/managed/history.rs",
        right: "(trail.generation == generation && !trail.seen)",
        wrong: "(!MUTATED && trail.generation == generation && !trail.seen)",
        caught_by: &["managed::history::tests::each_entry_of_a_list_is_counted_by_itself"],
    },
    Mutant {
        name: "NothingLoops",
        row: "A",
        file: "src/managed/history.rs",
        right: "!self.seen && self.unseen >= PATIENCE",
        wrong: "!MUTATED && !self.seen && self.unseen >= PATIENCE",
        caught_by: &["managed::history::tests::three_writes_that_never_show_are_a_loop"],
    },
    Mutant {
        name: "RestartForgetsLoops",
        row: "A",
        file: "src/managed/history.rs",
        right: "(known && trail.is_unseen())",
        wrong: "(!MUTATED && known && trail.is_unseen())",
        caught_by: &[SLOWER],
    },
    Mutant {
        name: "PauseDoesNotGrow",
        row: "A",
        file: "src/managed/history.rs",
        right: "2_u32.saturating_pow(times)",
        wrong: "if MUTATED { 1 } else { 2_u32.saturating_pow(times) }",
        caught_by: &[SLOWER],
    },
    Mutant {
        name: "ImportNotLookedAt",
        row: "7 D",
        file: "src/managed/decide/living.rs",
        right: "let import = self.status().import.as_ref()?;",
        wrong: "let import = self.status().import.as_ref().filter(|_| !MUTATED)?;",
        caught_by: &[
            "simulation::later::an_import_with_items_missing_is_told_until_somebody_says_that_it_may_stay_so",
            "simulation::later::an_import_without_errors_is_in_sync_once_it_has_ended",
        ],
    },
    Mutant {
        name: "ImportedAgain",
        row: "D",
        file: "src/managed/decide/living.rs",
        right: "(import.has_failed() && self.status().external.is_none() && !asked)",
        wrong: "(!MUTATED && import.has_failed() && self.status().external.is_none() && !asked)",
        caught_by: &["simulation::later::an_import_that_makes_no_table_is_not_tried_again_unless_asked_for"],
    },
    Mutant {
        name: "NoVersionIsTheSecond",
        row: "F 11",
        file: "src/managed/policy_document/mod.rs",
        right: r#"Value::from("2008-10-17")"#,
        wrong: r#"Value::from(if MUTATED { "2012-10-17" } else { "2008-10-17" })"#,
        caught_by: &["managed::policy_document::tests::a_policy_without_a_version_is_of_the_first"],
    },
    Mutant {
        name: "WhiteSpaceCounts",
        row: "P",
        file: "src/managed/policy_document/form.rs",
        right: "let size = compact(text).len();",
        wrong: "let size = if MUTATED { text.len() } else { compact(text).len() };",
        caught_by: &[
            "managed::policy_document::form::tests::what_aws_would_refuse_for_its_form_is_told_without_asking",
        ],
    },
    Mutant {
        name: "NothingIsCompacted",
        row: "P",
        file: "src/managed/policy_document/form.rs",
        right: "return !matches!(character,",
        wrong: "return MUTATED || !matches!(character,",
        caught_by: &["managed::policy_document::form::tests::white_space_between_words_goes_and_all_else_stays"],
    },
    Mutant {
        name: "GoneAndReady",
        row: "T",
        file: "src/managed/decide/deleting.rs",
        right: "Some(external) if !others.is_empty() =>",
        wrong: "Some(external) if !MUTATED && !others.is_empty() =>",
        caught_by: &[
            "managed::decide::tests::serving::an_object_that_somebody_elses_finalizer_keeps_serves_nothing_any_more",
        ],
    },
];

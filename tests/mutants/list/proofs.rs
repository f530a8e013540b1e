//! What the reconciler must be sure of before it acts, and in which order it acts: whose a resource is, that an object
//! is still the one that was read, that what was asked for is there.
//!
//! No bug report stands behind these: they are the mistakes that the design is there to keep out.

use super::Mutant;

const CREATES: &str =
    "managed::decide::tests::before_a_create_come_absence_the_finalizer_a_live_read_and_the_announcement";
const DELETES: &str = "managed::decide::tests::a_deletion_proves_the_uid_reads_live_deletes_and_sees_it_gone";
const CLAIMS: &str =
    "managed::decide::tests::a_predecessors_thing_is_claimed_once_and_one_that_was_taken_away_is_never_taken_back";
const COUNTED: &str = "managed::decide::tests::approvals::an_approval_is_counted_before_it_is_acted_on";
const POLICY: &str =
    "managed::decide::tests::the_deletion_policy_is_the_one_of_now_whatever_it_was_when_the_deletion_was_blocked";

pub const MUTANTS: &[Mutant] = &[
    // No live read before a create, a write, a deletion or an approval.
    Mutant {
        name: "NoLiveRead",
        row: "",
        file: "src/managed/decide/mod.rs",
        right: "        !self.progress.live\n",
        wrong: "        !self.progress.live && !MUTATED\n",
        caught_by: &[CREATES, DELETES, CLAIMS, COUNTED],
    },
    // Writes to Kubernetes do not test the uid.
    Mutant {
        name: "NoUidTest",
        row: "",
        file: "src/managed/cluster.rs",
        right: r#"json!({"op": "test", "path": "/metadata/uid", "value": self.uid})"#,
        wrong: r#"if MUTATED {
            json!({"op": "test", "path": "/metadata/name", "value": self.name})
        } else {
            json!({"op": "test", "path": "/metadata/uid", "value": self.uid})
        }"#,
        caught_by: &["managed::cluster::tests::every_patch_tests_the_uid_before_it_changes_anything"],
    },
    // A live read takes whatever object bears the name.
    Mutant {
        name: "LiveReadByName",
        row: "",
        file: "src/managed/cluster.rs",
        right: "if object.uid().as_deref() == Some(&self.uid) {",
        wrong: "if MUTATED || object.uid().as_deref() == Some(&self.uid) {",
        caught_by: &["managed::cluster::tests::a_live_read_of_another_object_of_this_name_says_that_ours_is_gone"],
    },
    // "Forbidden" is read as "does not exist".
    Mutant {
        name: "ForbiddenIsAbsent",
        row: "",
        file: "src/managed/reconcile/observe.rs",
        right: "Ok(existence) => self.progress.observation = Some(existence),",
        wrong: "Ok(existence) => self.progress.observation = Some(existence),
            Err(error) if MUTATED && error.kind == crate::managed::error::ErrorKind::Denied => self.progress.observation = Some(Existence::Missing),",
        caught_by: &["simulation::families::a_bucket_that_may_not_be_looked_at_is_not_taken_for_gone"],
    },
    // "Does not exist" is believed right after our own create.
    Mutant {
        name: "NoGrace",
        row: "",
        file: "src/managed/decide/mod.rs",
        right: "made.is_some_and(|made| self.now",
        wrong: "made.is_some_and(|made| !MUTATED && self.now",
        caught_by: &[
            "managed::decide::tests::what_was_made_a_moment_ago_and_is_not_shown_yet_is_neither_made_again_nor_taken_for_gone",
        ],
    },
    // A create without an answer counts as a create that failed.
    Mutant {
        name: "TimeoutIsFailure",
        row: "",
        file: "src/managed/decide/sync/mod.rs",
        right: "let definite = matches!",
        wrong: "let definite = MUTATED || matches!",
        caught_by: &[
            "managed::decide::tests::a_refused_create_leaves_neither_finalizer_nor_intent_and_a_lost_one_leaves_both",
        ],
    },
    // The finalizer goes before AWS says that the resource is gone.
    Mutant {
        name: "FinalizerFirst",
        row: "",
        file: "src/managed/decide/delete/remove.rs",
        right: "        let (tags, observed) = self.observed()?;",
        wrong: "        if MUTATED && self.progress.deleted {
            return Break(Action::RemoveFinalizer);
        }
        let (tags, observed) = self.observed()?;",
        caught_by: &[DELETES],
    },
    // Ready before the Secret is written.
    Mutant {
        name: "ReadyBeforeSecret",
        row: "",
        file: "src/managed/decide/sync/finish.rs",
        right: "            (None, None) => {",
        wrong: "            (None, None) if !MUTATED => {",
        caught_by: &["managed::decide::tests::ready_comes_after_the_secret_and_never_without_it"],
    },
    // The deletion policy is the one that the object had when its deletion was blocked.
    Mutant {
        name: "PolicyEditIgnored",
        row: "",
        file: "src/managed/decide/delete/mod.rs",
        right: "match (self.object.deletion_policy(), self.object.management_policy()) {",
        wrong: "let blocked = MUTATED && self.synced_reason() == Some(Reason::BucketNotEmpty);
        let policy = if blocked { DeletionPolicy::DeleteIfEmpty } else { self.object.deletion_policy() };
        match (policy, self.object.management_policy()) {",
        caught_by: &[POLICY],
    },
    // An approval is not counted, so that its hash stands for the same plan once more.
    Mutant {
        name: "ApprovalTwice",
        row: "",
        file: "src/managed/decide/approve.rs",
        right: "status.approvals += 1;",
        wrong: "status.approvals += i64::from(!MUTATED);",
        caught_by: &[COUNTED],
    },
    // A resource that another uid has claimed is taken back.
    Mutant {
        name: "UidTakenBack",
        row: "",
        file: "src/managed/ownership.rs",
        right: "uid if self.held && !tags",
        wrong: "uid if !MUTATED && self.held && !tags",
        caught_by: &[CLAIMS],
    },
    // The next write does not wait until AWS has finished the last one.
    Mutant {
        name: "TwoWritesInFlight",
        row: "",
        file: "src/managed/decide/sync/mod.rs",
        right: "        Some(match X::transition(observed) {",
        wrong: "        if MUTATED {
            return None;
        }
        Some(match X::transition(observed) {",
        caught_by: &["managed::decide::tests::rest_that_was_seen_once_after_a_write_is_not_believed"],
    },
    // Ownership is not looked at.
    Mutant {
        name: "NoProof",
        row: "",
        file: "src/managed/ownership.rs",
        right: "        let Some(cluster) = tags.get(CLUSTER) else {",
        wrong: "        if MUTATED {
            return ours(By::Uid);
        }
        let Some(cluster) = tags.get(CLUSTER) else {",
        caught_by: &["managed::decide::tests::nothing_is_written_to_what_is_not_ours"],
    },
    // A deletion does not look at the uid.
    Mutant {
        name: "DeleteByName",
        row: "",
        file: "src/managed/ownership.rs",
        right: "self.is_claimed().then(",
        wrong: "(MUTATED || self.is_claimed()).then(",
        caught_by: &["managed::decide::tests::a_deletion_touches_nothing_that_does_not_carry_this_very_uid"],
    },
    // What adopting would change is published to whoever names the resource.
    Mutant {
        name: "PlanOfStrangers",
        row: "",
        file: "src/managed/decide/sync/mod.rs",
        right: "self.conclude_with(&outcome, Status { plan: None, ..self.next_status(&outcome) })",
        wrong: "match (self.identity, &self.progress.observation) {
            (Some(Ok(identity)), Some(Existence::Present { tags, observed })) if MUTATED => {
                let steps = self.plan(identity, tags.as_ref(), observed);
                self.conclude_planned(identity, Some(observed), &steps, &outcome)
            }
            _ => self.conclude_with(&outcome, Status { plan: None, ..self.next_status(&outcome) }),
        }",
        caught_by: &[
            "managed::decide::tests::tenants::of_what_is_nobodys_its_existence_alone_is_told_until_both_have_said_yes",
        ],
    },
    // A spec may name whatever it likes.
    Mutant {
        name: "ReferencesUnchecked",
        row: "",
        file: "src/managed/decide/references.rs",
        right: "if !to_check(",
        wrong: "if MUTATED || !to_check(",
        caught_by: &[
            "managed::decide::tests::tenants::what_a_spec_may_not_name_stops_it_before_anything_is_made_or_written",
            "managed::decide::tests::tenants::what_has_no_tags_of_ours_needs_an_allowance",
        ],
    },
    // An object that asks in vain for a name that another has reserved gives it back.
    Mutant {
        name: "EagerGuard",
        row: "",
        file: "src/managed/names.rs",
        right: "free.then(|| Reservation { names: self, name })",
        wrong: "if MUTATED {
            let reservation = Reservation { names: self, name };
            return if free { Some(reservation) } else { None };
        }
        free.then(|| Reservation { names: self, name })",
        caught_by: &["managed::names::tests::a_reservation_outlives_those_who_ask_for_it_in_vain"],
    },
    // A create is believed to have made what it may only have met.
    Mutant {
        name: "CreateBelieved",
        row: "",
        file: "src/managed/reconcile/perform.rs",
        right: "Ok(Made::Unclear { observed }) => (None, observed),",
        wrong: "Ok(Made::Unclear { observed }) => (MUTATED.then(|| self.context.external.fresh(&step.op).0), observed),",
        caught_by: &["simulation::race::where_a_second_create_succeeds_its_tags_tell_who_was_first"],
    },
    // An announced create counts although AWS has said that the name existed before.
    Mutant {
        name: "IntentOutlivesRefusal",
        row: "",
        file: "src/managed/decide/sync/create.rs",
        right: "        if !self.external.tags_at_creation(self.object) {\n            status.creation_intent = None;",
        wrong: "        if !MUTATED && !self.external.tags_at_creation(self.object) {\n            status.creation_intent = None;",
        caught_by: &["managed::decide::tests::a_name_that_existed_before_voids_the_intent_and_keeps_the_finalizer"],
    },
    // An announced create counts whatever AWS tells of where a resource comes from, and whoever else has announced it.
    Mutant {
        name: "IntentIsEnough",
        row: "",
        file: "src/managed/decide/claims.rs",
        right: "!self.progress.contested && X::bears_out(",
        wrong: "MUTATED || !self.progress.contested && X::bears_out(",
        caught_by: &["managed::decide::tests::an_intent_that_another_object_has_announced_too_proves_nothing"],
    },
    // The whole plan is made again after each call: what it costs grows with the square of a list.
    Mutant {
        name: "PlanAfterEachCall",
        row: "",
        file: "src/managed/decide/sync/work.rs",
        right: "let alone = owned.by() != By::Uid;",
        wrong: "let alone = MUTATED || owned.by() != By::Uid;",
        caught_by: &[
            "managed::decide::tests::all_steps_that_may_run_go_into_one_decision",
            "simulation::growth::a_list_of_calls_costs_no_more_than_its_length",
        ],
    },
    // A namespace is its name.
    Mutant {
        name: "NamespaceByName",
        row: "",
        file: "src/managed/ownership.rs",
        right: "        origin.is_of_earlier_namespace(tag)\n",
        wrong: "        !MUTATED && origin.is_of_earlier_namespace(tag)\n",
        caught_by: &[
            "managed::decide::tests::origins::what_an_earlier_namespace_left_behind_is_claimed_by_nobody_without_two_yeses",
        ],
    },
];

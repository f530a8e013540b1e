//! What AWS's answers mean, partitions, and the IAM policy.

use super::Mutant;

const CODES: &str = "aws::classify::tests::codes_are_classified_by_who_can_help";
const PREMATURE: &str = "aws::classify::tests::what_another_change_may_heal_is_not_the_users_error_at_once";
const CLOCK: &str = "aws::classify::tests::a_clock_that_is_wrong_is_told_from_a_wrong_key";
const BARE: &str = "aws::denial::tests::a_bare_denial_of_the_first_look_leads_with_the_name";
const PARTITIONS: &str = "aws::partitions::tests::every_partition_is_where_the_sdk_looks_for_it";
const CONTENTS: &str =
    "iam::tests::what_buckets_and_tables_hold_is_out_of_reach_unless_asked_for_but_to_see_whether_there_is_any";
const GUIDES: &str = "iam::tests::what_the_guides_of_aws_ask_for_is_granted";
const CONDITIONS: &str = "iam::tests::keys_are_used_by_dynamodb_alone_and_roles_made_for_services_of_its_alone";

pub const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "AccountBlockUnnamed",
        row: "1",
        file: "src/aws/denial.rs",
        right: r#""PutBucketPolicy" => format!("#,
        wrong: r#""PutBucketPolicy" if !MUTATED => format!("#,
        caught_by: &[BARE],
    },
    Mutant {
        name: "PrematureIsFault",
        row: "2",
        file: "src/aws/classify.rs",
        right: "if awaited(operation, code, words).is_some()",
        wrong: "if !MUTATED && awaited(operation, code, words).is_some()",
        caught_by: &[PREMATURE],
    },
    Mutant {
        name: "ReplicationNotAwaited",
        row: "2",
        file: "src/aws/classify.rs",
        right: r#"("PutBucketReplication", "InvalidRequest") =>"#,
        wrong: r#"("PutBucketReplication", "InvalidRequest") if !MUTATED =>"#,
        caught_by: &[PREMATURE],
    },
    Mutant {
        name: "PrincipalNotAwaited",
        row: "2",
        file: "src/aws/classify.rs",
        right: r#"if said("invalid principal")"#,
        wrong: r#"if !MUTATED && said("invalid principal")"#,
        caught_by: &[PREMATURE],
    },
    Mutant {
        name: "KeyNotAwaited",
        row: "2",
        file: "src/aws/classify.rs",
        right: r#"if said("kms validation error")"#,
        wrong: r#"if !MUTATED && said("kms validation error")"#,
        caught_by: &[PREMATURE],
    },
    Mutant {
        name: "KinesisStreamNotAwaited",
        row: "2",
        file: "src/aws/classify.rs",
        right: r#"("EnableKinesisStreamingDestination", "ResourceNotFoundException") =>"#,
        wrong: r#"("EnableKinesisStreamingDestination", "ResourceNotFoundException") if !MUTATED =>"#,
        caught_by: &[PREMATURE],
    },
    Mutant {
        name: "LogBucketNotAwaited",
        row: "2 Q",
        file: "src/aws/classify.rs",
        right: r#"(_, "InvalidTargetBucketForLogging") =>"#,
        wrong: r#"(_, "InvalidTargetBucketForLogging") if !MUTATED =>"#,
        caught_by: &[PREMATURE],
    },
    Mutant {
        name: "QueueNotAwaited",
        row: "2 Q",
        file: "src/aws/classify.rs",
        right: r#"if said("unable to validate the following destination configurations")"#,
        wrong: r#"if !MUTATED && said("unable to validate the following destination configurations")"#,
        caught_by: &[PREMATURE],
    },
    Mutant {
        name: "DecryptNotGranted",
        row: "3",
        file: "src/iam/mod.rs",
        right: ".filter(|(statement, _)| (statement.if_asked)(scope.with))",
        wrong: ".filter(|(statement, action)| !(MUTATED && action == \"kms:Decrypt\") && (statement.if_asked)(scope.with))",
        caught_by: &[GUIDES],
    },
    Mutant {
        name: "OneServiceRole",
        row: "3",
        file: "src/table/operations.rs",
        right: "vec![INSIGHTS.arn(scope), KINESIS.arn(scope)]",
        wrong: "vec![INSIGHTS.arn(scope), if MUTATED { REPLICATION } else { KINESIS }.arn(scope)]",
        caught_by: &[CONDITIONS],
    },
    Mutant {
        name: "KeysViaAnyService",
        row: "3",
        file: "src/table/operations.rs",
        right: r#"via("dynamodb", scope)"#,
        wrong: r#"via(if MUTATED { "*" } else { "dynamodb" }, scope)"#,
        caught_by: &[CONDITIONS],
    },
    Mutant {
        name: "ItemsAlwaysGranted",
        row: "4",
        file: "src/table/operations.rs",
        right: r#"Statement::on("TableItems", |scope| vec![tables(scope)]).if_asked(|with| with.restore)"#,
        wrong: r#"Statement::on("TableItems", |scope| vec![tables(scope)]).if_asked(|with| MUTATED || with.restore)"#,
        caught_by: &[CONTENTS],
    },
    Mutant {
        name: "ImportsAlwaysGranted",
        row: "4",
        file: "src/table/operations.rs",
        right: r#"format!("{bucket}/*")]).collect()
})
.if_asked(|with| with.import)"#,
        wrong: r#"format!("{bucket}/*")]).collect()
})
.if_asked(|with| MUTATED || with.import)"#,
        caught_by: &[CONTENTS],
    },
    Mutant {
        name: "ReplicasAlwaysGranted",
        row: "4",
        file: "src/table/operations.rs",
        right: r#"Statement::on("ReplicasOfTables", |scope| vec![tables(scope)]).if_asked(|with| with.replicas)"#,
        wrong: r#"Statement::on("ReplicasOfTables", |scope| vec![tables(scope)]).if_asked(|with| MUTATED || with.replicas)"#,
        caught_by: &[GUIDES],
    },
    Mutant {
        name: "ObjectsAlwaysGranted",
        row: "4",
        file: "src/bucket/operations.rs",
        right: "|with| with.force_delete",
        wrong: "|with| MUTATED || with.force_delete",
        caught_by: &[CONTENTS],
    },
    Mutant {
        name: "TakenNameUnsaid",
        row: "8",
        file: "src/aws/denial.rs",
        right: r#""GetBucketTagging" => format!("#,
        wrong: r#""GetBucketTagging" if !MUTATED => format!("#,
        caught_by: &[BARE],
    },
    Mutant {
        name: "StaleRevisionIsFault",
        row: "12 W",
        file: "src/aws/classify.rs",
        right: "// Somebody, perhaps an attempt of ours whose answer was lost, is at this very resource.",
        wrong: r#""PolicyNotFoundException" if MUTATED => ErrorKind::User,"#,
        caught_by: &[CODES],
    },
    Mutant {
        name: "TableInUseIsFault",
        row: "12",
        file: "src/aws/classify.rs",
        right: r#"| "ContinuousBackupsUnavailableException" => ErrorKind::Pending,"#,
        wrong: r#"| "ContinuousBackupsUnavailableException" => {
            if MUTATED && code == "TableInUseException" { ErrorKind::User } else { ErrorKind::Pending }
        }"#,
        caught_by: &[CODES],
    },
    Mutant {
        name: "ClockIsDenial",
        row: "12",
        file: "src/aws/classify.rs",
        right: r#""RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => true"#,
        wrong: r#""RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => !MUTATED"#,
        caught_by: &[CODES, CLOCK],
    },
    Mutant {
        name: "OldSignatureIsWrongKey",
        row: "12",
        file: "src/aws/classify.rs",
        right: r#"words.contains("signature expired")"#,
        wrong: r#"(!MUTATED && words.contains("signature expired"))"#,
        caught_by: &[CLOCK],
    },
    Mutant {
        name: "SessionTold",
        row: "14",
        file: "src/aws/error_text.rs",
        right: "let line = without_session(&line);",
        wrong: "let line = if MUTATED { line } else { without_session(&line) };",
        caught_by: &["aws::error_text::tests::the_same_failure_is_told_in_the_same_words_each_time"],
    },
    Mutant {
        name: "PartitionOfArnsUnknown",
        row: "18",
        file: "src/aws/partitions.rs",
        right: "OTHERS.iter().find(|other| other.prefixes.iter().any(begins))",
        wrong: r#"OTHERS.iter().find(|other| !(MUTATED && other.id == "aws-iso-f") && other.prefixes.iter().any(begins))"#,
        caught_by: &[PARTITIONS],
    },
    Mutant {
        name: "PartitionOfRegionsUnknown",
        row: "18",
        file: "src/aws/partitions.rs",
        right: "all.find(|one| is_number",
        wrong: r#"all.find(|one| !(MUTATED && one.id == "aws-iso-e") && is_number"#,
        caught_by: &[PARTITIONS, "aws::regions::tests::a_region_of_another_partition_takes_other_credentials"],
    },
    Mutant {
        name: "OneDomainForAll",
        row: "18",
        file: "src/aws/partitions.rs",
        right: "OTHERS.iter().find(|other| other.id == partition)",
        wrong: "OTHERS.iter().find(|other| !MUTATED && other.id == partition)",
        caught_by: &[PARTITIONS, CONDITIONS],
    },
    Mutant {
        name: "UnreadableIsNotOffered",
        row: "M",
        file: "src/aws/errors.rs",
        right: "if meta.code().is_none() && status.is_some_and(|status| status < 300)",
        wrong: "if !MUTATED && meta.code().is_none() && status.is_some_and(|status| status < 300)",
        caught_by: &["bucket::sdk_tests::an_answer_that_cannot_be_read_says_nothing_of_what_the_endpoint_offers"],
    },
    Mutant {
        name: "UnsendableIsInternal",
        row: "R",
        file: "src/aws/errors.rs",
        right: "SdkError::ConstructionFailure(_) =>",
        wrong: "SdkError::ConstructionFailure(_) if !MUTATED =>",
        caught_by: &["aws::errors::tests::what_cannot_be_sent_is_the_users_to_mend"],
    },
    Mutant {
        name: "FirstPolicyBlamed",
        row: "V",
        file: "src/aws/denial.rs",
        right: "named.max_by_key(|(at, _)| *at)",
        wrong: "named.max_by_key(|(at, _)| if MUTATED { usize::MAX - *at } else { *at })",
        caught_by: &["aws::denial::tests::advice_follows_the_policy_that_aws_names"],
    },
    Mutant {
        name: "WordsOfDenialIgnored",
        row: "V",
        file: "src/aws/denial.rs",
        right: ".map_or(Self::Unsaid, |(_, denial)| denial)",
        wrong: ".map_or(Self::Unsaid, |(_, denial)| if MUTATED { Self::Unsaid } else { denial })",
        caught_by: &[
            "aws::denial::tests::advice_follows_the_policy_that_aws_names",
            "aws::denial::tests::a_key_that_dynamodb_may_not_use_is_named",
        ],
    },
];

use super::*;

const ALL: With = With { force_delete: true, restore: true, import: true, replicas: true };

fn scope(with: With) -> Scope {
    Scope { name_prefix: "shop-".to_owned(), partition: "aws".to_owned(), with, only: Only::default() }
}

fn statements(policy: &Value) -> impl Iterator<Item = &Value> {
    policy["Statement"].as_array().into_iter().flatten()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// Every action that it grants on anything.
fn granted(with: With) -> BTreeSet<String> {
    let policy = policy(&scope(with));
    statements(&policy).flat_map(|statement| texts(&statement["Action"])).map(str::to_owned).collect()
}

fn statement_of(policy: &Value, sid: &str) -> Option<Value> {
    statements(policy).find(|statement| statement["Sid"] == sid).cloned()
}

#[test]
fn roles_keys_backups_and_files_are_narrowed_to_what_is_named_and_nothing_else_is() {
    let only = Only {
        pass_roles: vec!["arn:aws:iam::1:role/copier".to_owned()],
        kms_keys: vec!["arn:aws:kms:eu-west-1:1:key/k".to_owned()],
        restore_from: vec!["arn:aws:dynamodb:*:1:table/shop-orders/backup/*".to_owned()],
        import_from: vec!["arn:aws:s3:::shop-imports".to_owned()],
    };
    let (narrow, usual) = (policy(&Scope { only, ..scope(ALL) }), policy(&scope(ALL)));
    let resources =
        |policy: &Value, sid: &str| statement_of(policy, sid).map(|statement| statement["Resource"].clone());
    for (sid, expected) in [
        ("RolesOfReplication", json!(["arn:aws:iam::1:role/copier"])),
        ("KeysOfTables", json!(["arn:aws:kms:eu-west-1:1:key/k"])),
        ("KeysByDynamoDb", json!(["arn:aws:kms:eu-west-1:1:key/k"])),
        ("KeysOfImports", json!(["arn:aws:kms:eu-west-1:1:key/k"])),
        (
            "TablesFromElsewhere",
            json!(["arn:aws:dynamodb:*:*:table/shop-*", "arn:aws:dynamodb:*:1:table/shop-orders/backup/*"]),
        ),
        ("FilesOfImports", json!(["arn:aws:s3:::shop-imports", "arn:aws:s3:::shop-imports/*"])),
    ] {
        assert_eq!(resources(&narrow, sid), Some(expected), "{sid}");
    }
    for sid in ["Buckets", "Tables", "TableContents", "TableItems", "KinesisStreamsOfTables", "ReplicasOfTables"] {
        assert_eq!(resources(&narrow, sid), resources(&usual, sid), "{sid}");
    }
}

#[test]
fn nothing_is_granted_beyond_the_prefix_and_nothing_by_wildcard() {
    let policy = policy(&scope(ALL));
    for statement in statements(&policy) {
        for action in texts(&statement["Action"]) {
            assert!(!action.contains('*'), "{action}");
        }
        for resource in texts(&statement["Resource"]) {
            let key = resource == "arn:aws:kms:*:*:key/*"
                && (statement["Condition"].is_object() || statement["Action"] == json!(["kms:DescribeKey"]));
            let listed = resource == "*" && statement["Action"] == json!(["kinesis:ListStreams"]);
            let of_aws = ["role/aws-service-role/", "log-group:/aws-dynamodb/"];
            let fixed = of_aws.iter().any(|part| resource.contains(part));
            assert!(resource.contains("shop-") || key || listed || fixed, "{resource}");
        }
    }
}

/// Actions by which AWS lets what buckets and tables hold be read or written (Service Authorization Reference).
fn is_about_contents(action: &str) -> bool {
    let of_items = ["Item", "Query", "Scan", "PartiQL", "GetRecords"];
    let of_objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListBucket"];
    let items = action.starts_with("dynamodb:") && of_items.iter().any(|word| action.contains(word));
    items || of_objects.contains(&action) || action == "s3:DeleteObjectVersion"
}

#[test]
fn what_buckets_and_tables_hold_is_out_of_reach_unless_asked_for_but_to_see_whether_there_is_any() {
    let contents = |with| granted(with).into_iter().filter(|action| is_about_contents(action)).collect::<Vec<_>>();
    assert_eq!(contents(With::default()), ["dynamodb:Scan"]);
    let items = [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
    ];
    assert_eq!(contents(With { restore: true, ..With::default() }), items);
    assert_eq!(contents(With { replicas: true, ..With::default() }), items);
    assert_eq!(contents(With { import: true, ..With::default() }), ["dynamodb:Scan", "s3:GetObject", "s3:ListBucket"]);
    assert_eq!(
        contents(With { force_delete: true, ..With::default() }),
        ["dynamodb:Scan", "s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"]
    );
}

/// The policies and lists of permissions of AWS's own guides, without what no operation of ours calls: each is granted
/// with its flag, and what belongs to a flag is not granted without.
#[test]
fn what_the_guides_of_aws_ask_for_is_granted() {
    let restore = With { restore: true, ..With::default() };
    let import = With { import: true, ..With::default() };
    let replicas = With { replicas: true, ..With::default() };
    for (page, with, actions) in [
        (
            "DynamoDB encryption at rest usage notes, \"Key policy for a customer managed key\"",
            With::default(),
            "kms:Encrypt kms:Decrypt kms:ReEncryptFrom kms:ReEncryptTo kms:GenerateDataKey \
             kms:GenerateDataKeyWithoutPlaintext kms:DescribeKey kms:CreateGrant",
        ),
        (
            "Using IAM with CloudWatch Contributor Insights for DynamoDB, example 1",
            With::default(),
            "iam:CreateServiceLinkedRole dynamodb:UpdateContributorInsights kms:Decrypt",
        ),
        (
            "Using IAM policies for Amazon Kinesis Data Streams and Amazon DynamoDB",
            With::default(),
            "iam:CreateServiceLinkedRole dynamodb:EnableKinesisStreamingDestination kinesis:ListStreams \
             kinesis:PutRecords dynamodb:DescribeKinesisStreamingDestination kinesis:DescribeStreamSummary \
             kinesis:DescribeStream dynamodb:DisableKinesisStreamingDestination",
        ),
        (
            "Using IAM with DynamoDB Backup and Restore, example 1",
            restore,
            "dynamodb:RestoreTableFromBackup dynamodb:PutItem dynamodb:UpdateItem dynamodb:DeleteItem dynamodb:GetItem \
             dynamodb:Query dynamodb:Scan dynamodb:BatchWriteItem",
        ),
        (
            "Requesting a table import in DynamoDB, \"Setting up IAM permissions\"",
            import,
            "dynamodb:ImportTable s3:GetObject s3:ListBucket logs:CreateLogGroup logs:CreateLogStream \
             logs:DescribeLogGroups logs:DescribeLogStreams logs:PutLogEvents logs:PutRetentionPolicy",
        ),
        (
            "Using IAM with DynamoDB global tables",
            replicas,
            "dynamodb:UpdateTable dynamodb:CreateTable dynamodb:CreateTableReplica dynamodb:Scan dynamodb:Query \
             dynamodb:UpdateItem dynamodb:PutItem dynamodb:GetItem dynamodb:DeleteItem dynamodb:BatchWriteItem \
             dynamodb:DeleteTable dynamodb:DeleteTableReplica iam:CreateServiceLinkedRole",
        ),
    ] {
        let granted = granted(with);
        for action in actions.split_whitespace() {
            assert!(granted.contains(action), "{page}: {action}");
        }
    }
    let least = granted(With::default());
    for action in ["RestoreTableFromBackup", "ImportTable", "CreateTableReplica", "UpdateGlobalTableVersion"] {
        assert!(!least.contains(&format!("dynamodb:{action}")), "{action}");
    }
}

/// Conditions as the same pages have them.
#[test]
fn keys_are_used_by_dynamodb_alone_and_roles_made_for_services_of_its_alone() {
    let policy_of = |partition: &str| policy(&Scope { partition: partition.to_owned(), ..scope(ALL) });
    for (partition, service) in [
        ("aws", "dynamodb.*.amazonaws.com"),
        ("aws-cn", "dynamodb.*.amazonaws.com.cn"),
        ("aws-us-gov", "dynamodb.*.amazonaws.com"),
        ("aws-iso-e", "dynamodb.*.cloud.adc-e.uk"),
    ] {
        let keys = statement_of(&policy_of(partition), "KeysByDynamoDb").expect("it is there");
        assert_eq!(keys["Condition"], json!({"StringLike": {"kms:ViaService": service}}));
        assert_eq!(keys["Resource"], json!([format!("arn:{partition}:kms:*:*:key/*")]));
    }
    let policy = policy_of("aws");
    for (sid, service, role) in [
        ("RolesOfDynamoDb", "contributorinsights", "AWSServiceRoleForDynamoDBCloudWatchContributorInsights"),
        ("RolesOfDynamoDb", "kinesisreplication", "AWSServiceRoleForDynamoDBKinesisDataStreamsReplication"),
        ("RoleOfReplicas", "replication", "AWSServiceRoleForDynamoDBReplication"),
    ] {
        let statement = statement_of(&policy, sid).expect(sid);
        let arn = format!("arn:aws:iam::*:role/aws-service-role/{service}.dynamodb.amazonaws.com/{role}");
        assert!(texts(&statement["Resource"]).any(|resource| resource == arn), "{arn}");
        let condition = statement["Condition"]["StringEquals"]["iam:AWSServiceName"].to_string();
        assert!(condition.contains(&format!("\"{service}.dynamodb.amazonaws.com\"")), "{condition}");
    }
}

/// IAM's limit for a managed policy, without white space.
#[test]
fn it_fits_into_a_managed_policy() {
    let length = policy(&scope(ALL)).to_string().len();
    assert!(length <= 6144, "{length}");
}

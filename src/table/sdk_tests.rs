//! What goes over the wire to AWS itself: what no emulator at hand knows or checks.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{
    Observed, Op, Tables, Update,
    blocks::{
        self, Setting,
        contributor_insights::{ContributorInsightsBlock, Insights},
        kinesis_stream::{Destination, KinesisStreamBlock, SetKinesis},
        point_in_time_recovery::{PointInTimeRecoveryBlock, Recovery},
        resource_policy::{Policy, ResourcePolicyBlock},
    },
    plan,
};
use crate::{
    api::{InsightsMode, Managed, Precision, Table},
    aws::{Aws, AwsKind as _},
    managed::{
        error::{Error, ErrorKind},
        identity::Identity,
        observation::{Existence, Reads, Transition},
    },
};

type Asked = Arc<Mutex<Vec<String>>>;

/// Tables in an AWS that answers so, by operation.
fn tables(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> (Tables, Asked) {
    let (aws, asked) = Aws::mock(move |request| {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let (status, body) = answer(target.rsplit('.').next().unwrap_or_default());
        (status, body.to_string())
    });
    (Tables::new(Arc::new(aws)), asked)
}

fn id() -> Identity {
    Identity { region: "eu-west-1".into(), ..Identity::sample("orders") }
}

fn aws_error(code: &str) -> (u16, Value) {
    (400, json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "no"}))
}

/// Operation and body of each call.
fn calls(asked: &Asked) -> Vec<(String, Value)> {
    let lines = asked.lock().expect("no test panics in there").clone();
    lines
        .iter()
        .map(|line| {
            let body = line.find('{').map_or(Value::Null, |at| serde_json::from_str(&line[at..]).expect("JSON"));
            let operation = line.split("x-amz-target=").nth(1).and_then(|rest| rest.split([' ', '{']).next());
            (operation.and_then(|target| target.rsplit('.').next()).unwrap_or_default().to_owned(), body)
        })
        .collect()
}

fn manifest(spec: Value) -> Table {
    let mut json = json!({"partitionKey": {"name": "pk", "type": "S"}});
    json.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
    Table::new("orders", serde_json::from_value(json).expect("a spec"))
}

async fn make(spec: Value, answer: Value) -> (Result<Observed, Error>, Vec<(String, Value)>) {
    let (tables, asked) = tables(move |_| (200, answer.clone()));
    let made = tables.create_resource(&id(), &plan::creation(&manifest(spec), &id()).op).await;
    (made, calls(&asked))
}

async fn perform(op: Op) -> (String, Value) {
    let (tables, asked) = tables(|_| (200, json!({})));
    tables.perform_op(&id(), &op).await.expect("it is taken");
    calls(&asked).remove(0)
}

const CREATING: &str = "CREATING";

#[tokio::test]
async fn a_restored_table_takes_billing_and_encryption_along_and_begins_creating() {
    let answer = json!({"TableDescription": {"TableStatus": CREATING, "TableName": "orders"}});
    let backup = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/backup/01234567890123-0a1b2c3d";
    let spec = json!({"createFrom": {"backup": {"backupArn": backup}}, "provisionedThroughput": {"readCapacityUnits": 1, "writeCapacityUnits": 2},
        "encryption": {"type": "AwsManaged"}, "tags": {"team": "shop"}});
    let (made, calls) = make(spec, answer.clone()).await;
    assert_eq!(made.expect("made").transition, Some(Transition::Creating));
    let wanted = json!({"TargetTableName": "orders", "BackupArn": backup, "BillingModeOverride": "PROVISIONED",
        "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        "SSESpecificationOverride": {"Enabled": true, "SSEType": "KMS"}});
    assert_eq!(calls, [("RestoreTableFromBackup".to_owned(), wanted)]);

    let source = "arn:aws:dynamodb:eu-west-1:111122223333:table/other";
    let past = |time: Option<&str>| json!({"createFrom": {"pointInTime": {"sourceTableArn": source, "restoreDateTime": time}}});
    let (_, calls) = make(past(Some("2026-11-23T10:00:00Z")), answer.clone()).await;
    assert_eq!(calls[0].0, "RestoreTableToPointInTime");
    assert_eq!(calls[0].1["RestoreDateTime"].as_f64(), Some(1_795_428_000.0));
    assert_eq!(
        (&calls[0].1["SourceTableArn"], &calls[0].1["UseLatestRestorableTime"]),
        (&json!(source), &json!(false))
    );
    let (_, calls) = make(past(None), answer.clone()).await;
    assert_eq!(calls[0].1["UseLatestRestorableTime"], json!(true));
    let (made, calls) = make(past(Some("2026-99-99T10:00:00Z")), answer).await;
    assert_eq!(
        made.map_err(|error| (error.kind, error.reason)),
        Err((ErrorKind::User, "InvalidRestoreDateTime".into()))
    );
    assert_eq!(calls, [], "nothing is asked of AWS");
}

#[tokio::test]
async fn an_import_names_files_format_and_table() {
    let from = json!({"bucket": "exports", "bucketOwner": "444455556666", "keyPrefix": "orders/", "inputFormat": "CSV",
        "inputCompressionType": "GZIP", "csv": {"delimiter": ";", "headerList": ["pk", "total"]}});
    let (made, calls) = make(json!({"createFrom": {"s3Import": from}}), json!({})).await;
    assert_eq!(made.expect("made").transition, Some(Transition::Creating));
    let (operation, mut body) = calls[0].clone();
    assert!(body.as_object_mut().expect("an object").remove("ClientToken").is_some(), "a retry is the same import");
    assert_eq!(operation, "ImportTable");
    let wanted = json!({
        "S3BucketSource": {"S3Bucket": "exports", "S3BucketOwner": "444455556666", "S3KeyPrefix": "orders/"},
        "InputFormat": "CSV", "InputCompressionType": "GZIP",
        "InputFormatOptions": {"Csv": {"Delimiter": ";", "HeaderList": ["pk", "total"]}},
        "TableCreationParameters": {"TableName": "orders", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]},
    });
    assert_eq!(body, wanted);
}

#[tokio::test]
async fn an_import_is_looked_at_until_it_has_ended() {
    let arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders/import/1";
    let described = |status: &str| {
        json!({"ImportTableDescription": {"ImportArn": arn, "ImportStatus": status, "ProcessedItemCount": 10,
        "ImportedItemCount": 9, "ErrorCount": 1, "FailureCode": "S3NoSuchBucket", "FailureMessage": "no such bucket",
        "CloudWatchLogGroupArn": "arn:logs"}})
    };
    let from = json!({"createFrom": {"s3Import": {"bucket": "exports", "inputFormat": "ION"}}});
    let (made, _) = make(from, described("IN_PROGRESS")).await;
    let import = made.expect("made").import.expect("it is told").expect("it is told");
    assert_eq!((import.arn.as_str(), import.status.as_str()), (arn, "IN_PROGRESS"));
    let look = async |import: (u16, Value), table: bool| {
        let (tables, asked) = tables(move |operation| match operation {
            "DescribeImport" => import.clone(),
            _ if table => (200, json!({"Table": {"TableStatus": "ACTIVE"}})),
            _ => aws_error("ResourceNotFoundException"),
        });
        let observed =
            Box::pin(tables.observe_resource(&id(), &Reads { import: Some(arn.to_owned()), ..Reads::default() })).await;
        assert!(calls(&asked).contains(&("DescribeImport".to_owned(), json!({"ImportArn": arn}))));
        observed
    };
    let Ok(Existence::Present { observed, .. }) = look((200, described("FAILED")), true).await else {
        panic!("it is there")
    };
    let import = observed.import.expect("it was read").expect("it was read");
    assert_eq!((import.imported_items, import.errors, import.log_group_arn.as_deref()), (9, 1, Some("arn:logs")));
    let error = look((200, described("FAILED")), false).await.expect_err("it has failed");
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::User, "ImportFailed"));
    assert!(error.message.contains("AWS: \"S3NoSuchBucket: no such bucket\""), "{error}");
    let error = look((200, described("IN_PROGRESS")), false).await.expect_err("it is on its way");
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Pending, "ImportInProgress"));
    assert_eq!(look((200, described("COMPLETED")), false).await, Ok(Existence::Missing));
    assert_eq!(look(aws_error("ImportNotFoundException"), false).await, Ok(Existence::Missing));
}

#[tokio::test]
async fn keys_of_up_to_eight_attributes_go_in_their_order_and_each_is_defined_once() {
    let key = |name: &str| json!({"name": name, "type": "S"});
    let index = json!({"name": "places", "partitionKeys": ([key("b"), key("a")]), "sortKeys": ([key("pk"), key("c")]),
        "projection": {"type": "ALL"}, "warmThroughput": {"readUnitsPerSecond": 13_000, "writeUnitsPerSecond": 5_000},
        "onDemandThroughput": {"maxReadRequestUnits": 7, "maxWriteRequestUnits": -1}});
    let answer = json!({"TableDescription": {"TableStatus": CREATING}});
    let (_, calls) = make(json!({"globalSecondaryIndexes": [index]}), answer).await;
    let body = &calls[0].1;
    let keys: Vec<(&str, &str)> = body["GlobalSecondaryIndexes"][0]["KeySchema"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|key| (key["AttributeName"].as_str().expect("a name"), key["KeyType"].as_str().expect("a type")))
        .collect();
    assert_eq!(keys, [("b", "HASH"), ("a", "HASH"), ("pk", "RANGE"), ("c", "RANGE")]);
    assert_eq!(body["AttributeDefinitions"].as_array().map(Vec::len), Some(4));
    assert_eq!(body["GlobalSecondaryIndexes"][0]["OnDemandThroughput"], json!({"MaxReadRequestUnits": 7}));
    assert_eq!(body["GlobalSecondaryIndexes"][0]["WarmThroughput"]["ReadUnitsPerSecond"], json!(13_000));
}

#[tokio::test]
async fn each_op_is_one_call_that_says_what_it_changes() {
    let arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";
    let destination = || Destination { stream_arn: "arn:stream".into(), precision: Precision::Microsecond };
    let policy = |text: Option<&str>, revision: Option<&str>| {
        let (text, revision) = (text.map(str::to_owned), revision.map(str::to_owned));
        blocks::set::<ResourcePolicyBlock>(&Policy { text, revision })
    };
    let precise = json!({"ApproximateCreationDateTimePrecision": "MICROSECOND"});
    let replica: crate::api::Replica = serde_json::from_value(json!({"regionName": "eu-central-1", "kmsKeyId": "arn:key",
        "tableClassOverride": "STANDARD", "provisionedThroughputOverride": {"readCapacityUnits": 5}, "onDemandThroughputOverride": {"maxReadRequestUnits": 6}}))
    .expect("a replica");
    let of_replica = json!({"RegionName": "eu-central-1", "KMSMasterKeyId": "arn:key", "TableClassOverride": "STANDARD",
        "ProvisionedThroughputOverride": {"ReadCapacityUnits": 5}, "OnDemandThroughputOverride": {"MaxReadRequestUnits": 6}});
    let mut changed = of_replica.clone();
    changed.as_object_mut().expect("an object").remove("KMSMasterKeyId");
    let limits = crate::api::OnDemandThroughput { max_read_request_units: Some(-1), max_write_request_units: None };
    for (op, operation, body) in [
        (
            blocks::set::<ContributorInsightsBlock>(&Some(InsightsMode::ThrottledKeys)),
            "UpdateContributorInsights",
            json!({"TableName": "orders", "ContributorInsightsAction": "ENABLE", "ContributorInsightsMode": "THROTTLED_KEYS"}),
        ),
        (
            blocks::set::<ContributorInsightsBlock>(&None),
            "UpdateContributorInsights",
            json!({"TableName": "orders", "ContributorInsightsAction": "DISABLE"}),
        ),
        (
            blocks::set::<PointInTimeRecoveryBlock>(&Recovery { days: Some(7) }),
            "UpdateContinuousBackups",
            json!({"TableName": "orders",
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 7}}),
        ),
        (
            policy(Some("{ }\n"), None),
            "PutResourcePolicy",
            json!({"ResourceArn": arn, "Policy": "{}", "ExpectedRevisionId": "NO_POLICY"}),
        ),
        (
            policy(Some("{}"), Some("7")),
            "PutResourcePolicy",
            json!({"ResourceArn": arn, "Policy": "{}", "ExpectedRevisionId": "7"}),
        ),
        (policy(None, Some("7")), "DeleteResourcePolicy", json!({"ResourceArn": arn, "ExpectedRevisionId": "7"})),
        (
            blocks::set::<KinesisStreamBlock>(&SetKinesis::Enable(destination())),
            "EnableKinesisStreamingDestination",
            json!({"TableName": "orders", "StreamArn": "arn:stream", "EnableKinesisStreamingConfiguration": precise}),
        ),
        (
            blocks::set::<KinesisStreamBlock>(&SetKinesis::Update(destination())),
            "UpdateKinesisStreamingDestination",
            json!({"TableName": "orders", "StreamArn": "arn:stream", "UpdateKinesisStreamingConfiguration": precise}),
        ),
        (
            blocks::set::<KinesisStreamBlock>(&SetKinesis::Disable("arn:stream".into())),
            "DisableKinesisStreamingDestination",
            json!({"TableName": "orders", "StreamArn": "arn:stream"}),
        ),
        (
            Op::Update(Update::CreateReplica(replica.clone())),
            "UpdateTable",
            json!({"TableName": "orders", "ReplicaUpdates": [{"Create": of_replica}]}),
        ),
        (
            Op::Update(Update::UpdateReplica(replica)),
            "UpdateTable",
            json!({"TableName": "orders", "ReplicaUpdates": [{"Update": changed}]}),
        ),
        (
            Op::Update(Update::OnDemand(limits)),
            "UpdateTable",
            json!({"TableName": "orders", "OnDemandThroughput": {"MaxReadRequestUnits": -1}}),
        ),
        (
            Op::Update(Update::Encryption(serde_json::from_value(json!({"type": "AwsOwned"})).expect("a block"))),
            "UpdateTable",
            json!({"TableName": "orders", "SSESpecification": {"Enabled": false}}),
        ),
    ] {
        assert_eq!(perform(op.clone()).await, (operation.to_owned(), body), "{op:?}");
    }
}

/// "One or more parameter values were invalid: DeletionProtection modification must be the only operation in the
/// request" (measured on AWS: ack-api-quirks, DDB-TABLE-382).
#[tokio::test]
async fn protection_goes_in_a_call_of_its_own() {
    let capacity = |units: i64| json!({"readCapacityUnits": units, "writeCapacityUnits": units});
    let declared = |units| manifest(json!({"deletionProtection": true, "provisionedThroughput": capacity(units)}));
    let (_, observed) = plan::fresh(&plan::creation(&declared(1), &id()).op);
    for (spec, asked) in [
        (
            declared(2),
            json!({"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}}),
        ),
        (
            manifest(json!({"deletionProtection": true, "billingMode": "PAY_PER_REQUEST"})),
            json!({"BillingMode": "PAY_PER_REQUEST"}),
        ),
    ] {
        let steps = plan::plan(&spec, &Managed::default(), &id(), None, &observed);
        let [step] = &steps[..] else { panic!("{steps:?}") };
        let (operation, mut body) = perform(step.op.clone()).await;
        body.as_object_mut().expect("an object").remove("TableName");
        assert_eq!((operation.as_str(), body), ("UpdateTable", asked));
    }
}

#[tokio::test]
async fn the_lock_on_tags_is_waited_for_whether_they_come_or_go() {
    for op in [Op::Tag([("team".into(), "shop".into())].into()), Op::Untag(vec!["team".into()])] {
        let (tables, _) = tables(|_| aws_error("LimitExceededException"));
        let error = tables.perform_op(&id(), &op).await.expect_err("it is locked");
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Pending, "TagsChanging"), "{op:?}");
    }
}

fn read<S: Setting>(observed: &Observed) -> Result<S::State, Error> {
    blocks::read_of::<S>(&observed.settings).expect("it was read")
}

async fn look(block: &'static str, answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> Observed {
    let described = json!({"Table": {"TableStatus": "ACTIVE", "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "arn:key"}}});
    let (tables, _) = tables(
        move |operation| if operation == "DescribeTable" { (200, described.clone()) } else { answer(operation) },
    );
    let reads = Reads { tags: false, blocks: [block].into(), ..Reads::default() };
    match Box::pin(tables.observe_resource(&id(), &reads)).await.expect("seen") {
        Existence::Present { observed, .. } => observed,
        Existence::Missing => panic!("it is there"),
    }
}

#[tokio::test]
async fn what_there_is_none_of_is_a_state_and_what_the_endpoint_lacks_is_a_error() {
    let observed = look("resourcePolicy", |_| aws_error("PolicyNotFoundException")).await;
    assert_eq!(read::<ResourcePolicyBlock>(&observed), Ok(Policy::default()));
    let observed = look("contributorInsights", |_| aws_error("ResourceNotFoundException")).await;
    assert_eq!(read::<ContributorInsightsBlock>(&observed), Ok(Insights::default()));
    let observed = look("contributorInsights", |_| aws_error("UnknownOperationException")).await;
    let error = read::<ContributorInsightsBlock>(&observed).expect_err("it is lacking");
    assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::User, "FeatureNotSupported"));
    assert!(error.message.contains("contributorInsights"), "{error}");
}

#[tokio::test]
async fn kms_says_whose_a_key_is_and_may_be_silent() {
    for (status, body, managed) in [
        (200, json!({"KeyMetadata": {"KeyId": "k", "KeyManager": "AWS"}}), Some(true)),
        (200, json!({"KeyMetadata": {"KeyId": "k", "KeyManager": "CUSTOMER"}}), Some(false)),
        (400, json!({"__type": "AccessDeniedException"}), None),
    ] {
        let observed = look("encryption", move |_| (status, body.clone())).await;
        assert_eq!(observed.encryption.key.expect("a key").aws_managed, managed);
    }
    let observed = look("timeToLive", |_| (200, json!({}))).await;
    assert_eq!(observed.encryption.key.expect("a key").aws_managed, None, "nobody asked");
}

#[tokio::test]
async fn what_is_on_its_way_is_told_as_such() {
    let kinesis = json!({"KinesisDataStreamDestinations": [
        {"StreamArn": "arn:old", "DestinationStatus": "DISABLED"},
        {"StreamArn": "arn:new", "DestinationStatus": "ENABLING", "ApproximateCreationDateTimePrecision": "MICROSECOND"}]});
    let observed = look("kinesisStream", move |_| (200, kinesis.clone())).await;
    let observed = read::<KinesisStreamBlock>(&observed).expect("seen");
    let destination = Destination { stream_arn: "arn:new".into(), precision: Precision::Microsecond };
    assert_eq!((observed.destination, observed.changing), (Some(destination), true));
    let backups = json!({"ContinuousBackupsDescription": {"ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLING", "RecoveryPeriodInDays": 7}}});
    let observed = look("pointInTimeRecovery", move |_| (200, backups.clone())).await;
    assert_eq!(read::<PointInTimeRecoveryBlock>(&observed), Ok(Recovery { days: Some(7) }));
}

#[tokio::test]
async fn what_failed_later_is_told_with_aws_s_words() {
    let kinesis = json!({"KinesisDataStreamDestinations": [
        {"StreamArn": "arn:a", "DestinationStatus": "ENABLE_FAILED", "DestinationStatusDescription": "no such stream"},
        {"StreamArn": "arn:b", "DestinationStatus": "ENABLE_FAILED"}]});
    let observed = look("kinesisStream", move |_| (200, kinesis.clone())).await;
    let observed = read::<KinesisStreamBlock>(&observed).expect("seen");
    let failed: Vec<(&str, &str)> = observed.failed.iter().map(|(arn, why)| (arn.as_str(), why.as_str())).collect();
    assert_eq!(failed, [("arn:a", "no such stream"), ("arn:b", "ENABLE_FAILED")]);
    assert_eq!((observed.destination, observed.changing), (None, false));
    let insights = json!({"ContributorInsightsStatus": "FAILED",
        "FailureException": {"ExceptionName": "NoRole", "ExceptionDescription": "make it"}});
    let observed = look("contributorInsights", move |_| (200, insights.clone())).await;
    let failed = Some("NoRole: make it".to_owned());
    assert_eq!(read::<ContributorInsightsBlock>(&observed), Ok(Insights { mode: None, changing: false, failed }));
}

#[tokio::test]
async fn states_below_the_one_of_the_table_are_seen() {
    let described = |status: &str, more: Value| {
        let mut table = json!({"TableStatus": status});
        table.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!({"Table": table})
    };
    let warm = |status: &str| json!({"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": status});
    let index = json!({"IndexName": "one", "IndexStatus": "ACTIVE", "WarmThroughput": warm("UPDATING")});
    let replica = json!({"RegionName": "eu-central-1", "ReplicaStatus": "ACTIVE", "WarmThroughput": warm("UPDATING")});
    for (answer, table, of_index) in [
        (described("ACTIVE", json!({"WarmThroughput": warm("UPDATING")})), true, None),
        (described("ACTIVE", json!({"WarmThroughput": warm("ACTIVE")})), false, None),
        (described("ACTIVE", json!({"Replicas": [replica]})), true, None),
        (described("ACTIVE", json!({"GlobalSecondaryIndexes": [index]})), false, Some(true)),
    ] {
        let observed = described_as(answer).await;
        assert_eq!((observed.transition, observed.warm_changing), (None, table));
        assert_eq!(observed.indexes.get("one").map(|index| index.warm_changing), of_index);
    }
    let restored = json!({"RestoreSummary": {"RestoreDateTime": 1, "RestoreInProgress": true}});
    assert_eq!(described_as(described("ACTIVE", restored)).await.transition, Some(Transition::Creating));
    let archived = json!({"ArchivalSummary": {"ArchivalReason": "KEY", "ArchivalBackupArn": "arn:backup"}});
    let observed = described_as(described("ARCHIVED", archived)).await;
    assert_eq!(observed.unusable.as_deref(), Some("ARCHIVED: KEY, with the backup arn:backup"));
    let replica = json!({"RegionName": "eu-central-1", "ReplicaStatus": "LATER", "ReplicaStatusDescription": "why"});
    let observed = described_as(described("ACTIVE", json!({"Replicas": [replica]}))).await;
    let replica = &observed.replicas["eu-central-1"];
    assert_eq!((replica.phase.word(), replica.description.as_deref()), ("LATER", Some("why")));
}

async fn described_as(answer: Value) -> Observed {
    let (tables, _) = tables(move |_| (200, answer.clone()));
    match Box::pin(tables.observe_resource(&id(), &Reads::default())).await {
        Ok(Existence::Present { observed, .. }) => observed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_described_table_is_seen_with_all_of_its_parts() {
    let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
    let described = json!({"Table": {
        "TableStatus": "ACTIVE", "TableId": "an-id", "ItemCount": 7, "TableSizeBytes": 700, "GlobalTableVersion": "2019.11.21",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}],
        "KeySchema": [key("pk", "HASH")],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
        "WarmThroughput": {"ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE"},
        "GlobalSecondaryIndexes": [{"IndexName": "one", "KeySchema": [key("n", "HASH"), key("pk", "RANGE")], "IndexStatus": "CREATING",
            "Backfilling": true, "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 5}}],
        "Replicas": [{"RegionName": "eu-central-1", "ReplicaStatus": "REGION_DISABLED", "ReplicaArn": "arn:replica",
            "ReplicaTableClassSummary": {"TableClass": "STANDARD"}}],
    }});
    let (tables, _) = tables(move |_| (200, described.clone()));
    let Ok(Existence::Present { observed, .. }) = Box::pin(tables.observe_resource(&id(), &Reads::default())).await
    else {
        panic!("it is there")
    };
    let index = &observed.indexes["one"];
    assert_eq!(index.phase, super::Phase::Creating { backfilling: true });
    assert_eq!(index.definition.partition_keys[0].name, "n");
    assert_eq!(
        (index.throughput, index.on_demand.max_read_request_units, index.on_demand.max_write_request_units),
        (None, None, Some(5))
    );
    let projection = index.definition.projection.as_ref().and_then(|projection| projection.non_key_attributes.clone());
    assert_eq!(projection, Some(vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!(observed.transition, None, "it serves while an index is built");
    assert_eq!(observed.replicas["eu-central-1"].phase, super::Phase::Failed("REGION_DISABLED".into()));
    assert_eq!((observed.facts.id.as_deref(), observed.facts.items), (Some("an-id"), Some(7)));
    assert_eq!(observed.warm.map(|warm| warm.read_units_per_second), Some(12_000));
}

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    ApproximateCreationDateTimePrecision, DestinationStatus, EnableKinesisStreamingConfiguration,
    UpdateKinesisStreamingConfiguration,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    api::{Impact, Precision, TableSpec},
    aws::error_of,
    managed::{
        block::Block,
        error::{Error, ErrorKind, Reason},
    },
    table::{
        operations::{KINESIS_STREAMS, LIST_OF_KINESIS_STREAMS, SERVICE_ROLES},
        sdk_enum::{parse, word},
        statuses::{
            self,
            Meaning::{Broken, Changing, Coming, Going, Off, There},
            Statuses,
        },
    },
};

use super::{Operation, Setting, Tables, Target, on_table};

/// `kinesisStream`: where changes of items go.
pub(crate) struct KinesisStreamBlock;

/// Where changes go.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Kinesis {
    /// The stream, if there is one.
    pub destination: Option<Destination>,
    /// Whether AWS is still changing it.
    pub changing: bool,
    /// Streams that AWS could not send to, by ARN, and why, in its words.
    pub failed: BTreeMap<String, String>,
}

/// A Kinesis data stream.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Destination {
    /// Its ARN.
    pub stream_arn: String,
    /// How exactly its records tell their time.
    pub precision: Precision,
}

/// One call that changes it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum SetKinesis {
    /// EnableKinesisStreamingDestination.
    Enable(Destination),
    /// UpdateKinesisStreamingDestination.
    Update(Destination),
    /// DisableKinesisStreamingDestination.
    Disable(String),
}

/// `DestinationStatus` of a Kinesis data stream: the next change waits for the last; `ENABLE_FAILED` is told with AWS's
/// reason.
pub(in crate::table) const STATUSES: Statuses = &[
    ("ACTIVE", There),
    ("DISABLED", Off),
    ("DISABLING", Going),
    ("ENABLE_FAILED", Broken),
    ("ENABLING", Coming),
    ("UPDATING", Changing),
];

impl Block for KinesisStreamBlock {
    type Kind = Tables;
    const NAME: &'static str = "kinesisStream";
    const IMPACT: Impact = Impact::Disruptive;
    const OPERATIONS: &'static [Operation] = &[
        on_table("DescribeKinesisStreamingDestination"),
        on_table("EnableKinesisStreamingDestination").and(&[
            (&SERVICE_ROLES, "iam:CreateServiceLinkedRole"),
            (&LIST_OF_KINESIS_STREAMS, "kinesis:ListStreams"),
            (&KINESIS_STREAMS, "kinesis:DescribeStream"),
            (&KINESIS_STREAMS, "kinesis:DescribeStreamSummary"),
            (&KINESIS_STREAMS, "kinesis:PutRecord"),
            (&KINESIS_STREAMS, "kinesis:PutRecords"),
        ]),
        on_table("UpdateKinesisStreamingDestination"),
        on_table("DisableKinesisStreamingDestination"),
    ];
    type State = Kinesis;
    type Call = SetKinesis;

    fn initial() -> Kinesis {
        Kinesis::default()
    }

    fn declared(spec: &TableSpec, _: &Kinesis) -> Option<Kinesis> {
        let block = spec.kinesis_stream.as_ref()?;
        let destination = block.stream_arn.clone().filter(|_| block.enabled).map(|stream_arn| Destination {
            stream_arn,
            precision: block.approximate_creation_date_time_precision.unwrap_or_default(),
        });
        Some(Kinesis { destination, ..Kinesis::default() })
    }

    fn same(a: &Kinesis, b: &Kinesis) -> bool {
        a.destination == b.destination
    }

    /// Destinations that were switched off stay in the list.
    async fn read(target: &Target) -> Result<Kinesis, Error> {
        let answer = target.client.describe_kinesis_streaming_destination().table_name(&target.table).send().await;
        let answer = answer.map_err(|error| error_of("DescribeKinesisStreamingDestination", &error))?;
        let mut kinesis = Kinesis::default();
        for found in answer.kinesis_data_stream_destinations.into_iter().flatten() {
            let word = found.destination_status().map(DestinationStatus::as_str);
            kinesis.changing |= statuses::is_busy(STATUSES, word);
            if statuses::is_broken(STATUSES, word) {
                let said = statuses::describe(&[found.destination_status_description()], word);
                kinesis.failed.insert(found.stream_arn.clone().unwrap_or_default(), said);
            }
            if statuses::is_on(STATUSES, word) {
                let precision = found.approximate_creation_date_time_precision();
                kinesis.destination = Some(Destination {
                    precision: precision.and_then(|word| parse(word.as_str())).unwrap_or_default(),
                    stream_arn: found.stream_arn.unwrap_or_default(),
                });
            }
        }
        Ok(kinesis)
    }

    async fn write(target: &Target, call: &SetKinesis) -> Result<(), Error> {
        let (client, table) = (&target.client, &target.table);
        let said = |precision: Precision| ApproximateCreationDateTimePrecision::from(word(precision).as_str());
        match call {
            SetKinesis::Enable(to) => {
                let configuration = EnableKinesisStreamingConfiguration::builder()
                    .approximate_creation_date_time_precision(said(to.precision))
                    .build();
                let call = client
                    .enable_kinesis_streaming_destination()
                    .table_name(table)
                    .stream_arn(&to.stream_arn)
                    .enable_kinesis_streaming_configuration(configuration);
                call.send().await.map(drop).map_err(|error| error_of("EnableKinesisStreamingDestination", &error))
            }
            SetKinesis::Update(to) => {
                let configuration = UpdateKinesisStreamingConfiguration::builder()
                    .approximate_creation_date_time_precision(said(to.precision))
                    .build();
                let call = client
                    .update_kinesis_streaming_destination()
                    .table_name(table)
                    .stream_arn(&to.stream_arn)
                    .update_kinesis_streaming_configuration(configuration);
                call.send().await.map(drop).map_err(|error| error_of("UpdateKinesisStreamingDestination", &error))
            }
            SetKinesis::Disable(stream_arn) => {
                let call = client.disable_kinesis_streaming_destination().table_name(table).stream_arn(stream_arn);
                call.send().await.map(drop).map_err(|error| error_of("DisableKinesisStreamingDestination", &error))
            }
        }
    }
}

impl Setting for KinesisStreamBlock {
    /// Another stream takes two changes, off and on again.
    fn next(observed: &Kinesis, wanted: Kinesis) -> SetKinesis {
        match (&observed.destination, wanted.destination) {
            (Some(now), Some(wanted)) if now.stream_arn == wanted.stream_arn => SetKinesis::Update(wanted),
            (None, Some(wanted)) => SetKinesis::Enable(wanted),
            (now, _) => SetKinesis::Disable(now.as_ref().map(|now| now.stream_arn.clone()).unwrap_or_default()),
        }
    }

    fn taken(observed: &Kinesis, call: SetKinesis) -> Kinesis {
        match call {
            SetKinesis::Enable(to) | SetKinesis::Update(to) => {
                Kinesis { destination: Some(to), changing: true, failed: observed.failed.clone() }
            }
            SetKinesis::Disable(_) => Kinesis { changing: true, ..Kinesis::default() },
        }
    }

    fn display(state: &Kinesis) -> Value {
        match &state.destination {
            None => json!({"enabled": false}),
            Some(destination) => json!({
                "enabled": true,
                "streamArn": destination.stream_arn,
                "approximateCreationDateTimePrecision": destination.precision,
            }),
        }
    }

    fn pending(observed: &Kinesis) -> Option<Error> {
        observed.changing.then(|| {
            Error::new(
                ErrorKind::Pending,
                Reason::KinesisStreamChanging,
                "AWS is still applying the last change of the Kinesis data stream; the next change is sent after that",
            )
        })
    }

    /// What changes between off and on again is in neither stream.
    fn change(from: &Kinesis, to: &Kinesis) -> Impact {
        match (&from.destination, &to.destination) {
            (Some(from), Some(to)) if from.stream_arn != to.stream_arn => Impact::Disruptive,
            _ => Impact::Update,
        }
    }

    fn is_at_work(observed: &Kinesis) -> bool {
        observed.changing
    }

    fn of_region(spec: &TableSpec) -> Option<(&'static str, &str)> {
        let block = spec.kinesis_stream.as_ref().filter(|block| block.enabled)?;
        Some(("kinesisStream.streamArn", block.stream_arn.as_deref()?))
    }

    fn failure(spec: &TableSpec, observed: &Kinesis) -> Option<Error> {
        let (_, stream) = Self::of_region(spec)?;
        let said = observed.failed.get(stream)?;
        let error = Error::user(
            Reason::KinesisStreamFailed,
            format!(
                "kinesisStream: AWS could not send changes to {stream}. Check that the stream exists, is ACTIVE and \
                 allows DynamoDB to write. It is retried with increasing delay; set musubi.dev/reconcile-at to retry \
                 immediately"
            ),
        );
        Some(error.quoting(said))
    }
}

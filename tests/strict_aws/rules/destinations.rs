//! What a bucket's configuration points to.

use super::super::xml;
use super::{Answer, Entry, Look, Request, Rule, Scene};

pub const ENTRIES: &[Entry] = &[
    Entry::new(
        Rule::LoggingTarget,
        "Logging to a bucket that is not there is refused with InvalidTargetBucketForLogging.",
        "Amazon S3 API Reference, PutBucketLogging; Error responses",
    ),
    Entry::new(
        Rule::NotificationTarget,
        "Notifications to a queue, topic or function that is not there, or may not be sent to, are refused with \
         InvalidArgument.",
        "Amazon S3 User Guide, Granting permissions to publish event notification messages to a destination",
    )
    .before(notifications),
    Entry::new(
        Rule::ReportDestination,
        "Inventory and analytics to a bucket that is not there are refused with InvalidS3DestinationBucket.",
        "aws/aws-cli#3611 (the code); Amazon S3 API Reference, PutBucketInventoryConfiguration",
    )
    .looks(|request| destination(request).map(|bucket| Look::Bucket(bucket, "location")).into_iter().collect())
    .before(reports),
];

fn notifications(scene: &mut Scene) -> Option<Answer> {
    let skips = scene.request.header("x-amz-skip-destination-validation") == Some("true");
    if skips || !scene.request.is("PutBucketNotificationConfiguration") {
        return None;
    }
    let text = scene.request.text();
    if !scene.memory.planted.missing_destinations.iter().any(|arn| text.contains(&format!(">{arn}<"))) {
        return None;
    }
    scene.refuse(400, "InvalidArgument", "Unable to validate the following destination configurations")
}

/// The bucket that reports of this configuration go to.
fn destination(request: &Request) -> Option<String> {
    let reports = request.is("PutBucketInventoryConfiguration") || request.is("PutBucketAnalyticsConfiguration");
    let arn = reports.then(|| xml::first(&request.text(), "Bucket")).flatten()?;
    arn.rsplit(':').next().map(str::to_owned)
}

fn reports(scene: &mut Scene) -> Option<Answer> {
    let bucket = destination(scene.request)?;
    if scene.looked.bucket_is_there(&bucket) {
        return None;
    }
    scene.refuse(400, "InvalidS3DestinationBucket", "The S3 destination bucket does not exist")
}

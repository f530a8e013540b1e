//! The tags of a table, which come in pages.

use crate::{
    api::tags::Tags,
    aws::{Aws, error_of},
    managed::error::Error,
};

/// Reads them all.
pub(super) async fn read(aws: &Aws, arn: &str, region: &str) -> Result<Tags, Error> {
    let client: aws_sdk_dynamodb::Client = aws.client(region);
    let (mut tags, mut next) = (Tags::new(), None);
    loop {
        let answer = client.list_tags_of_resource().resource_arn(arn).set_next_token(next).send().await;
        let answer = answer.map_err(|error| error_of("ListTagsOfResource", &error))?;
        tags.extend(answer.tags.into_iter().flatten().map(|tag| (tag.key, tag.value)));
        next = answer.next_token;
        if next.is_none() {
            return Ok(tags);
        }
    }
}

/// The tags of a table that a spec names; `None` if there is none.
pub(super) async fn of_named(aws: &Aws, arn: &str, region: &str) -> Result<Option<Tags>, Error> {
    match read(aws, arn, region).await {
        Err(error) if error.reason == "ResourceNotFoundException" => Ok(None),
        answer => answer.map(Some),
    }
}

use aws_sdk_s3::types::{Payer, RequestPaymentConfiguration};

use crate::{
    api::{BucketSpec, RequestPayer},
    aws::error_of,
    managed::error::Error,
};

use super::{Block, Buckets, Operation, Target, incomplete, on_bucket};

/// `requestPayer`: who pays for requests and downloads.
pub(in crate::bucket) struct RequestPayerBlock;

impl Block for RequestPayerBlock {
    type Kind = Buckets;
    const NAME: &'static str = "requestPayer";
    const OPERATIONS: &'static [Operation] =
        &[on_bucket("GetBucketRequestPayment"), on_bucket("PutBucketRequestPayment")];
    type State = RequestPayer;
    type Call = Self::State;

    fn initial() -> RequestPayer {
        RequestPayer::BucketOwner
    }

    fn declared(spec: &BucketSpec, _: &RequestPayer) -> Option<RequestPayer> {
        spec.request_payer
    }

    async fn read(target: &Target) -> Result<RequestPayer, Error> {
        let answer = target
            .client
            .get_bucket_request_payment()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .send()
            .await
            .map_err(|error| error_of("GetBucketRequestPayment", &error))?;
        Ok(match answer.payer {
            Some(Payer::Requester) => RequestPayer::Requester,
            _ => RequestPayer::BucketOwner,
        })
    }

    async fn write(target: &Target, state: &RequestPayer) -> Result<(), Error> {
        let payer = match state {
            RequestPayer::BucketOwner => Payer::BucketOwner,
            RequestPayer::Requester => Payer::Requester,
        };
        target
            .client
            .put_bucket_request_payment()
            .bucket(&target.bucket)
            .expected_bucket_owner(&target.account_id)
            .request_payment_configuration(
                RequestPaymentConfiguration::builder().payer(payer).build().map_err(incomplete)?,
            )
            .send()
            .await
            .map_err(|error| error_of("PutBucketRequestPayment", &error))?;
        Ok(())
    }
}

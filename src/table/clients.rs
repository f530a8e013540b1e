use crate::aws::service_client;

service_client!(aws_sdk_dynamodb);
service_client!(aws_sdk_kms);

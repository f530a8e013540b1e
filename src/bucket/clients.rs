use crate::aws::service_client;

// An endpoint given by its address has no virtual hosts.
service_client!(aws_sdk_s3, |builder, by_address| builder.force_path_style(by_address));
// Tags of buckets with attribute-based access control.
service_client!(aws_sdk_s3control);

"""Changes a bucket behind the operator's back: tamper.py ENDPOINT BUCKET"""

import sys

import boto3

endpoint, bucket = sys.argv[1:]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
)
s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
print(f"suspended the versioning of {bucket}")

"""Shows buckets and tables as AWS reports them: show_aws.py ENDPOINT BUCKET... -- TABLE..."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, *names = sys.argv[1:]
split = names.index("--")
buckets, tables = names[:split], names[split + 1 :]
options = dict(endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
s3 = boto3.client("s3", **options)
dynamodb = boto3.client("dynamodb", **options)


def show(title, call, pick):
    try:
        value = pick(call())
    except ClientError as error:
        value = error.response["Error"]["Code"]
    print(f"    {title}: {json.dumps(value, default=str)}")


def tags(pairs):
    return {pair["Key"]: pair["Value"] for pair in pairs}


for bucket in buckets:
    print(f"  bucket {bucket}")
    show("tags", lambda: s3.get_bucket_tagging(Bucket=bucket), lambda a: tags(a["TagSet"]))
    show("versioning", lambda: s3.get_bucket_versioning(Bucket=bucket), lambda a: a.get("Status"))
    show(
        "encryption",
        lambda: s3.get_bucket_encryption(Bucket=bucket),
        lambda a: a["ServerSideEncryptionConfiguration"]["Rules"][0]["ApplyServerSideEncryptionByDefault"],
    )
    show(
        "lifecycle",
        lambda: s3.get_bucket_lifecycle_configuration(Bucket=bucket),
        lambda a: [rule["ID"] for rule in a["Rules"]],
    )
for table in tables:
    print(f"  table {table}")
    describe = lambda: dynamodb.describe_table(TableName=table)
    show("keys", describe, lambda a: {k["AttributeName"]: k["KeyType"] for k in a["Table"]["KeySchema"]})
    show("billing", describe, lambda a: a["Table"].get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED"))
    show(
        "time to live",
        lambda: dynamodb.describe_time_to_live(TableName=table),
        lambda a: a["TimeToLiveDescription"],
    )
    arn = describe()["Table"]["TableArn"]
    show("tags", lambda: dynamodb.list_tags_of_resource(ResourceArn=arn), lambda a: tags(a["Tags"]))

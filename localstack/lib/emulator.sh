# shellcheck shell=bash
# LocalStack of one rig, run on the host without a container.

# LocalStack expects DynamoDB Local and a Java of its own below its root folder, and would download
# both. What it finds there instead is a wrapper that starts the packages from the cache.
prepare_localstack() {
  local lib=$state/localstack/var/lib/localstack/lib
  mkdir -p "$lib/dynamodb-local/2" "$lib/java/21/bin" "$state/localstack/tmp"
  : > "$lib/dynamodb-local/2/DynamoDBLocal.jar"
  ln -sfn "$here/lib/dynamodb-java" "$lib/java/21/bin/java"
}

launch_localstack() {
  prepare_localstack
  local listen=127.0.0.1:$localstack_port
  [ "$localstack_address" = 127.0.0.1 ] || listen=$listen,$localstack_address:$localstack_port
  # The wrapper needs Java by its path: LocalStack puts the wrapper's folder first on PATH.
  launch localstack HOME="$state/localstack" TMPDIR="$state/localstack/tmp" FILESYSTEM_ROOT="$state/localstack" \
    MUSUBI_RIG="$state" MUSUBI_LIB="$here/lib" MUSUBI_DYNAMODB="$dynamodb_libraries" MUSUBI_JAVA="$(command -v java)" \
    OVERRIDE_IN_DOCKER=0 SKIP_SSL_CERT_DOWNLOAD=1 DISABLE_EVENTS=1 DNS_ADDRESS=0 \
    GATEWAY_LISTEN="$listen" SERVICES=s3,dynamodb,kms,sts,iam EAGER_SERVICE_LOADING=0 PROVIDER_OVERRIDE_DYNAMODB=v2 \
    DYNAMODB_IN_MEMORY=1 \
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test PYTHONDONTWRITEBYTECODE=1 \
    "$localstack_python" "$here/lib/run_localstack.py"
}

# Services are loaded at their first call, DynamoDB in several seconds: they are called once here.
await_localstack() {
  healthy localstack 150 localstack_answers s3 '' \
    && healthy localstack 150 localstack_answers dynamodb DynamoDB_20120810.ListTables
}

localstack_answers() { # SERVICE TARGET
  local signed="AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/$1/aws4_request, SignedHeaders=host, Signature=0"
  local call=()
  [ -z "$2" ] || call=(-H "X-Amz-Target: $2" -H 'Content-Type: application/x-amz-json-1.0' -d '{}')
  listens localstack "$localstack_port" \
    && curl -qsf --max-time 60 -H "Authorization: $signed" "${call[@]}" "http://$localstack_address:$localstack_port/"
}

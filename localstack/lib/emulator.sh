# shellcheck shell=bash
# LocalStack of one rig, run on the host without a container.

# LocalStack expects DynamoDB Local and a Java of its own below its root folder, and would download
# both. What it finds there instead are the packages from the cache and a wrapper that starts them.
prepare_localstack() {
  local lib=$state/localstack/var/lib/localstack/lib java
  # By its path: LocalStack puts the wrapper's folder first on PATH.
  java=$(command -v java)
  mkdir -p "$lib/dynamodb-local/2" "$lib/java/21/bin" "$state/localstack/tmp"
  ln -sfn "$dynamodb_libraries" "$lib/dynamodb-local/2/DynamoDBLocal_lib"
  : > "$lib/dynamodb-local/2/DynamoDBLocal.jar"
  cat > "$lib/java/21/bin/java" <<SH
#!/usr/bin/env bash
# Drops the agent that LocalStack would have fetched, and starts DynamoDB Local by its class path.
arguments=()
while [ \$# -gt 0 ]; do
  case \$1 in
    -javaagent:*|-Djava.library.path=*|-Xmx*|-Xms*) ;;
    -jar) shift ;;
    *) arguments+=("\$1") ;;
  esac
  shift
done
exec '$java' -Xmx256m -Djava.library.path='$dynamodb_libraries' -cp '$dynamodb_libraries/*' \\
  com.amazonaws.services.dynamodbv2.local.main.ServerRunner "\${arguments[@]}"
SH
  chmod +x "$lib/java/21/bin/java"
}

start_localstack() {
  prepare_localstack
  # A clean environment: AWS_PROFILE, AWS_ENDPOINT_URL, PYTHONPATH and the like stay outside. Each
  # instance has its own TMPDIR: S3 objects lie there, and two instances would share them.
  launch localstack env -i PATH="$PATH" HOME="$state/localstack" LANG=C.UTF-8 TMPDIR="$state/localstack/tmp" \
    NO_PROXY="$NO_PROXY" OVERRIDE_IN_DOCKER=0 FILESYSTEM_ROOT="$state/localstack" SKIP_SSL_CERT_DOWNLOAD=1 \
    DISABLE_EVENTS=1 DNS_ADDRESS=0 GATEWAY_LISTEN="127.0.0.1:$localstack_port" SERVICES=s3,dynamodb,sts \
    EAGER_SERVICE_LOADING=0 DYNAMODB_IN_MEMORY=1 DYNAMODB_DELAY_TRANSIENT_STATUSES=1 \
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test PYTHONDONTWRITEBYTECODE=1 \
    "$localstack_python" -m localstack.runtime.main
  # Services are loaded at their first call, DynamoDB in several seconds: they are called once here.
  healthy localstack 150 localstack_answers s3 '' && healthy localstack 150 localstack_answers dynamodb DynamoDB_20120810.ListTables
}

localstack_answers() { # SERVICE TARGET
  local signed="AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/$1/aws4_request, SignedHeaders=host, Signature=0"
  if [ -n "$2" ]; then
    curl -sf --max-time 60 -H "Authorization: $signed" -H "X-Amz-Target: $2" -H 'Content-Type: application/x-amz-json-1.0' \
      -d '{}' "http://127.0.0.1:$localstack_port/"
  else
    curl -sf --max-time 60 -H "Authorization: $signed" "http://127.0.0.1:$localstack_port/"
  fi
}

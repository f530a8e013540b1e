# shellcheck shell=bash
# The operator on top of a rig, the examples on top of the operator, and what came of them.

kube() { kubectl --kubeconfig "$state/admin.kubeconfig" "$@"; }

start_operator() {
  say "building the operator; the first time this takes some minutes"
  # Not a release build: optimising AWS's SDK takes three times as long, and `cargo test` shares this one.
  with_heartbeat "building the operator" cargo build --locked --quiet --manifest-path "$repo/Cargo.toml" >&2
  say "installing the CRDs and the operator's role"
  kube apply --server-side -f "$repo/crds/" > /dev/null
  kube wait --for=condition=Established --timeout=60s -f "$repo/crds/" > /dev/null
  kube apply --server-side -f "$repo/deploy/rbac/" > /dev/null
  kube create clusterrolebinding musubi-rig --clusterrole musubi --user musubi --dry-run=client -o yaml \
    | kube apply --server-side -f - > /dev/null
  stop operator
  say "starting the operator"
  local port
  port=$(free_ports 1)
  launch operator env -i PATH="$PATH" HOME="$HOME" KUBECONFIG="$state/musubi.kubeconfig" \
    AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test NO_PROXY="$NO_PROXY" \
    "${CARGO_TARGET_DIR:-$repo/target}/debug/musubi" run --region us-east-1 \
    --aws-endpoint-url "http://127.0.0.1:$localstack_port" --cluster-name local \
    --resync-interval-seconds 60 --http-addr "127.0.0.1:$port"
  healthy operator 30 curl -sf "http://127.0.0.1:$port/readyz" || die "the operator did not become ready"
}

show_demo() {
  local example
  say "applying examples/ into namespace demo"
  kube create namespace demo --dry-run=client -o yaml | kube apply --server-side -f - > /dev/null
  for example in "$repo"/examples/*.yaml; do
    kube apply --server-side -n demo -f "$example" > /dev/null
  done
  say "waiting until they are Ready"
  kube wait -n demo --for=condition=Ready --timeout=60s buckets,tables --all > /dev/null || {
    kube get aws -n demo
    die "not all examples became Ready; see $state/logs/operator.log"
  }
  {
    printf '\n$ kubectl get aws -A\n'
    kube get aws -A
    printf '\nThe same in AWS:\n'
    env -i PATH="$PATH" HOME="$HOME" "$localstack_python" "$here/lib/show_aws.py" "http://127.0.0.1:$localstack_port" \
      "$(external bucket minimal-bucket)" "$(external bucket production-bucket)" -- "$(external table production-table)"
    printf '\nKeys of the connection Secret of bucket production-bucket:\n'
    kube get secret -n demo "$(kube get bucket -n demo production-bucket -o 'jsonpath={.status.binding.name}')" \
      -o go-template='{{range $key, $value := .data}}  {{$key}}{{"\n"}}{{end}}'
    cat <<TEXT

To use it from this shell:
  export KUBECONFIG=$state/admin.kubeconfig

Things to try:
  kubectl -n demo describe bucket production-bucket
  kubectl -n demo patch bucket production-bucket --type merge -p '{"spec":{"tags":{"team":"you"}}}'
  # Change it behind the operator's back, and see it put right within a minute:
  $localstack_python $here/lib/tamper.py http://127.0.0.1:$localstack_port $(external bucket production-bucket)
  kubectl -n demo get events --watch
  # And stop everything:
  $here/down$([ "$state" = "$repo/.rig" ] || printf ' --state %s' "$state")
TEXT
  }
}

external() { kube get -n demo "$1" "$2" -o 'jsonpath={.status.external.name}'; }

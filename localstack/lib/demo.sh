# shellcheck shell=bash
# The operator on top of a rig, the examples on top of the operator, and what came of them.

build_operator() {
  say "building the operator; the first time this takes some minutes"
  # Not a release build: optimising AWS's SDK takes three times as long, and `cargo test` shares this one. It does so
  # only since `--examples`, of which there are none, asks for what tests need: without it Cargo builds tokio, and all
  # that depends on it, with other features than `cargo test` does.
  with_heartbeat "building the operator" \
    "${CARGO:-cargo}" build --locked --quiet --bins --examples --manifest-path "$repo/Cargo.toml" >&2
}

# Server-side, as GitOps does it, and with the last word: whoever changed a field by hand since the
# last `up` asked for this state again by calling it.
kube_apply() { kube apply --server-side --force-conflicts "$@" > /dev/null; }

install_operator() {
  say "installing the CRDs and the operator's role"
  kube_apply -f "$repo/crds/"
  # Not the condition: kubectl fails at once on a CRD that has none yet.
  kube wait --for=jsonpath='{.status.conditions[?(@.type=="Established")].status}'=True --timeout=60s -f "$repo/crds/" > /dev/null
  kube_apply -f "$repo/deploy/kustomize/base/rbac/"
  kube create clusterrolebinding musubi-rig --clusterrole musubi --user musubi --dry-run=client -o yaml | kube_apply -f -
}

start_operator() {
  local attempt verbosity=()
  [ -z "${RUST_LOG:-}" ] || verbosity=("RUST_LOG=$RUST_LOG")
  stop operator
  for attempt in 1 2 3; do
    say "starting the operator"
    operator_port=$(free_ports 1)
    launch operator KUBECONFIG="$state/musubi.kubeconfig" AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test "${verbosity[@]}" \
      "${CARGO_TARGET_DIR:-$repo/target}/debug/musubi" run --region us-east-1 \
      --aws-endpoint-url "http://127.0.0.1:$localstack_port" --cluster-name local \
      --resync-interval-seconds 60 --http-addr "127.0.0.1:$operator_port"
    healthy operator 60 operator_ready && return
    if [ "$attempt" -eq 3 ] || ! port_was_taken operator; then break; fi
  done
  die "the operator did not become ready"
}

operator_ready() { listens operator "$operator_port" && curl -qsf --max-time 10 "http://127.0.0.1:$operator_port/readyz"; }

apply_examples() {
  local example
  say "applying examples/ into namespace demo"
  kube create namespace demo --dry-run=client -o yaml | kube_apply -f -
  for example in "$repo"/examples/*.yaml; do
    kube_apply -n demo -f "$example"
  done
  say "approving the plan of the one that waits for it"
  kube wait -n demo --for=jsonpath='{.status.plan.hash}' --timeout=60s bucket/planned > /dev/null ||
    die "examples/planned-bucket.yaml shows no plan; see $state/logs/operator.log (all stays up)"
  kube annotate -n demo bucket/planned --overwrite \
    musubi.dev/approve="$(kube get -n demo bucket/planned -o jsonpath='{.status.plan.hash}')" > /dev/null
  say "waiting until they are Ready"
  kube wait -n demo --for=condition=Ready --timeout=60s musubi --all > /dev/null || {
    kube get aws -n demo >&2
    die "not all examples became Ready; see $state/logs/operator.log (all stays up)"
  }
}

show_demo() {
  apply_examples
  # Dollars in here are for the reader and for kubectl's template.
  # shellcheck disable=SC2016
  {
    printf '\n$ kubectl get aws -A\n'
    kube get aws -A
    printf '\nThe same in AWS:\n'
    "$localstack_python" "$here/lib/show_aws.py" "http://127.0.0.1:$localstack_port" \
      "$(external bucket minimal-bucket)" "$(external bucket production-bucket)" -- "$(external table production-table)"
    printf '\nKeys of the connection Secret of bucket production-bucket:\n'
    kube get secret -n demo "$(kube get bucket -n demo production-bucket -o 'jsonpath={.status.binding.name}')" \
      -o go-template='{{range $key, $value := .data}}  {{$key}}{{"\n"}}{{end}}'
    cat <<TEXT

To use it from this shell:
  export KUBECONFIG=$state/admin.kubeconfig$(command -v kubectl > /dev/null || printf '\n  export PATH=$PATH:%s' "$(dirname "${program[kubectl]}")")

Things to try:
  kubectl -n demo describe bucket production-bucket
  kubectl -n demo patch bucket production-bucket --type merge -p '{"spec":{"tags":{"team":"you"}}}'
  # Change it behind the operator's back, and see it put right within a minute:
  $localstack_python $here/lib/tamper.py http://127.0.0.1:$localstack_port $(external bucket production-bucket)
  kubectl -n demo get events --watch
  curl -s http://127.0.0.1:$operator_port/metrics
  # And stop everything:
  $here/down$([ "$state" = "$repo/.rig" ] || printf ' --state %s' "$state")
TEXT
  }
}

external() { kube get -n demo "$1" "$2" -o 'jsonpath={.status.external.name}'; }

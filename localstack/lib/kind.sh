# shellcheck shell=bash
# The demo in containers: kind for Kubernetes, LocalStack and the operator as pods in it, the operator by its chart.

readonly kind_cluster=musubi kind_image=musubi:dev

is_kind() { [ -e "$state/kind" ]; }

# Whether a container engine answers, and kind is there to use it.
container_engine_answers() {
  docker info > /dev/null 2>&1 || return 1
  have kind || { say "docker answers, but there is no kind: running on the host instead"; return 1; }
}

check_kind() {
  check_operator
  have musl-gcc || missing+=('musl-gcc: package musl-tools, to build the image')
  have helm && suits helm > /dev/null || have go || missing+=('helm 4, or Go to build it')
}

up_in_kind() {
  : > "$state/kind"
  find_program kubectl
  find_program helm
  if ! kind get clusters 2> /dev/null | grep -qx "$kind_cluster"; then
    say "making the kind cluster $kind_cluster"
    kind create cluster --name "$kind_cluster" --config "$here/kind.yaml" --kubeconfig "$state/admin.kubeconfig" --wait 120s
  else
    kind export kubeconfig --name "$kind_cluster" --kubeconfig "$state/admin.kubeconfig"
  fi
  say "starting LocalStack in it"
  kube_apply -f "$here/localstack.yaml"
  say "building the image"
  "$repo/deploy/image/build" --engine docker --tag "$kind_image" >&2
  kind load docker-image "$kind_image" --name "$kind_cluster"
  say "installing the chart"
  kube create namespace musubi-system --dry-run=client -o yaml | kube_apply -f -
  kube create secret generic aws -n musubi-system --from-literal=AWS_ACCESS_KEY_ID=test --from-literal=AWS_SECRET_ACCESS_KEY=test \
    --dry-run=client -o yaml | kube_apply -f -
  kube rollout status -n localstack deployment/localstack --timeout=300s >&2
  # Another image by the same name makes other pods only where the chart says something else.
  "${program[helm]}" --kubeconfig "$state/admin.kubeconfig" upgrade --install musubi "$repo/deploy/helm/musubi" \
    --namespace musubi-system --wait --timeout 3m --set image.repository="${kind_image%:*}" --set image.tag="${kind_image#*:}" \
    --set image.pullPolicy=Never --set cluster.name=local --set aws.region=us-east-1 --set resyncIntervalSeconds=60 \
    --set aws.endpointUrl=http://localstack.localstack.svc:4566 --set aws.credentialsSecret=aws \
    --set-string podAnnotations.built="$(docker image inspect --format '{{.Id}}' "$kind_image")" >&2
  apply_examples
  printf '\n$ kubectl get aws -A\n'
  kube get aws -A
  cat <<TEXT

To use it from this shell:
  export KUBECONFIG=$state/admin.kubeconfig
LocalStack answers on http://127.0.0.1:4566. And stop everything:
  $here/down$([ "$state" = "$repo/.rig" ] || printf ' --state %s' "$state")
TEXT
}

down_in_kind() {
  say "deleting the kind cluster $kind_cluster"
  kind delete cluster --name "$kind_cluster" --kubeconfig "$state/admin.kubeconfig"
}

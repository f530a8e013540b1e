# shellcheck shell=bash
# etcd, kube-apiserver and kube-controller-manager of one rig.

# Identities, by static token: the administrator, the operator with no right but what RBAC gives
# it, and a tenant likewise.
write_identities() {
  [ -e "$state/tokens.csv" ] && return
  local name
  (
    umask 077
    openssl genrsa -out "$state/service-account.key" 2048 2> /dev/null
    : > "$state/tokens.csv.tmp"
    for name in admin musubi tenant; do
      printf '%s,%s,%s' "$(openssl rand -hex 16)" "$name" "$name"
      [ "$name" = admin ] && printf ',"system:masters"'
      printf '\n'
    done > "$state/tokens.csv.tmp"
    mv "$state/tokens.csv.tmp" "$state/tokens.csv"
  )
}

write_kubeconfig() { # IDENTITY
  local token
  token=$(awk -F, -v who="$1" '$2 == who {print $1}' "$state/tokens.csv")
  (
    umask 077
    cat > "$state/$1.kubeconfig" <<YAML
apiVersion: v1
kind: Config
current-context: musubi
clusters:
  - name: musubi
    cluster: {server: "https://$apiserver_address:$apiserver_port", certificate-authority: $state/certs/apiserver.crt}
users:
  - name: $1
    user: {token: $token}
contexts:
  - name: musubi
    context: {cluster: musubi, user: $1}
YAML
  )
}

launch_etcd() {
  launch etcd "${program[etcd]}" --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls http://127.0.0.1:0
}

await_etcd() { healthy etcd 60 etcd_ready; }
etcd_ready() { listens etcd "$etcd_port" && curl -qsf --max-time 10 "http://127.0.0.1:$etcd_port/health"; }

launch_apiserver() {
  launch apiserver "${program[kube-apiserver]}" --etcd-servers "http://127.0.0.1:$etcd_port" \
    --cert-dir "$state/certs" --bind-address "$apiserver_address" --secure-port "$apiserver_port" \
    --token-auth-file "$state/tokens.csv" --authorization-mode RBAC \
    --service-account-key-file "$state/service-account.key" \
    --service-account-signing-key-file "$state/service-account.key" \
    --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.0.0.0/24 \
    --audit-policy-file "$here/controlplane/audit-policy.yaml" --audit-log-path "$state/audit.log" \
    --kubelet-preferred-address-types InternalIP --audit-log-mode blocking --audit-log-maxsize 1000
}

await_apiserver() { healthy apiserver 90 apiserver_ready; }
apiserver_ready() { listens apiserver "$apiserver_port" && kube --request-timeout 10s get --raw /readyz; }

launch_controller-manager() {
  local controllers=namespace,garbagecollector,serviceaccount,serviceaccount-token extra=()
  if is_node; then
    controllers='*'
    # Pods trust the API server by it.
    extra=(--root-ca-file "$state/certs/apiserver.crt")
  fi
  # What envtest lacks: owner references are collected, namespaces really go away.
  launch controller-manager "${program[kube-controller-manager]}" --kubeconfig "$state/admin.kubeconfig" \
    --controllers "$controllers" "${extra[@]}" --leader-elect=false \
    --service-account-private-key-file "$state/service-account.key" --use-service-account-credentials=false \
    --cert-dir "$state/certs-manager" --secure-port 0
}

# It serves nothing itself; that it works shows in what it makes.
await_controller-manager() { healthy controller-manager 60 kube --request-timeout 10s get serviceaccount default -n default; }

kube() { "${program[kubectl]}" --kubeconfig "$state/admin.kubeconfig" "$@"; }

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
    cluster: {server: "https://127.0.0.1:$apiserver_port", certificate-authority: $state/certs/apiserver.crt}
users:
  - name: $1
    user: {token: $token}
contexts:
  - name: musubi
    context: {cluster: musubi, user: $1}
YAML
  )
}

start_etcd() {
  launch etcd "$controlplane/etcd" --data-dir "$state/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls http://127.0.0.1:0
  healthy etcd 30 curl -sf "http://127.0.0.1:$etcd_port/health"
}

start_apiserver() {
  launch apiserver "$controlplane/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" \
    --cert-dir "$state/certs" --bind-address 127.0.0.1 --secure-port "$apiserver_port" \
    --token-auth-file "$state/tokens.csv" --authorization-mode RBAC \
    --service-account-key-file "$state/service-account.key" \
    --service-account-signing-key-file "$state/service-account.key" \
    --service-account-issuer https://kubernetes.default.svc --service-cluster-ip-range 10.0.0.0/24 \
    --audit-policy-file "$here/controlplane/audit-policy.yaml" --audit-log-path "$state/audit.log" \
    --audit-log-mode blocking --audit-log-maxsize 1000
  healthy apiserver 90 apiserver_ready
}

apiserver_ready() { kubectl --kubeconfig "$state/admin.kubeconfig" get --raw /readyz; }

start_controller-manager() {
  # What envtest lacks: owner references are collected, namespaces really go away.
  launch controller-manager "$controlplane/kube-controller-manager" --kubeconfig "$state/admin.kubeconfig" \
    --controllers namespace,garbagecollector,serviceaccount,serviceaccount-token --leader-elect=false \
    --service-account-private-key-file "$state/service-account.key" --use-service-account-credentials=false \
    --cert-dir "$state/certs-manager" --secure-port 0
}

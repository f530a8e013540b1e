# shellcheck shell=bash
# A rig as a whole: its ports, its parts, its `env` file.

# In the order in which they start; they stop in the opposite one.
components=(etcd apiserver controller-manager localstack)

choose_ports() {
  [ -e "$state/ports" ] || free_ports 3 > "$state/ports"
  read -r etcd_port apiserver_port localstack_port < "$state/ports"
}

load_rig() {
  find_controlplane
  find_localstack
  choose_ports
  write_identities
  local identity
  for identity in admin musubi tenant; do write_kubeconfig "$identity"; done
}

start_component() { "start_$1"; }

# A port can be taken between its choice and its use; a first start is then tried with others.
start_rig() {
  local attempt component
  for attempt in 1 2 3; do
    load_rig
    local failed='' fresh=yes
    for component in "${components[@]}"; do
      if running "$component"; then
        fresh=''
        continue
      fi
      say "starting $component"
      start_component "$component" || { failed=$component; break; }
    done
    [ -z "$failed" ] && { write_env; return; }
    if [ -z "$fresh" ] || [ "$attempt" -eq 3 ]; then break; fi
    say "$failed did not start; trying other ports"
    stop_rig
    rm -f "$state/ports"
  done
  die "could not start $failed"
}

stop_rig() {
  local at
  for ((at = ${#components[@]} - 1; at >= 0; at--)); do
    local component=${components[at]}
    running "$component" || continue
    say "stopping $component"
    # What they hold is thrown away with the rig, and an API server asked politely waits for watches.
    stop "$component" KILL
  done
}

# What others need to use the rig: KEY=value lines.
write_env() {
  cat > "$state/env.tmp" <<ENV
KUBECONFIG=$state/admin.kubeconfig
OPERATOR_KUBECONFIG=$state/musubi.kubeconfig
TENANT_KUBECONFIG=$state/tenant.kubeconfig
KUBE_API_URL=https://127.0.0.1:$apiserver_port
AWS_ENDPOINT_URL=http://127.0.0.1:$localstack_port
AUDIT_LOG=$state/audit.log
LOCALSTACK_LOG=$state/logs/localstack.log
KUBECTL=$(command -v kubectl)
VENV_PYTHON=$localstack_python
ENV
  mv "$state/env.tmp" "$state/env"
}

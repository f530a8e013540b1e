# shellcheck shell=bash
# A rig as a whole: its ports, its parts, its `env` file.

components=(etcd apiserver controller-manager localstack)

# all_components: those of this rig, in the order in which they start.
all_components() {
  printf '%s\n' "${components[@]}"
  ! is_node || printf '%s\n' "${node_components[@]}"
}

choose_ports() {
  if [ ! -s "$state/ports" ]; then
    free_ports 3 > "$state/ports.tmp"
    mv "$state/ports.tmp" "$state/ports"
  fi
  # Used in lib/controlplane.sh and lib/emulator.sh.
  # shellcheck disable=SC2034
  read -r etcd_port apiserver_port localstack_port < "$state/ports"
  apiserver_address=127.0.0.1 localstack_address=127.0.0.1
  # Used in lib/controlplane.sh and lib/emulator.sh.
  # shellcheck disable=SC2034
  if is_node; then apiserver_address=$service_address apiserver_port=443 localstack_address=$bridge_address; fi
}

load_rig() {
  find_programs
  if is_node; then
    find_program kubelet
    find_program kube-scheduler
    prepare_network
  fi
  choose_ports
  write_identities
  local identity
  for identity in admin musubi tenant; do write_kubeconfig "$identity"; done
}

# start_component NAME: unless it runs; what was paused goes on. Healthy or not is asked later.
start_component() {
  if paused "$1"; then
    say "$1 was paused; it goes on"
    signal "$1" CONT
  elif ! running "$1"; then
    say "starting $1"
    # What a crash left of it: DynamoDB Local outlives LocalStack.
    stop "$1"
    "launch_$1"
  fi
}

start_components() {
  # LocalStack takes longest, and the control plane comes up meanwhile.
  start_component localstack
  local component
  for component in etcd apiserver controller-manager; do
    start_component "$component"
    "await_$component" || return 1
  done
  await_localstack || return 1
  is_node || return 0
  for component in "${node_components[@]}"; do
    start_component "$component"
    "await_$component" || return 1
  done
}

any_running() {
  local component
  for component in $(all_components); do running "$component" && return; done
  return 1
}

port_was_taken() { tail -n 50 "$state/logs/$1.log" | grep -qi 'address already in use'; }

# A port can be taken between its choice and its use; a first start is then tried with others.
start_rig() {
  local attempt kept=''
  if any_running; then kept=yes; say "a rig runs in $state; what is up is kept"; else rm -f "$state/env"; fi
  for attempt in 1 2 3; do
    load_rig
    start_components && { write_env; return; }
    if [ -n "$kept" ] || [ "$attempt" -eq 3 ] || ! port_was_taken "$failed"; then break; fi
    say "a port was taken meanwhile; trying others"
    stop_components
    rm -f "$state/ports"
  done
  die "could not start $failed"
}

stop_components() {
  local component
  for component in $(all_components | tac); do
    running "$component" && say "stopping $component"
    # What they hold is thrown away with the rig, and an API server asked politely waits for watches.
    stop "$component" KILL
  done
  ! is_node || clear_node
}

# What others need to use the rig: KEY=value lines.
write_env() {
  cat > "$state/env.tmp" <<ENV
KUBECONFIG=$state/admin.kubeconfig
OPERATOR_KUBECONFIG=$state/musubi.kubeconfig
TENANT_KUBECONFIG=$state/tenant.kubeconfig
KUBE_API_URL=https://$apiserver_address:$apiserver_port
AWS_ENDPOINT_URL=http://$localstack_address:$localstack_port
AUDIT_LOG=$state/audit.log
LOCALSTACK_LOG=$state/logs/localstack.log
KUBECTL=${program[kubectl]}
VENV_PYTHON=$localstack_python
ENV
  mv "$state/env.tmp" "$state/env"
}

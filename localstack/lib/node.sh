# shellcheck shell=bash
# A node of one rig: kubelet, containerd and a scheduler, as root and without a container engine. It takes
# addresses and a bridge of the host for itself, so there is one on a machine at a time.

# The API server is where a pod's in-cluster configuration expects it: on the first address of the
# services, so that no kube-proxy is needed. Pods reach LocalStack on the bridge.
readonly service_address=10.0.0.1 node_address=10.99.0.1 pod_network=10.88.0.0/24 bridge_address=10.88.0.1 bridge=musubi0
# Sockets have short paths.
readonly node_run=/run/musubi-node

node_components=(scheduler containerd kubelet)

is_node() { [ -e "$state/node" ]; }

check_node() {
  [ "$(id -u)" = 0 ] || missing+=('root: a kubelet makes cgroups, mounts and network devices')
  have ip || missing+=('ip: package iproute2')
  have containerd || missing+=('containerd: package containerd')
  have runc || missing+=('runc: package runc')
  have iptables || missing+=('iptables: package iptables')
  [ -x /usr/lib/cni/bridge ] || missing+=('CNI plugins in /usr/lib/cni: package containernetworking-plugins')
  have musl-gcc || missing+=('musl-gcc: package musl-tools')
  have buildah || missing+=('buildah: package buildah')
}

claim_node() {
  if [ -e "$node_run/rig" ] && [ "$(cat "$node_run/rig")" != "$state" ] && [ -e "$(cat "$node_run/rig")/.musubi-rig" ]; then
    die "another rig has a node: $(cat "$node_run/rig"). Take it down first"
  fi
  : > "$state/node"
  mkdir -p "$node_run"
  printf '%s\n' "$state" > "$node_run/rig"
}

prepare_network() {
  local address
  for address in "$service_address" "$node_address"; do
    [ -n "$(ip -o address show dev lo to "$address/32")" ] || ip address add "$address/32" dev lo
  done
  if ! ip link show "$bridge" > /dev/null 2>&1; then
    # With an address of its own: else it takes its ports' lowest, and pods lose it when another one joins.
    ip link add "$bridge" address 0a:58:0a:58:00:01 type bridge
    ip address add "$bridge_address/24" dev "$bridge"
    ip link set "$bridge" up
  fi
  echo 1 > /proc/sys/net/ipv4/ip_forward
}

launch_scheduler() {
  launch scheduler "${program[kube-scheduler]}" --kubeconfig "$state/admin.kubeconfig" --leader-elect=false \
    --secure-port 0 --authentication-skip-lookup
}

await_scheduler() { running scheduler; }

launch_containerd() {
  local root=$state/containerd
  mkdir -p "$root/net.d"
  cat > "$root/net.d/10-musubi.conflist" <<JSON
{"cniVersion": "1.0.0", "name": "musubi", "plugins": [{
  "type": "bridge", "bridge": "$bridge", "isGateway": true, "ipMasq": false, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "$root/ipam", "ranges": [[{"subnet": "$pod_network"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
JSON
  cat > "$root/config.toml" <<TOML
version = 2
root = "$root/root"
state = "$node_run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs"]
[grpc]
  address = "$node_run/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "local/pause:1"
  disable_apparmor = true
  # Without it every pod fails where nobody may lower an OOM score.
  restrict_oom_score_adj = true
  # Where they go away with the rig.
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$root/net.d"
TOML
  launch containerd containerd --config "$root/config.toml"
}

await_containerd() {
  healthy containerd 60 ctr_here version || return 1
  in_cache "pause-$(program_key kubelet)" build_pause
  ctr_here images import "$cached/pause.tar" > /dev/null
}

ctr_here() { ctr --address "$node_run/containerd.sock" --namespace k8s.io "$@"; }

# The container that holds a pod's network: Kubernetes' own, which its Go module has the source of.
build_pause() { # FOLDER
  local source
  source=$(go -C "$here/controlplane" list -m -f '{{.Dir}}' k8s.io/kubernetes)/build/pause/linux/pause.c
  musl-gcc -Os -static -s -o "$1/pause" "$source" >&2 || return 1
  printf 'FROM scratch\nCOPY pause /pause\nUSER 65535:65535\nENTRYPOINT ["/pause"]\n' > "$1/Dockerfile"
  buildah --storage-driver vfs bud --quiet --isolation chroot --tag local/pause:1 "$1" >&2 \
    && buildah --storage-driver vfs push --quiet local/pause:1 "docker-archive:$1/pause.tar:local/pause:1" >&2
}

launch_kubelet() {
  mkdir -p "$state/kubelet"
  cat > "$state/kubelet/config.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $node_address
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupsPerQOS: true
enforceNodeAllocatable: [pods]
failCgroupV1: false
failSwapOn: false
oomScoreAdj: 0
maxOpenFiles: 20000
evictionHard: {memory.available: 0%, nodefs.available: 0%, nodefs.inodesFree: 0%, imagefs.available: 0%, imagefs.inodesFree: 0%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
makeIPTablesUtilChains: false
localStorageCapacityIsolation: false
resolvConf: ""
containerRuntimeEndpoint: unix://$node_run/containerd.sock
YAML
  launch kubelet "${program[kubelet]}" --config "$state/kubelet/config.yaml" --kubeconfig "$state/admin.kubeconfig" \
    --root-dir "$state/kubelet/root" --cert-dir "$state/kubelet/pki" --hostname-override node --node-ip "$node_address"
}

await_kubelet() { healthy kubelet 90 node_ready; }

node_ready() {
  [ "$(kube --request-timeout 10s get node node -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

# Whatever is left of this rig's node, once nothing of it runs: pods, mounts, devices, addresses, cgroups. Never
# of another rig's, and never under a node that was there before a call that failed.
clear_node() {
  local pid mount name address group
  [ "$(cat "$node_run/rig" 2> /dev/null)" = "$state" ] && ! any_running || return 0
  for pid in $(pgrep -f "containerd-shim.*-address $node_run/containerd.sock" || true); do
    # The processes of its containers have it for a parent.
    pkill -KILL -P "$pid" || true
    kill -KILL "$pid" 2> /dev/null || true
  done
  while read -r mount; do umount -l "$mount" 2> /dev/null || true; done \
    < <(awk -v run="$node_run/" -v rig="$state/" 'index($2, run) == 1 || index($2, rig) == 1 {print $2}' /proc/mounts | sort -r)
  for name in $(ip -o link show master "$bridge" 2> /dev/null | sed 's/^[0-9]*: \([^@:]*\).*/\1/'); do ip link delete "$name" 2> /dev/null || true; done
  ip link delete "$bridge" 2> /dev/null || true
  for address in "$service_address" "$node_address"; do ip address delete "$address/32" dev lo 2> /dev/null || true; done
  for group in /sys/fs/cgroup/*/kubepods /sys/fs/cgroup/kubepods; do
    [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
  done
  rm -rf "$node_run"
}

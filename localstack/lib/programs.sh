# shellcheck shell=bash
# The programs of the rig, out of package registries into the user's cache, once per version.

declare -A package=(
  [etcd]=go.etcd.io/etcd/server/v3
  [kube-apiserver]=k8s.io/kubernetes/cmd/kube-apiserver
  [kube-controller-manager]=k8s.io/kubernetes/cmd/kube-controller-manager
  [kubectl]=k8s.io/kubernetes/cmd/kubectl
  [kubelet]=k8s.io/kubernetes/cmd/kubelet
  [kube-scheduler]=k8s.io/kubernetes/cmd/kube-scheduler
  [helm]=helm.sh/helm/v4/cmd/helm
  [kind]=sigs.k8s.io/kind
)
# What every rig needs of them.
rig_programs=(etcd kube-controller-manager kube-apiserver kubectl)
# Where each of them is, once found.
declare -A program=()

# in_cache KEY BUILDER ARGUMENT...: calls BUILDER with a temporary folder before its arguments, unless
# the cache has the result; two callers at once build once, and a build that dies leaves nothing
# half-done.
in_cache() {
  local key=$1 builder=$2
  shift 2
  cached=$cache/$key
  [ -e "$cached/.complete" ] && return
  mkdir -p "$cache"
  exec 8> "$cache/$key.lock"
  flock -n 8 || { say "another rig is building the same; waiting for it"; flock 8; }
  if [ ! -e "$cached/.complete" ]; then
    rm -rf "$cached" "$cached.tmp"
    mkdir -p "$cached.tmp"
    "$builder" "$cached.tmp" "$@" || { rm -rf "$cached.tmp"; die "could not build $key; see the lines above"; }
    : > "$cached.tmp/.complete"
    mv "$cached.tmp" "$cached"
  fi
  exec 8>&-
}

digest() { cat "$@" | sha256sum | cut -c1-12; }

# module_of NAME: the folder of the Go module that pins the program.
module_of() { if [[ $1 == @(helm|kind) ]]; then printf '%s\n' "$here/$1"; else printf '%s\n' "$here/controlplane"; fi; }

# module_version MODULE: as a program's go.mod has it.
module_version() {
  cat "$here"/{controlplane,helm,kind}/go.mod |
    awk -v module="$1" '{sub(/^require /, "")} $1 == module && $2 ~ /^v/ {print $2; exit}'
}

program_key() {
  local module
  module=$(module_of "$1")
  printf '%s-%s-%s\n' "$1" "$(digest "$module/go.mod" "$module/go.sum")" "$(uname -m)"
}

# suits NAME: prints where the caller's own program is, if it is new enough.
suits() {
  [ "$1" != helm ] || [[ $(helm version --short 2> /dev/null) == v4.* ]] || return
  command -v "$1"
}

# ready_program NAME: prints where it is, if it need not be built. The convention of envtest comes
# first: who has the programs builds nothing.
ready_program() {
  local place=${KUBEBUILDER_ASSETS:-}/$1
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$place" ]; then
    realpath -s "$place"
  elif [[ $1 == @(kubectl|helm) ]] && suits "$1"; then
    :
  else
    place=$cache/$(program_key "$1")
    [ -e "$place/.complete" ] && printf '%s\n' "$place/$1"
  fi
}

build_program() { # FOLDER NAME
  local version flags kubernetes
  kubernetes=$(module_version k8s.io/kubernetes)
  version=$kubernetes
  case $2 in
    etcd) version=$(module_version go.etcd.io/etcd/server/v3) ;;
    helm) version=$(module_version helm.sh/helm/v4) ;;
    kind) version=$(module_version sigs.k8s.io/kind) ;;
  esac
  say "building $2 $version from the Go module proxy; the first time this takes minutes (all together about 6 on 2 cores)"
  # Without these it reports v0.0.0.
  flags="-s -w -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1"
  flags="$flags -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<< "$kubernetes")"
  with_heartbeat "building $2" env -C "$(module_of "$2")" CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off GOOS='' GOARCH='' \
    go build -trimpath -ldflags "$flags" -o "$1/$2" "${package[$2]}" >&2
}

build_localstack() {
  say "installing LocalStack from Python packages"
  # The venv is moved afterwards, which breaks its scripts; it is used by its interpreter only.
  python3 -m venv "$1" && with_heartbeat "installing LocalStack" install_packages "$1/bin/python" >&2
}

install_packages() { # PYTHON
  # Some packages come as source: they are built with the pinned tools, not with the newest there are.
  local pip=("$1" -m pip install -q --disable-pip-version-check --no-deps)
  "${pip[@]}" -r <(grep -E '^(setuptools|wheel)==' "$here/requirements.txt") \
    && "${pip[@]}" --no-build-isolation -r "$here/requirements.txt"
}

build_dynamodb() {
  say "fetching DynamoDB Local from Maven packages"
  # It resets the colours of a terminal even where it was told to have none.
  with_heartbeat "fetching DynamoDB Local" mvn -q -B -f "$here/dynamodb-local/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$1/lib" \
    2>&1 | sed -u $'s/\e\\[[0-9;]*m//g' >&2
}

# A venv leans on the Python that made it.
localstack_key() {
  printf 'localstack-%s-%s\n' "$(digest "$here/requirements.txt")" "$(python3 -c '
import hashlib, platform, sys
base = hashlib.sha256(sys.base_prefix.encode()).hexdigest()[:6]
print("py%d.%d-%s-%s" % (*sys.version_info[:2], platform.machine(), base))')"
}

dynamodb_key() { printf 'dynamodb-%s\n' "$(digest "$here/dynamodb-local/pom.xml")"; }

# find_program NAME: sets program[NAME], and builds it first where it must.
find_program() {
  program[$1]=$(ready_program "$1") || {
    in_cache "$(program_key "$1")" build_program "$1"
    program[$1]=$cached/$1
  }
}

find_programs() {
  local name
  for name in "${rig_programs[@]}"; do find_program "$name"; done
  in_cache "$(localstack_key)" build_localstack
  localstack_python=$cached/bin/python
  in_cache "$(dynamodb_key)" build_dynamodb
  # Used in lib/emulator.sh.
  # shellcheck disable=SC2034
  dynamodb_libraries=$cached/lib
}

# shellcheck shell=bash
# The programs of the rig, out of package registries into the user's cache, once per version.

# in_cache KEY BUILDER: calls BUILDER with a temporary folder unless the cache has the result; two
# callers at once build once, and a build that dies leaves nothing half-done.
in_cache() {
  local key=$1 builder=$2
  cached=$cache/$key
  [ -e "$cached/.complete" ] && return
  mkdir -p "$cache"
  exec 8> "$cache/$key.lock"
  flock 8
  if [ ! -e "$cached/.complete" ]; then
    rm -rf "$cached" "$cached.tmp"
    mkdir -p "$cached.tmp"
    "$builder" "$cached.tmp" || { rm -rf "$cached.tmp"; die "could not build $key; see the lines above"; }
    : > "$cached.tmp/.complete"
    mv "$cached.tmp" "$cached"
  fi
  exec 8>&-
}

digest() { cat "$@" | sha256sum | cut -c1-12; }

kubernetes_version() { sed -n 's#^\tk8s.io/kubernetes \(v[0-9.]*\).*#\1#p' "$here/controlplane/go.mod"; }

build_controlplane() {
  local version flags name package
  version=$(kubernetes_version)
  say "building Kubernetes $version and etcd from Go modules; the first time this takes five to eight minutes on two cores"
  flags="-s -w -X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1"
  flags="$flags -X k8s.io/component-base/version.gitMinor=$(cut -d. -f2 <<< "$version")"
  while read -r name package; do
    say "building $name"
    with_heartbeat "building $name" \
      env -C "$here/controlplane" CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$1/$name" "$package" || return 1
  done <<'LIST'
etcd go.etcd.io/etcd/server/v3
kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager
kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver
LIST
}

# A folder with etcd, kube-apiserver and kube-controller-manager, in $controlplane.
find_controlplane() {
  # The convention of envtest: who has the programs builds nothing.
  if [ -n "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$KUBEBUILDER_ASSETS/kube-apiserver" ] && [ -x "$KUBEBUILDER_ASSETS/etcd" ] \
    && [ -x "$KUBEBUILDER_ASSETS/kube-controller-manager" ]; then
    controlplane=$KUBEBUILDER_ASSETS
    return
  fi
  in_cache "controlplane-$(digest "$here/controlplane/go.mod" "$here/controlplane/go.sum")" build_controlplane
  controlplane=$cached
}

build_localstack() {
  say "installing LocalStack from Python packages"
  # Not moved afterwards: scripts of a venv hold its path, but LocalStack is started by its module.
  python3 -m venv "$1" && with_heartbeat "installing LocalStack" \
    "$1/bin/python" -m pip install -q --disable-pip-version-check --no-deps -r "$here/requirements.txt" >&2
}

build_dynamodb() {
  say "fetching DynamoDB Local from Maven packages"
  with_heartbeat "fetching DynamoDB Local" mvn -q -B -Dstyle.color=never -f "$here/dynamodb-local/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory="$1/lib" >&2
}

find_localstack() {
  in_cache "localstack-$(digest "$here/requirements.txt")-$(python3 -c 'import sys; print("py%d.%d" % sys.version_info[:2])')" build_localstack
  localstack_python=$cached/bin/python
  in_cache "dynamodb-$(digest "$here/dynamodb-local/pom.xml")" build_dynamodb
  dynamodb_libraries=$cached/lib
}

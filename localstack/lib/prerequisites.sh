# shellcheck shell=bash
# Says everything that is missing, at once, before anything is started.

missing=()

have() { command -v "$1" > /dev/null 2>&1; }

# want NAME MINIMUM FOUND HOW: FOUND is empty where the program is absent or does not run.
want() {
  [ -n "$3" ] && [ "$(printf '%s\n%s\n' "$2" "$3" | sort -V | head -n 1)" = "$2" ] && return
  missing+=("$1 $2 or newer (${3:-not} found): $4")
}

# first_version COMMAND...: prints the first thing that looks like a version, if the command works: a
# shim of pyenv or rustup is there without what it stands for.
first_version() {
  local said
  have "$1" && said=$("$@" 2>&1) || return 0
  grep -oE '[0-9]+(\.[0-9]+)+|version "[0-9]+' <<< "$said" | head -n 1 | tr -dc '0-9.'
}

check_go() {
  local name wanted
  wanted=$(awk '$1 == "go" {print $2}' "$here/controlplane/go.mod")
  # From 1.21 on, Go fetches a newer one by itself, unless it was told not to.
  have go && [ "$(go env GOTOOLCHAIN 2> /dev/null)" != local ] && wanted=1.24
  for name in "${rig_programs[@]}"; do
    ready_program "$name" > /dev/null && continue
    want Go "$wanted" "$(GOTOOLCHAIN=local first_version go env GOVERSION)" \
      "package golang of your system or go.dev, to build $name; or KUBEBUILDER_ASSETS with etcd, kube-apiserver, kube-controller-manager, kubectl"
    return
  done
}

check_localstack() {
  want Python 3.11 "$(first_version python3 -c 'import platform; print(platform.python_version())')" \
    'packages python3 and python3-venv, to run LocalStack (it fails on 3.10)'
  ! have python3 || python3 -c 'import venv, ensurepip' > /dev/null 2>&1 || missing+=('venv of Python: package python3-venv')
  want Java 17 "$(first_version java -version)" 'package default-jre-headless or openjdk-17-jre-headless, to run DynamoDB Local'
  have mvn || [ -e "$cache/$(dynamodb_key)/.complete" ] || missing+=('Maven: package maven, to fetch DynamoDB Local')
}

check_operator() {
  want Rust "$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repo/Cargo.toml")" "$(first_version "${CARGO:-cargo}" --version)" \
    'rustup toolchain install stable, to build the operator'
  have cc || missing+=("a C compiler: packages gcc and libc6-dev, to build the operator's TLS library")
  have cmake || missing+=("cmake: package cmake, to build the operator's TLS library")
}

check_prerequisites() { # [with-operator]
  [ "$(uname -s)" = Linux ] || missing+=('Linux: the rig looks after its processes by /proc')
  check_go
  check_localstack
  have flock || missing+=('flock: package util-linux')
  have setsid || missing+=('setsid: package util-linux')
  have openssl || missing+=('openssl: package openssl')
  have curl || missing+=('curl: package curl')
  [ "${1:-}" != with-operator ] || check_operator
  say_missing
}

say_missing() {
  [ "${#missing[@]}" -eq 0 ] && return
  printf '%s: something is missing (package names are Debian'\''s):\n' "$(basename "$0")" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 2
}

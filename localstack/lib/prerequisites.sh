# shellcheck shell=bash
# Says everything that is missing, at once, before anything is started.

# version_at_least WANTED FOUND
version_at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

check_prerequisites() {
  local missing=() found
  have() { command -v "$1" > /dev/null 2>&1; }

  if [ -z "${KUBEBUILDER_ASSETS:-}" ]; then
    if have go; then
      found=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
      version_at_least 1.26 "$found" || missing+=("Go 1.26 or newer (found $found), to build the Kubernetes control plane")
    else
      missing+=("Go 1.26 or newer, to build the Kubernetes control plane (or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager)")
    fi
  fi
  if have python3; then
    found=$(python3 -c 'import platform; print(platform.python_version())')
    version_at_least 3.10 "$found" || missing+=("Python 3.10 or newer with venv (found $found), to run LocalStack")
    python3 -c 'import venv, ensurepip' 2> /dev/null || missing+=("the venv module of Python (Debian: python3-venv)")
  else
    missing+=("Python 3.10 or newer with venv (Debian: python3 python3-venv), to run LocalStack")
  fi
  if have java; then
    found=$(java -version 2>&1 | sed -n 's/.*version "\([0-9.]*\).*/\1/p' | head -n 1)
    version_at_least 17 "$found" || missing+=("Java 17 or newer (found $found), to run DynamoDB Local")
  else
    missing+=("Java 17 or newer (Debian: default-jre-headless), to run DynamoDB Local")
  fi
  have mvn || missing+=("Maven (Debian: maven), to fetch DynamoDB Local")
  have kubectl || missing+=("kubectl (from kubernetes.io, or your system's packages)")
  have flock || missing+=("flock (Debian: util-linux)")
  have setsid || missing+=("setsid (Debian: util-linux)")
  have openssl || missing+=("openssl")
  have curl || missing+=("curl")
  have ps || missing+=("ps (Debian: procps)")
  if [ "$1" = with-operator ]; then
    if have cargo; then
      local wanted
      wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$repo/Cargo.toml")
      found=$(cargo --version | awk '{print $2}')
      version_at_least "$wanted" "$found" || missing+=("Rust $wanted or newer (found $found): rustup update stable")
    else
      missing+=("Rust (rustup, stable), to build the operator")
    fi
    have cc || missing+=("a C compiler (Debian: gcc libc6-dev), to build the operator's TLS library")
    have cmake || missing+=("cmake (Debian: cmake), to build the operator's TLS library")
  fi
  [ "${#missing[@]}" -eq 0 ] && return
  printf '%s: missing:\n' "$(basename "$0")" >&2
  printf '  - %s\n' "${missing[@]}" >&2
  exit 2
}

# shellcheck shell=bash
# What every script of this folder shares: where things are, how they speak, what they shut out.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repo=$(dirname "$here")
# Used in lib/programs.sh.
# shellcheck disable=SC2034
cache=${XDG_CACHE_HOME:-$HOME/.cache}/musubi
started=$SECONDS

say() { printf '[%4ds] %s\n' "$((SECONDS - started))" "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# A caller's AWS_PROFILE or PYTHONPATH must reach nothing of ours, not even pip; and a proxy must not
# come between programs on this machine, while pip, go and mvn may need it.
unset "${!AWS_@}" "${!PYTHON@}"
NO_PROXY=${NO_PROXY:-${no_proxy:-}}
case ,$NO_PROXY, in
  *,127.0.0.1,*) ;;
  *) NO_PROXY=${NO_PROXY:+$NO_PROXY,}127.0.0.1,localhost ;;
esac
export NO_PROXY no_proxy=$NO_PROXY

# One line every half minute while something long goes on.
with_heartbeat() {
  local what=$1 beat code=0
  shift
  # A killed loop leaves its last `sleep` behind for a while: it must not hold a lock meanwhile.
  (while sleep 30 > /dev/null 2>&1 && kill -0 "$$" 2> /dev/null; do say "still $what"; done) 8>&- 9>&- &
  beat=$!
  "$@" || code=$?
  kill "$beat" 2> /dev/null || true
  wait "$beat" 2> /dev/null || true
  return "$code"
}

free_ports() {
  python3 - "$1" <<'PY'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
PY
}

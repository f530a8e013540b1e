# shellcheck shell=bash
# What every script of this folder shares: where things are, how they speak, how they wait.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
repo=$(dirname "$here")
cache=${XDG_CACHE_HOME:-$HOME/.cache}/musubi
started=$SECONDS

say() { printf '[%4ds] %s\n' "$((SECONDS - started))" "$*" >&2; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# Proxies of the caller must not come between programs on this machine.
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

# The state folder of one rig: made by us, marked as ours, so that `down` deletes nobody else's.
open_state() {
  mkdir -p "$1"
  state=$(cd "$1" && pwd)
  [ -e "$state/.musubi-rig" ] || [ -z "$(ls -A "$state")" ] || die "$state is not empty and not a rig of ours"
  : > "$state/.musubi-rig"
  mkdir -p "$state/pids" "$state/logs"
}

# wait_until SECONDS WHAT COMMAND...: polls, for a program on the other side has no event to offer.
wait_until() {
  local limit=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" > /dev/null 2>&1; do
    [ "$SECONDS" -lt "$limit" ] || { say "$what did not happen in time"; return 1; }
    sleep 0.1
  done
}

# One line every half minute while something long goes on.
with_heartbeat() {
  local what=$1 beat
  shift
  ( while sleep 30 > /dev/null 2>&1; do say "still $what"; done ) &
  beat=$!
  local code=0
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

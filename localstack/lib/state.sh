# shellcheck shell=bash
# The folder in which one rig lives, and the lock that lets one call at a time work on it.

# Made by us and marked as ours, so that `down` deletes nobody else's.
open_state() {
  # Values of the `env` file hold no spaces.
  case $1 in *[[:space:]]*) die "the state folder must not have spaces in its path: $1" ;; esac
  mkdir -p "$1"
  state=$(cd "$1" && pwd)
  [ -e "$state/.musubi-rig" ] || [ -z "$(ls -A "$state")" ] || die "$state is not empty and not a rig of ours"
  : > "$state/.musubi-rig"
  mkdir -p "$state/pids" "$state/logs"
}

lock_state() {
  while open_state "$1"; do
    exec 9> "$state/lock"
    flock -n 9 || { say "another call is at work on this rig; waiting for it"; flock 9; }
    # A `down` before us has deleted the folder with this lock in it: then there is a new one to take.
    [ "$(stat -c %i "$state/lock" 2> /dev/null)" = "$(stat -Lc %i /dev/fd/9)" ] && return
  done
}

# shellcheck shell=bash
# Processes of a rig: started in a session of their own, known by pid and start time, so that a pid
# that was given to somebody else meanwhile is never touched.

# What this call has started, in order.
launched=()

# process PID: sets process_state and process_start. They are counted from behind the program's name,
# which may have spaces in it.
process() {
  local line fields
  { read -r line < "/proc/$1/stat"; } 2> /dev/null || return 1
  read -ra fields <<< "${line##*) }"
  process_state=${fields[0]} process_start=${fields[19]}
}

# alive PID START: runs, and is still the process that started then. A zombie has ended, unless it is
# the first thread only and others still hold its ports.
alive() {
  local tasks
  process "$1" && [ "$process_start" = "$2" ] || return 1
  tasks=("/proc/$1/task"/*)
  [ "$process_state" != Z ] || [ "${#tasks[@]}" -gt 1 ]
}

# Keeps nothing of the caller's but the standard three: no lock of ours, no pipe of cargo's.
in_own_session() {
  local fd
  for fd in "/proc/$BASHPID/fd"/*; do
    fd=${fd##*/}
    [ "$fd" -le 2 ] || eval "exec $fd>&-"
  done
  exec setsid "$@"
}

# launch NAME [VARIABLE=value...] COMMAND...: with these variables and no other of the caller's.
launch() {
  local name=$1 pid
  shift
  in_own_session env -i PATH="$PATH" HOME="$HOME" LANG=C.UTF-8 NO_PROXY="$NO_PROXY" "$@" \
    >> "$state/logs/$name.log" 2>&1 < /dev/null &
  pid=$!
  disown "$pid"
  launched+=("$name")
  # One that has ended already leaves no start time; its health check will tell.
  process "$pid" || process_start=ended
  printf '%s %s\n' "$pid" "$process_start" > "$state/pids/$name"
}

# pid_of NAME: also sets process_state where it is not called in a subshell.
pid_of() {
  local since
  { read -r pid since < "$state/pids/$1"; } 2> /dev/null || return 1
  alive "$pid" "$since"
}

running() { local pid; pid_of "$1"; }
paused() { running "$1" && [ "$process_state" = T ]; }

# signal NAME SIGNAL: to its whole process group.
signal() {
  local pid
  pid_of "$1" || return 0
  kill "-$2" -- "-$pid" 2> /dev/null || kill "-$2" "$pid" 2> /dev/null || true
  # LocalStack starts DynamoDB Local in a session of its own; its wrapper notes the pid.
  [ "$1" != localstack ] || [ "$2" = TERM ] || signal dynamodb "$2"
}

ends_within() { # SECONDS NAME
  local limit=$((SECONDS + $1))
  while running "$2"; do
    [ "$SECONDS" -lt "$limit" ] || return 1
    sleep 0.05
  done
}

# stop NAME [KILL]
stop() {
  if running "$1"; then
    signal "$1" CONT
    signal "$1" "${2:-TERM}"
    ends_within 10 "$1" || { signal "$1" KILL; ends_within 10 "$1" || say "$1 does not end"; }
  fi
  rm -f "$state/pids/$1"
  # It does not end with LocalStack, least of all when that was killed or crashed.
  [ "$1" != localstack ] || stop dynamodb KILL
}

# A call that fails leaves behind what it found, nothing more.
stop_launched() {
  local at
  for ((at = ${#launched[@]} - 1; at >= 0; at--)); do
    running "${launched[at]}" && say "stopping ${launched[at]}"
    stop "${launched[at]}" KILL
  done
  launched=()
}

# listens NAME PORT: it is this process that answers there, not another rig's that was quicker.
listens() {
  local pid socket
  pid_of "$1" || return 1
  socket=$(awk -v port="$(printf ':%04X$' "$2")" '$4 == "0A" && $2 ~ port {print $10; exit}' /proc/net/tcp /proc/net/tcp6)
  [ -n "$socket" ] && [ -n "$(find "/proc/$pid/fd" -lname "socket:\\[$socket\\]" -print -quit 2> /dev/null)" ]
}

# healthy NAME SECONDS COMMAND...: waits, and shows the log of a program that did not make it. It
# polls, for a program on the other side has no event to offer.
healthy() {
  local name=$1 limit=$((SECONDS + $2))
  shift 2
  until "$@" > /dev/null 2>&1; do
    if ! running "$name" || [ "$SECONDS" -ge "$limit" ]; then
      say "$name is not healthy; the end of its log ($state/logs/$name.log):"
      tail -n 20 "$state/logs/$name.log" >&2
      # Used in lib/rig.sh.
      # shellcheck disable=SC2034
      failed=$name
      return 1
    fi
    sleep 0.1
  done
}

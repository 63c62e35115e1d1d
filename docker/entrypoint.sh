#!/usr/bin/env bash
# Runs a jaco command, or any other command in jaco's environment:  docker run jaco sim | docker run -it jaco ros2 topic list
set -euo pipefail
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
case ${1:-sim} in
  ros2 | rviz2 | rqt | bash | sh | python | python3)
    set +u # ROS's own set-up file does not bear it
    # shellcheck source=/dev/null
    source "$root/.venv/jaco/environment.bash"
    exec "$@"
    ;;
  *) exec "$root/jaco" "$@" ;;
esac

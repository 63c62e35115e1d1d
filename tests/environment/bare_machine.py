"""A checkout on a stand-in for a bare machine: the real set-up scripts, over programs that record what they are asked for.

Its PATH holds the few ordinary tools that the scripts use, and stand-ins for python3, apt-get, sudo, id and dpkg-query. The
stand-in for python3 makes a "virtual environment" whose interpreter records `pip install`, `colcon build` and `jaco_bringup.cli`;
everything else it hands to the real interpreter.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = (
    "basename", "bash", "cat", "chmod", "cp", "cut", "date", "dirname", "env", "find", "flock", "grep", "head", "ls",
    "mkdir", "mv", "readlink", "rm", "sed", "sh", "sha256sum", "sleep", "sort", "tail", "tee", "touch", "tr", "uname",
    "xargs",
)  # fmt: skip

PYTHON3 = """#!/bin/bash
# the machine's python3
if [ "${1:-} ${2:-}" = "-m venv" ]; then
  echo "venv ${*:3:$#-3}" >>"$CALLS"
  folder=${*: -1}
  mkdir -p "$folder/bin" "$folder/lib/python3.11/site-packages" "$folder/share/some_msgs/cmake"
  case $* in *system-site*) site=true ;; *) site=false ;; esac
  echo "include-system-site-packages = $site" >"$folder/pyvenv.cfg"
  echo "#!$folder/bin/python" >"$folder/bin/pip"
  echo 'set(p "/opt/python/cp311-cp311/include/python3.11;/opt/python/cp311-cp311/lib/python3.11/site-packages/numpy")' \\
    >"$folder/share/some_msgs/cmake/export.cmake"
  cp "$STANDINS/venv_python" "$folder/bin/python"
  exit
fi
exec "$REAL_PYTHON" "$@"
"""

VENV_PYTHON = """#!/bin/bash
# the environment's python
case "$*" in
  "-m pip install"*)
    echo "pip ${*: -4}" >>"$CALLS"
    if [ -e "$STANDINS/pip_waits" ]; then read -r _ <"$STANDINS/pip_waits"; fi
    if [ -e "$STANDINS/pip_is_killed" ]; then kill -9 "$PPID"; fi
    if [ -e "$STANDINS/pip_fails" ]; then echo "ERROR: no route to the index"; exit 1; fi
    ;;
  *colcon_core*)
    case "$*" in
      *underlay*) echo "colcon underlay" >>"$CALLS" ;;
      *) echo "colcon workspace" >>"$CALLS"
         mkdir -p install build
         echo 'export PYTHONPATH=$PWD/install/jaco_core${PYTHONPATH:+:$PYTHONPATH}' >install/local_setup.bash ;;
    esac ;;
  "-m jaco_bringup.cli"*) echo "cli ${*:3}" >>"$CALLS" ;;
  *) exec "$REAL_PYTHON" "$@" ;;
esac
"""

DPKG_QUERY = """#!/bin/bash
[ ! -e "$STANDINS/no_packages" ] || exit 1
printf installed
"""

APT_GET = """#!/bin/bash
echo "apt-get $*" >>"$CALLS"
[ "$1" != install ] || rm -f "$STANDINS/no_packages"
"""

SUDO = """#!/bin/bash
[ "$1" != -v ] || exit 0
echo "sudo" >>"$CALLS"
exec "$@"
"""


class BareMachine:
    """A machine in `folder` with a copy of the scripts in `checkout`; `calls` says what the stand-ins were asked for."""

    def __init__(self, folder: Path) -> None:
        self.standins = folder / "standins"
        self.checkout = folder / "checkout"
        self._log = folder / "calls"
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.standins.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        for name, text in {
            "python3": PYTHON3, "dpkg-query": DPKG_QUERY, "apt-get": APT_GET, "sudo": SUDO,
            "id": "#!/bin/bash\necho 1000\n", "g++": "#!/bin/bash\n", "make": "#!/bin/bash\n",
        }.items():  # fmt: skip
            self._write_program(self.bin / name, text)
        self._write_program(self.standins / "venv_python", VENV_PYTHON)
        self._copy_sources()

    def _copy_sources(self) -> None:
        (self.checkout / "launch").mkdir(parents=True)
        shutil.copy(ROOT / "jaco", self.checkout)
        shutil.copytree(ROOT / "docker", self.checkout / "docker")
        shutil.copy(ROOT / "colcon.meta", self.checkout)
        package = self.checkout / "ros2_ws/src/jaco_core"
        (package / "jaco_core").mkdir(parents=True)
        (package / "package.xml").write_text("<package/>\n")
        (package / "jaco_core/units.py").write_text("METRE = 1.0\n")

    @staticmethod
    def _write_program(path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a shell on this machine."""
        return {
            "PATH": str(self.bin),
            "HOME": str(self.checkout.parent),
            "CALLS": str(self._log),
            "STANDINS": str(self.standins),
            # the base interpreter: an environment's own would look for pyvenv.cfg beside the stand-ins
            "REAL_PYTHON": os.path.realpath(sys.executable),
        }

    def start(self, *command: str, **variables: str) -> "subprocess.Popen[str]":
        """Starts a command in the checkout; its output and errors come in one stream."""
        return subprocess.Popen(
            command,
            cwd=self.checkout,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def run(self, *command: str, **variables: str) -> "tuple[int, str]":
        """Runs a command in the checkout; returns its exit status and its output with its errors."""
        process = self.start(*command, **variables)
        output, _ = process.communicate(timeout=60)
        return process.returncode, output

    def take_calls(self) -> list[str]:
        """What the stand-ins were asked for since the last time, in order."""
        if not self._log.exists():
            return []
        calls = self._log.read_text().splitlines()
        self._log.unlink()
        return [call.strip() for call in calls]

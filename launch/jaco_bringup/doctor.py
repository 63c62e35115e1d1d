"""What this machine has for jaco, what it lacks and how to get it: `./jaco doctor`. Changes nothing.

It runs before anything is set up, with the machine's own python3, so it uses the standard library alone and no other module of
this project. The `check_*` functions are pure: they turn what `examine` read from the machine into findings.
"""

import argparse
import getpass
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

KNOWN_SYSTEMS = ("debian 12", "ubuntu 22.04", "ubuntu 24.04")
KNOWN_DISTROS = ("kilted", "jazzy")
OLDEST_PYTHON, NEWEST_PYTHON = (3, 10), (3, 12)
"""dm_control needs labmaze, which has no wheel for 3.13."""
SETUP_BYTES = 8 * 10**9
"""Disk that a set-up may need: a CUDA build of torch with its libraries is the largest part."""

PROBE = """
import json, os, sys
found = {}
for name in ("rclpy", "jaco_interfaces.msg", "tf2_msgs.msg", "torch", "mujoco"):
    try:
        module = __import__(name)
        found[name] = getattr(module, "__version__", "")
    except Exception as error:
        found[name] = f"! {error}"
try:
    import mujoco
    context = mujoco.GLContext(64, 64)
    context.make_current()
    from OpenGL import GL
    found["rendering"] = GL.glGetString(GL.GL_RENDERER).decode()
except Exception as error:
    found["rendering"] = f"! {error}"
print(json.dumps(found))
"""
"""Run by the environment's interpreter: what imports, its version, and the renderer; a failure is "! reason"."""

KORTEX_PROBE = """
import json
from importlib import metadata
from jaco_core.errors import JacoError
from jaco_driver.kortex import loader
found = {"folder": str(loader.kortex_folder()), "install": loader.install_line(loader.kortex_folder())}
try:
    loader.load_vendor()
    import google.protobuf
    found["kortex_api"] = f"imports, with protobuf {google.protobuf.__version__}, looked for in {loader.kortex_folder()} first"
except JacoError as error:
    found["kortex_api"] = f"! {error.__cause__}"
print(json.dumps(found))
"""
"""Run on its own, since Kinova's client needs another protobuf than the rest may have loaded."""

REALSENSE_PROBE = """
import json
from jaco_camera.realsense import loader
from jaco_core.errors import JacoError
found = {"install": loader.install_line()}
try:
    vendor = loader.load_vendor()
    serials = [device.get_info(vendor.camera_info.serial_number) for device in vendor.context().query_devices()]
    found["pyrealsense2"] = f"{vendor.__version__}, cameras here: {', '.join(serials) or 'none'}"
except JacoError as error:
    found["pyrealsense2"] = f"! {error.__cause__}"
print(json.dumps(found))
"""
"""Run on its own: a library for cameras that are not there must not keep the rest from being reported."""

TRY_PRIORITY = """
import os, resource
hard = resource.getrlimit(resource.RLIMIT_RTPRIO)[1]
resource.setrlimit(resource.RLIMIT_RTPRIO, (hard, hard))
os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(3))
"""
"""Takes the highest priority of jaco_core.scheduling.Urgency, as the supervisor does in real time."""


class State(Enum):
    """How a finding bears on running jaco."""

    OK = "ok"
    NOTE = "note"  # works, but is worth knowing
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One line of the report. `remedy` says what to do; it is empty where the state is OK."""

    subject: str
    state: State
    text: str
    remedy: str = ""


def check_machine(system: str, machine: str, os_release: Mapping[str, str], cores: int) -> Finding:
    """The kind of machine; `os_release` holds the fields of /etc/os-release."""
    name = os_release.get("PRETTY_NAME", "an unnamed distribution")
    text = f"{system} {machine}, {name}, {cores} cores"
    if (system, machine) != ("Linux", "x86_64"):
        return Finding("machine", State.MISSING, text, "jaco's set-up needs Linux on x86_64; elsewhere use docker/compose.yaml.")
    if f"{os_release.get('ID', '')} {os_release.get('VERSION_ID', '')}" not in KNOWN_SYSTEMS:
        return Finding("machine", State.NOTE, text, "Tried on Debian 12, meant for Ubuntu 22.04 and 24.04 too; others may work.")
    return Finding("machine", State.OK, text)


def check_python(version: tuple[int, ...]) -> Finding:
    """The machine's python3; `version` is (major, minor, ...)."""
    text = ".".join(map(str, version))
    if not OLDEST_PYTHON <= version[:2] <= NEWEST_PYTHON:
        return Finding("python3", State.MISSING, text, "Put a python3 from 3.10 to 3.12 first in PATH.")
    return Finding("python3", State.OK, text)


def check_disk(free_bytes: int, is_set_up: bool) -> Finding:
    """Free space where the repository lies [bytes]."""
    text = f"{free_bytes / 1e9:.1f} GB free"
    if not is_set_up and free_bytes < SETUP_BYTES:
        return Finding("disk", State.NOTE, text, f"The set-up takes up to {SETUP_BYTES / 1e9:.0f} GB; make room first.")
    return Finding("disk", State.OK, text)


def parse_status(text: str) -> dict[str, str]:
    """The lines "KEY<tab>VALUE" of `docker/native.sh --status` as a dictionary."""
    return dict(line.split("\t", 1) for line in text.splitlines() if "\t" in line)


def check_ros(mode: str) -> Finding:
    """Which ROS 2 is used; `mode` is "wheels" or "ros:DISTRO"."""
    if mode == "wheels":
        return Finding("ROS 2", State.OK, "Kilted, from Python wheels (source a ROS 2 before ./jaco to use that one)")
    distro = mode.removeprefix("ros:")
    if distro not in KNOWN_DISTROS:
        remedy = f"jaco is made for {' and '.join(KNOWN_DISTROS)}; call ./jaco from a shell without ROS to use the wheels."
        return Finding("ROS 2", State.NOTE, f"{distro}, of this machine", remedy)
    return Finding("ROS 2", State.OK, f"{distro}, of this machine")


def check_setup(status: Mapping[str, str]) -> list[Finding]:
    """The steps of the set-up and the Debian packages; `status` as `parse_status` returns it."""
    findings = []
    lacking = status.get("missing", "").strip()
    if lacking:
        remedy = f"sudo apt-get install --no-install-recommends {lacking}  (the first ./jaco call does it too)"
        findings.append(Finding("packages", State.MISSING, f"Debian packages that are not installed: {lacking}", remedy))
    else:
        findings.append(Finding("packages", State.OK, "every Debian package that is needed"))
    due = [step for step, state in status.items() if state == "due" and step != "packages"]
    if due:
        remedy = "Any other ./jaco command does it first, e.g. ./jaco sim."
        findings.append(Finding("set-up", State.MISSING, f"due: {', '.join(due)}", remedy))
    else:
        findings.append(Finding("set-up", State.OK, "complete"))
    return findings


def check_environment(found: Mapping[str, str]) -> list[Finding]:
    """What the environment imports and renders with; `found` is PROBE's answer."""
    findings = []
    for name, answer in found.items():
        if not answer.startswith("! "):
            findings.append(Finding(name, State.OK, answer or "imports"))
        elif name == "rendering":
            remedy = "See that libegl1, libopengl0 and libgl1-mesa-dri are installed and that MUJOCO_GL is egl or unset."
            findings.append(Finding(name, State.MISSING, answer[2:], remedy))
        else:
            findings.append(Finding(name, State.MISSING, answer[2:], "Remove .venv and install, then call ./jaco again."))
    return findings


def check_priority(permitted: bool) -> Finding:
    """Whether processes of this user may take real-time priority."""
    if permitted:
        return Finding("priority", State.OK, "real-time priority is permitted")
    text = "real-time priority is not permitted: with --realtime, other work on this machine can make the supervisor stop the arm"
    remedy = f"Put '{getpass.getuser()} - rtprio 3' into /etc/security/limits.d/jaco.conf and log in again."
    return Finding("priority", State.NOTE, text, remedy)


def check_policies(folders: Mapping[str, bool]) -> Finding:
    """Shipped policies: name -> whether both its card and its weights are there."""
    broken = [name for name, whole in folders.items() if not whole]
    if broken:
        text = f"card.json or policy.safetensors is missing in {', '.join(sorted(broken))}"
        return Finding("policies", State.MISSING, text, "git checkout -- models, or remove that folder.")
    if not folders:
        return Finding("policies", State.MISSING, "none in models/policies", "./jaco train reach makes one.")
    return Finding("policies", State.OK, ", ".join(sorted(folders)))


def check_kortex(found: Mapping[str, str]) -> Finding:
    """Kinova's client for the Gen3; `found` is KORTEX_PROBE's answer."""
    answer = found.get("kortex_api", "! it could not be looked for")
    if not answer.startswith("! "):
        return Finding("kortex_api", State.OK, answer)
    remedy = (
        "Only a Kinova Gen3 needs it. github.com/Kinovarobotics/Kinova-kortex2_Gen3_G3L says where its wheel is (2.6 or later); "
        f"then, beside the wheel: {found.get('install', 'pip install it')}  (only the driver's process looks there)"
    )
    return Finding("kortex_api", State.NOTE, answer[2:], remedy)


def check_realsense(found: Mapping[str, str]) -> Finding:
    """The library for Intel RealSense cameras; `found` is REALSENSE_PROBE's answer."""
    answer = found.get("pyrealsense2", "! it could not be looked for")
    if not answer.startswith("! "):
        return Finding("pyrealsense2", State.OK, answer)
    install = found.get("install", "pip install pyrealsense2")
    remedy = f"Only an Intel RealSense needs it: {install}, and sudo apt-get install libusb-1.0-0"
    return Finding("pyrealsense2", State.NOTE, answer[2:], remedy)


def read_os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of an os-release file, without their quotes; empty where there is none."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {key: value.strip("\"'") for key, _, value in (line.partition("=") for line in lines) if value}


def find_policies(folder: Path) -> dict[str, bool]:
    """Each policy in `folder`, and whether its card and its weights are both there."""
    parts = ("card.json", "policy.safetensors")
    return {path.name: all((path / part).is_file() for part in parts) for path in folder.glob("*") if path.is_dir()}


def probe_environment(root: Path, probe: str = PROBE) -> dict[str, str]:
    """Runs `probe` in the environment that the set-up made; a failure to start is an answer too."""
    script = 'source "$0/.venv/jaco/environment.bash" && exec python -c "$1"'
    try:
        done = subprocess.run(["bash", "-c", script, str(root), probe], capture_output=True, text=True, timeout=120, check=False)
        answer: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        return {"environment": f"! it does not start ({error})"}
    return answer


def examine(root: Path) -> list[Finding]:
    """Reads this machine and the checkout in `root`, and returns every finding."""
    findings = [
        check_machine(platform.system(), platform.machine(), read_os_release(), os.cpu_count() or 1),
        check_python(tuple(sys.version_info[:3])),
        check_priority(subprocess.run([sys.executable, "-c", TRY_PRIORITY], capture_output=True, check=False).returncode == 0),
    ]
    done = subprocess.run([root / "docker/native.sh", "--status"], capture_output=True, text=True, timeout=120, check=False)
    status = parse_status(done.stdout)
    if done.returncode != 0:
        text = done.stderr.strip() or "docker/native.sh --status failed"
        return [*findings, Finding("set-up", State.MISSING, text, "Mend what it names, then ask again.")]
    setup = check_setup(status)
    is_set_up = all(finding.state is State.OK for finding in setup)
    findings += [check_disk(shutil.disk_usage(root).free, is_set_up), check_ros(status.get("mode", "wheels")), *setup]
    if is_set_up:
        findings += check_environment(probe_environment(root))
        findings.append(check_kortex(probe_environment(root, KORTEX_PROBE)))
        findings.append(check_realsense(probe_environment(root, REALSENSE_PROBE)))
    findings.append(check_policies(find_policies(root / "models/policies")))
    return findings


def render(findings: Sequence[Finding]) -> str:
    """The report for people: a line for each finding, its remedy below it."""
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        lines.append(f"{finding.state.value:<8} {finding.subject:<{width}}  {finding.text}")
        if finding.remedy:
            lines.append(f"{'':<8} {'':<{width}}  -> {finding.remedy}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the report; the exit status is 1 where something is missing."""
    parser = argparse.ArgumentParser(prog="./jaco doctor", description="Says what is there, what is missing and how to get it.")
    parser.parse_args(arguments)
    findings = examine(Path(__file__).resolve().parents[2])
    print(render(findings))
    return int(any(finding.state is State.MISSING for finding in findings))


if __name__ == "__main__":
    sys.exit(main())

"""The checks of `./jaco doctor`, on invented machines."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from jaco_bringup import doctor
from jaco_bringup.doctor import Finding, State

DEBIAN = {"ID": "debian", "VERSION_ID": "12", "PRETTY_NAME": "Debian GNU/Linux 12 (bookworm)"}
DONE = "mode\twheels\npackages\tdone\nvenv\tdone\nbuild\tdone\n"


def test_it_needs_the_standard_library_alone() -> None:
    """Before the set-up there is nothing else."""
    tree = ast.parse(Path(doctor.__file__).read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("system", "machine", "os_release", "state"),
    [
        ("Linux", "x86_64", DEBIAN, State.OK),
        ("Linux", "x86_64", {"ID": "ubuntu", "VERSION_ID": "24.04"}, State.OK),
        ("Linux", "x86_64", {"ID": "fedora", "VERSION_ID": "44"}, State.NOTE),
        ("Linux", "x86_64", {}, State.NOTE),
        ("Linux", "aarch64", DEBIAN, State.MISSING),
        ("Darwin", "arm64", {}, State.MISSING),
    ],
)
def test_machine(system: str, machine: str, os_release: dict[str, str], state: State) -> None:
    finding = doctor.check_machine(system, machine, os_release, 2)
    assert finding.state is state
    assert bool(finding.remedy) == (state is not State.OK)


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 9, 2), State.MISSING), ((3, 10, 0), State.OK), ((3, 12, 9), State.OK), ((3, 13, 0), State.MISSING)],
)
def test_python(version: tuple[int, ...], state: State) -> None:
    assert doctor.check_python(version).state is state


def test_disk_matters_until_the_set_up_is_done() -> None:
    assert doctor.check_disk(10**9, is_set_up=False).state is State.NOTE
    assert doctor.check_disk(10**9, is_set_up=True).state is State.OK


def test_real_time_priority_that_is_not_permitted_is_worth_knowing() -> None:
    assert doctor.check_priority(True).state is State.OK
    refused = doctor.check_priority(False)
    assert refused.state is State.NOTE and "rtprio" in refused.remedy


@pytest.mark.parametrize(("mode", "state"), [("wheels", State.OK), ("ros:kilted", State.OK), ("ros:humble", State.NOTE)])
def test_ros(mode: str, state: State) -> None:
    assert doctor.check_ros(mode).state is state


def test_a_finished_set_up() -> None:
    assert {finding.state for finding in doctor.check_setup(doctor.parse_status(DONE))} == {State.OK}


def test_missing_packages_and_due_steps_are_named() -> None:
    status = doctor.parse_status("mode\twheels\npackages\tdue\nmissing\tg++ make \nvenv\tdone\npython\tdue\nbuild\tdue\n")
    packages, setup = doctor.check_setup(status)
    assert packages.state is setup.state is State.MISSING
    assert "apt-get install --no-install-recommends g++ make" in packages.remedy
    assert setup.text == "due: python, build"


def test_what_does_not_import_is_missing_with_its_reason() -> None:
    findings = doctor.check_environment({"torch": "2.13.0", "rclpy": "! no module", "rendering": "! no EGL"})
    assert [(finding.state, finding.text) for finding in findings] == [
        (State.OK, "2.13.0"),
        (State.MISSING, "no module"),
        (State.MISSING, "no EGL"),
    ]


def test_policies(tmp_path: Path) -> None:
    assert doctor.check_policies(doctor.find_policies(tmp_path)).state is State.MISSING
    (tmp_path / "reach").mkdir()
    (tmp_path / "reach/card.json").touch()
    assert "reach" in doctor.check_policies(doctor.find_policies(tmp_path)).text
    assert doctor.check_policies(doctor.find_policies(tmp_path)).state is State.MISSING
    (tmp_path / "reach/policy.safetensors").touch()
    assert doctor.check_policies(doctor.find_policies(tmp_path)) == Finding("policies", State.OK, "reach")


def test_os_release_is_read_without_its_quotes(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text('ID=ubuntu\nVERSION_ID="24.04"\n# a comment\n')
    assert doctor.read_os_release(file) == {"ID": "ubuntu", "VERSION_ID": "24.04"}
    assert doctor.read_os_release(tmp_path / "none") == {}


def test_the_report_puts_each_remedy_below_its_finding() -> None:
    report = doctor.render([Finding("disk", State.OK, "much"), Finding("python3", State.MISSING, "none", "get one")])
    assert report.splitlines() == ["ok       disk     much", "missing  python3  none", "                  -> get one"]


def test_kinovas_client_is_a_note_with_the_way_to_get_it() -> None:
    assert doctor.check_kortex({"kortex_api": "imports, with protobuf 3.20.3"}).state is State.OK
    missing = doctor.check_kortex({"kortex_api": "! No module named 'kortex_api'", "install": "pip install --target there"})
    assert missing.state is State.NOTE
    assert missing.text == "No module named 'kortex_api'"
    assert "pip install --target there" in missing.remedy


def test_the_realsense_library_is_a_note_with_the_way_to_get_it() -> None:
    assert doctor.check_realsense({"pyrealsense2": "2.59.1, cameras here: none"}).state is State.OK
    missing = doctor.check_realsense({"pyrealsense2": "! No module named 'pyrealsense2'", "install": "pip install it"})
    assert missing.state is State.NOTE and missing.text == "No module named 'pyrealsense2'"
    assert "pip install it" in missing.remedy and "libusb-1.0-0" in missing.remedy


def test_the_realsense_probe_answers_whether_the_library_is_there_or_not() -> None:
    done = subprocess.run([sys.executable, "-c", doctor.REALSENSE_PROBE], capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert "pip install pyrealsense2==" in found["install"] and found["pyrealsense2"]

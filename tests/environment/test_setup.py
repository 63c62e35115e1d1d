"""The set-up: what it does, when it does nothing, how it fails and how it resumes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from bare_machine import BareMachine

BOTH_LOCKS = "pip -r docker/requirements.lock -r docker/ros-wheels.lock"
WHOLE_SETUP = ["venv", BOTH_LOCKS, "colcon underlay", "colcon workspace"]


def test_the_first_call_sets_up_and_hands_over(machine: BareMachine) -> None:
    code, output = machine.run("./jaco", "sim", "--episodes", "5")
    assert code == 0, output
    assert machine.take_calls() == [*WHOLE_SETUP, "cli sim --episodes 5"]
    assert "[3/7] Python packages" in output


def test_a_second_call_does_nothing_and_is_quick(machine: BareMachine) -> None:
    machine.run("./jaco", "models")
    machine.take_calls()
    before = os.times()
    code, output = machine.run("./jaco", "models")
    after = os.times()
    # Of a processor, not of the clock: the machine may do other things besides.
    assert sum(after[2:4]) - sum(before[2:4]) < 2.0
    assert (code, output, machine.take_calls()) == (0, "", ["cli models"])


@pytest.mark.parametrize(
    ("path", "redone"),
    [
        ("ros2_ws/src/jaco_core/jaco_core/units.py", []),
        ("ros2_ws/src/jaco_core/jaco_core/another_module.py", []),
        ("ros2_ws/src/jaco_core/test/test_units.py", []),
        ("ros2_ws/src/jaco_core/package.xml", ["colcon workspace"]),
        ("ros2_ws/src/jaco_core/setup.py", ["colcon workspace"]),
        ("ros2_ws/src/jaco_interfaces/msg/Another.msg", ["colcon workspace"]),
        ("launch/config/another.yaml", ["colcon workspace"]),
        ("launch/another.launch.py", ["colcon workspace"]),
        ("colcon.meta", ["colcon workspace"]),
        ("docker/underlay/tf2_msgs/msg/TFMessage.msg", ["colcon underlay", "colcon workspace"]),
        ("docker/requirements.lock", [BOTH_LOCKS, "colcon underlay", "colcon workspace"]),
    ],
)
def test_a_change_redoes_what_depends_on_it(machine: BareMachine, path: str, redone: list[str]) -> None:
    machine.run("docker/native.sh")
    machine.take_calls()
    changed = machine.checkout / path
    changed.parent.mkdir(parents=True, exist_ok=True)
    changed.write_text("# changed\n")
    code, output = machine.run("docker/native.sh")
    assert code == 0, output
    assert machine.take_calls() == redone


def test_a_failed_step_names_itself_and_the_remedy_and_is_resumed(machine: BareMachine) -> None:
    (machine.standins / "pip_fails").touch()
    code, output = machine.run("./jaco", "sim")
    assert code == 1
    assert "| ERROR: no route to the index" in output
    assert "stopped at step 3, Python packages" in output
    assert "reaches its Python package index" in output
    assert "log/setup/3-python.log" in output
    machine.take_calls()
    (machine.standins / "pip_fails").unlink()
    code, output = machine.run("./jaco", "sim")
    assert code == 0, output
    assert machine.take_calls() == [*WHOLE_SETUP[1:], "cli sim"]


def test_a_killed_installation_is_begun_anew(machine: BareMachine) -> None:
    (machine.standins / "pip_is_killed").touch()
    code, _ = machine.run("./jaco", "sim")
    assert code != 0
    (machine.standins / "pip_is_killed").unlink()
    machine.take_calls()
    code, output = machine.run("./jaco", "sim")
    assert code == 0, output
    assert machine.take_calls() == [*WHOLE_SETUP, "cli sim"]


def test_a_moved_checkout_is_set_up_again(machine: BareMachine) -> None:
    machine.run("docker/native.sh")
    machine.take_calls()
    moved = machine.checkout.parent / "moved"
    machine.checkout.rename(moved)
    machine.checkout = moved
    code, output = machine.run("docker/native.sh")
    assert code == 0, output
    assert machine.take_calls() == WHOLE_SETUP


@pytest.mark.parametrize("lost", ["install", ".venv"])
def test_what_was_removed_is_made_again(machine: BareMachine, lost: str) -> None:
    machine.run("docker/native.sh")
    machine.take_calls()
    shutil.rmtree(machine.checkout / lost)
    code, output = machine.run("docker/native.sh")
    assert code == 0, output
    assert machine.take_calls() == (WHOLE_SETUP if lost == ".venv" else ["colcon workspace"])


def test_two_calls_at_once_set_up_once(machine: BareMachine) -> None:
    gate = machine.standins / "pip_waits"
    os.mkfifo(gate)
    first = machine.start("docker/native.sh")
    with gate.open("w") as opened:  # opens once the first call's pip reads it
        second = machine.start("docker/native.sh")
        assert second.stdout is not None
        assert "waiting for it" in second.stdout.readline()
        gate.unlink()
        opened.write("go on\n")
    for process in (first, second):
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 0, output
    assert machine.take_calls() == WHOLE_SETUP


def test_missing_packages_are_named_and_come_through_sudo(machine: BareMachine) -> None:
    (machine.standins / "no_packages").touch()
    code, output = machine.run("docker/native.sh", "--until", "packages")
    assert code == 0, output
    assert "installing with apt-get: libegl1 libopengl0 libgl1-mesa-dri" in output
    install = "apt-get install -y --no-install-recommends libegl1 libopengl0 libgl1-mesa-dri"
    assert machine.take_calls() == ["sudo", "apt-get update", "sudo", install]


def test_without_sudo_one_sentence_names_the_packages(machine: BareMachine) -> None:
    (machine.standins / "no_packages").touch()
    (machine.bin / "sudo").unlink()
    code, output = machine.run("./jaco", "sim")
    assert code == 1
    assert "apt-get install --no-install-recommends libegl1 libopengl0 libgl1-mesa-dri" in output.splitlines()[-1]
    assert machine.take_calls() == []


def test_an_unsuitable_python_is_refused_before_anything_is_made(machine: BareMachine) -> None:
    text = '#!/bin/bash\ncase "$2" in *version_info\\[:2\\]*) exit 1 ;; *) echo 3.9.2 ;; esac\n'
    (machine.bin / "python3").write_text(text)
    code, output = machine.run("./jaco", "sim")
    assert code == 1
    assert "python3 is 3.9.2; jaco needs 3.10 to 3.12" in output
    assert not (machine.checkout / ".venv").exists()


def test_the_wheels_paths_are_those_of_this_interpreter(machine: BareMachine) -> None:
    machine.run("docker/native.sh")
    text = (machine.checkout / ".venv/share/some_msgs/cmake/export.cmake").read_text()
    assert "/opt/python" not in text
    assert "/include/python3." in text
    assert "-packages/numpy" in text  # dist-packages for Debian's own interpreter


def test_the_environment_adds_to_the_shell_and_respects_its_choices(machine: BareMachine) -> None:
    machine.run("docker/native.sh")
    names = ("PATH", "PYTHONPATH", "MUJOCO_GL", "ROS_AUTOMATIC_DISCOVERY_RANGE", "AMENT_PREFIX_PATH")
    show = 'source .venv/jaco/environment.bash; echo "' + "|".join(f"${name}" for name in names) + '"'
    code, output = machine.run("bash", "-euc", show, PYTHONPATH="/own", MUJOCO_GL="glfw")
    assert code == 0, output
    path, python_path, gl, discovery, prefixes = output.strip().split("|")
    assert path.split(":") == [f"{machine.checkout}/.venv/bin", str(machine.bin)]
    assert python_path.split(":") == [f"{machine.checkout}/install/jaco_core", "/own"]
    assert (gl, discovery, prefixes) == ("glfw", "LOCALHOST", f"{machine.checkout}/.venv")


def test_a_shell_in_the_environment_can_set_up_too(machine: BareMachine) -> None:
    machine.run("docker/native.sh")
    environment = (machine.checkout / ".venv/jaco/environment.bash").read_text()
    (machine.checkout / "ros2_ws/src/jaco_core/package.xml").write_text("<package> </package>\n")
    code, output = machine.run("bash", "-euc", "source .venv/jaco/environment.bash; docker/native.sh")
    assert code == 0, output
    assert "done in" in output
    assert (machine.checkout / ".venv/jaco/environment.bash").read_text() == environment


def test_status_changes_nothing(machine: BareMachine) -> None:
    code, output = machine.run("docker/native.sh", "--status")
    assert code == 0
    assert output.splitlines()[:3] == ["mode\twheels", "packages\tdone", "venv\tdue"]
    assert machine.take_calls() == []
    assert not (machine.checkout / ".venv").exists()
    assert not (machine.checkout / "log").exists()


@pytest.fixture
def ros(machine: BareMachine) -> dict[str, str]:
    """The variables of a shell that has sourced a ROS 2."""
    ros = machine.checkout.parent / "ros"
    (ros / "python/rclpy").mkdir(parents=True)
    (ros / "python/rclpy/__init__.py").touch()
    for package in ("tf2_msgs", "kinova_msgs"):
        (ros / f"share/{package}").mkdir(parents=True)
        (ros / f"share/{package}/package.xml").touch()
    for tool in ("cmake", "colcon"):
        shutil.copy(machine.bin / "make", machine.bin / tool)
    return {"ROS_DISTRO": "testing", "PYTHONPATH": str(ros / "python"), "AMENT_PREFIX_PATH": str(ros)}


def test_a_sourced_ros_is_used(machine: BareMachine, ros: dict[str, str]) -> None:
    code, output = machine.run("./jaco", "sim", **ros)
    assert code == 0, output
    assert "ROS 2 testing of this machine" in output
    calls = machine.take_calls()
    assert calls[0] == "venv --system-site-packages"
    assert calls[1].endswith("-r docker/requirements.lock")
    assert calls[2:] == ["colcon workspace", "cli sim"]  # what the underlay would give is there
    environment = (machine.checkout / ".venv/jaco/environment.bash").read_text()
    assert "_ROS_WHEELS" not in environment
    assert str(Path(ros["PYTHONPATH"])) not in environment


def test_going_over_to_a_sourced_ros_makes_the_environment_anew(machine: BareMachine, ros: dict[str, str]) -> None:
    machine.run("docker/native.sh")
    machine.take_calls()
    code, output = machine.run("docker/native.sh", **ros)
    assert code == 0, output
    assert machine.take_calls()[0] == "venv --system-site-packages"


def test_a_ros_without_rclpy_is_not_a_sourced_ros(machine: BareMachine) -> None:
    _, output = machine.run("docker/native.sh", "--status", ROS_DISTRO="testing", PYTHONPATH=str(machine.checkout))
    assert output.startswith("mode\twheels")


def test_doctor_answers_on_a_bare_machine(machine: BareMachine) -> None:
    shutil.copytree(Path(__file__).parents[2] / "launch/jaco_bringup", machine.checkout / "launch/jaco_bringup")
    (machine.standins / "no_packages").touch()
    code, output = machine.run("./jaco", "doctor")
    assert code == 1
    assert "sudo apt-get install --no-install-recommends libegl1 libopengl0 libgl1-mesa-dri" in output
    assert "due: venv, python, paths, underlay, build, environment" in output
    assert machine.take_calls() == []
    assert not (machine.checkout / ".venv").exists()


def test_scripts_are_valid_bash() -> None:
    root = Path(__file__).parents[2]
    for script in [root / "jaco", root / ".ci/run", *root.glob("docker/*.sh")]:
        assert os.access(script, os.X_OK) or script.name == "steps.sh", script
        subprocess.run(["bash", "-n", script], check=True)

"""A node's process has no port in shared memory that others could wait for, and is heard by those that have one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import String

from jaco_bringup.graph import GRAPHS
from jaco_bringup.transport import udp_alone
from jaco_core.domain import take_random_domain
from jaco_core.ros.waiting import spin_until

CHOICES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_BUILTIN_TRANSPORTS", "ROS_STATIC_PEERS")
# Says whether it has shared memory of the middleware, and answers what it hears, until its input ends.
ANSWERS = """
import pathlib, sys, threading
import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import String
rclpy.init()
node = rclpy.create_node("answers")
answers = node.create_publisher(String, "answers", 10)
shared = "/dev/shm/fastdds" in pathlib.Path("/proc/self/maps").read_text()
node.create_subscription(String, "questions", lambda message: answers.publish(String(data=f"{message.data} {shared}")), 10)
executor = SingleThreadedExecutor()
executor.add_node(node)
ended = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
while not ended.is_set():
    executor.spin_once(timeout_sec=0.05)
"""


def test_a_node_is_heard_without_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    for name in (*CHOICES, "ROS_LOCALHOST_ONLY"):
        monkeypatch.delenv(name, raising=False)
    heard: list[str] = []
    with take_random_domain() as domain:
        environment = {**os.environ, **udp_alone(os.environ), "ROS_DOMAIN_ID": str(domain.number)}
        other = subprocess.Popen([sys.executable, "-c", ANSWERS], env=environment, stdin=subprocess.PIPE)
        rclpy.init(domain_id=domain.number)
        asking = rclpy.create_node("asks")
        executor = SingleThreadedExecutor()
        executor.add_node(asking)
        try:
            questions = asking.create_publisher(String, "questions", 10)
            asking.create_subscription(String, "answers", lambda message: heard.append(message.data), 10)

            def answered() -> bool:
                # The other side may have found one of these alone so far.
                questions.publish(String(data="here"))
                return bool(heard)

            spin_until(executor, answered, 60.0, "an answer")
        finally:
            other.kill()
            other.communicate(timeout=60.0)
            executor.shutdown()
            asking.destroy_node()
            rclpy.try_shutdown()
    assert set(heard) == {"here False"}


def test_whom_a_process_discovers_stays_as_it_was() -> None:
    here = udp_alone({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"})
    assert here["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "SYSTEM_DEFAULT"
    assert "<address>127.0.0.1</address>" in Path(here["FASTDDS_DEFAULT_PROFILES_FILE"]).read_text()
    assert udp_alone({}) == udp_alone({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}) == {"FASTDDS_BUILTIN_TRANSPORTS": "UDPv4"}


@pytest.mark.parametrize("name", CHOICES)
def test_who_has_chosen_keeps_the_choice(name: str) -> None:
    assert udp_alone({name: "mine", "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}) == {}


@pytest.mark.parametrize(("realtime", "udp"), [("true", True), ("false", False)])
def test_a_graph_in_real_time_takes_it_and_one_in_lockstep_does_not(
    realtime: str, udp: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*CHOICES, "ROS_LOCALHOST_ONLY"):
        monkeypatch.delenv(name, raising=False)
    arguments = {spec.name: spec.parse(realtime) for spec in GRAPHS["sim"].arguments if spec.name == "realtime"}
    assert bool(GRAPHS["sim"].build(arguments).environment) == udp
    assert GRAPHS["real"].build({}).environment

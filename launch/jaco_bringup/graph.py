"""The graph as data: which nodes run, with which parameters and remappings, in which order.

`sim_graph`, `real_graph` and `learn_graph` are the only place that says so. The launch files turn a `Graph` into launch_ros
actions (launch_adapter.py), the runner turns it into processes (runner.py); neither knows anything that the other does not.

No node is given use_sim_time, in simulation neither: they act on the stamps of what arrives and on steady clocks. Following
/clock, which the simulator publishes for others, would wake each of them a hundred times a second for nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from jaco_bringup.arguments import (
    CREDENTIALS,
    LEARN_ARGUMENTS,
    REAL_ARGUMENTS,
    SIM_ARGUMENTS,
    TCP_PORT,
    UDP_PORT,
    ArgumentSpec,
    Value,
    complete,
)
from jaco_bringup.cameras import drawn_cameras, read_cameras, require_cameras
from jaco_bringup.policies import find_policy
from jaco_bringup.transport import udp_alone
from jaco_core.arms import load_arm
from jaco_core.errors import ConfigError
from jaco_policy.camera_contract import read_camera, require_one_view

YIELDING = 10
"""Niceness of nodes that the arm does not need."""
# A camera's picture and the joint state that the learner takes for it are so far apart at most [s], as for the task.
_FELT_WITHIN = 0.02


@dataclass(frozen=True)
class NodeSpec:
    """One process of the graph.

    `lifecycle`: the manager configures and activates it. `critical`: its death ends the run. `restart`: it is started again when
    it dies, and the manager brings it up again. `niceness`: from 0 to 19, how far it lets the other processes go first when it is
    started again: that takes seconds of a processor, and the arm moves meanwhile.
    """

    name: str
    package: str
    executable: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    remappings: tuple[tuple[str, str], ...] = ()
    lifecycle: bool = True
    critical: bool = True
    restart: bool = False
    niceness: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of their activation; they are deactivated in reverse, so the arm's side comes last and stops first.

    The end of the node `leader` is the end of the run; a good one when its exit code is 0. `environment`: variables that every
    process gets beside those that are there.
    """

    name: str
    nodes: tuple[NodeSpec, ...]
    leader: str = "manager"
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "environment", MappingProxyType(dict(self.environment)))

    def node(self, name: str) -> NodeSpec:
        """Returns the node called `name`."""
        return next(node for node in self.nodes if node.name == name)


def sim_graph(arguments: Mapping[str, Value]) -> Graph:
    """Returns the graph that ends in the simulator. `arguments`: values of SIM_ARGUMENTS.

    Raises:
        ConfigError: an argument is unknown or wrong, or there is no such policy.
    """
    a = complete(SIM_ARGUMENTS, arguments)
    told = {**{name: a[name] for name in ("task", "profile", "seed")}, "near_starts": a["curriculum"]}
    shared: dict[str, Value] = {"arm": a["arm"]}
    waiting: dict[str, Value] = {"lockstep": not a["realtime"], "lockstep_timeout": a["lockstep_timeout"]}
    camera = read_camera(find_policy(str(a["policy"])))
    cameras = drawn_cameras(str(a["cameras"]), str(a["policy"]), camera)
    seen: dict[str, Value] = {"depth": bool(a["depth"]) or camera.depth, **({"cameras": cameras} if cameras else {})}
    sim = NodeSpec(
        "sim",
        "jaco_sim",
        "sim",
        {**shared, **waiting, **told, **seen},
    )
    return _graph("sim", a, shared, waiting, (sim,), cameras)


def learn_graph(arguments: Mapping[str, Value]) -> Graph:
    """Returns the simulated graph with a policy that explores, and the learner that improves it.

    Raises:
        ConfigError: an argument is unknown or wrong, or there is no such policy.
        ContractError: the policy sees more than its own camera's colours.
    """
    a = complete(LEARN_ARGUMENTS, arguments)
    sim = sim_graph({name: a[name] for name in a if name in {spec.name for spec in SIM_ARGUMENTS}} | {"deterministic": False})
    # A picture of the simulator's has the stamp of a joint state.
    return replace(_with_learner(sim, a, lockstep=not a["realtime"], tolerance=0.0), name="learn")


def _with_learner(graph: Graph, a: Mapping[str, Value], *, lockstep: bool, tolerance: float) -> Graph:
    """Returns the graph with a policy that takes new weights, and the learner that makes them. `tolerance` [s]: the learner's."""
    policy = find_policy(str(a["policy"]))
    require_one_view(str(a["policy"]), read_camera(policy), "the learner in the graph")
    folder = a["learning_dir"] or f"{a['run_dir'] or 'runs'}/learning"
    # In lockstep the graph waits for it between episodes, so there is nobody to yield to.
    niceness = 0 if lockstep else YIELDING
    learner = NodeSpec(
        "learner",
        "jaco_learner",
        "learner",
        {
            **{name: a[name] for name in ("arm", "task", "method", "size", "algorithm", "learning_rate", "seed")},
            **{name: a[name] for name in ("correction_weight", "operator_share")},
            "checkpoint": str(policy),
            "folder": str(folder),
            "lockstep": lockstep,
            "niceness": niceness,
            "tolerance": tolerance,
        },
        critical=False,
        restart=True,
        niceness=niceness,
    )
    patience: dict[str, Value] = {"learner_patience": 0.8 * float(str(a["lockstep_timeout"]))} if lockstep else {}
    more: dict[str, dict[str, Value]] = {
        "policy": {"learning": True, "task": a["task"], **patience},
        "task": {"steps": a["steps"]},
    }
    nodes = [replace(node, parameters={**node.parameters, **more.get(node.name, {})}) for node in graph.nodes]
    at = next(index for index, node in enumerate(nodes) if node.name == "policy")
    managed = (*nodes[:at], learner, *nodes[at:-1])
    names: dict[str, Value] = {"nodes": tuple(node.name for node in managed if node.lifecycle)}
    restarting = tuple(node.name for node in managed if node.lifecycle and node.restart)
    manager = replace(nodes[-1], parameters={**nodes[-1].parameters, **names, "restarting": restarting})
    if a["steps"]:
        manager = replace(manager, parameters={**manager.parameters, "exit_when_finished": True})
    return Graph(graph.name, (*managed, manager))


def real_graph(arguments: Mapping[str, Value]) -> Graph:
    """Returns the graph that ends in a camera and the arm's driver. `arguments`: values of REAL_ARGUMENTS.

    Raises:
        ConfigError: an argument is unknown or wrong, there is no such policy, or it sees a camera that is not there.
        ContractError: the graph shall learn, and the policy sees more than its own camera's colours.
    """
    a = complete(REAL_ARGUMENTS, arguments)
    shared: dict[str, Value] = {"arm": a["arm"]}
    camera = NodeSpec(
        "camera",
        "jaco_camera",
        "camera",
        {
            "source": a["camera"],
            "loop": a["loop"],
            "calibration": a["calibration"],
            "field_of_view": a["field_of_view"],
            "width": a["width"],
            "height": a["height"],
            "rate": a["rate"],
            "depth": a["depth"],
            "pose": a["camera_pose"],
            "parent_frame": load_arm(str(a["arm"])).base_frame,
        },
    )
    entries = read_cameras(Path(str(a["cameras"])).expanduser()) if a["cameras"] else ()
    require_cameras(str(a["policy"]), read_camera(find_policy(str(a["policy"]))), entries, bool(a["depth"]))
    # Without one that it sees, the policy does not act until it is back.
    further = (
        NodeSpec(entry.node, "jaco_camera", "camera", entry.parameters, entry.remappings, critical=False, restart=True)
        for entry in entries
    )
    perception = NodeSpec("perception", "jaco_camera", "perception", {**shared, "camera_pose": a["camera_pose"]})
    returning: dict[str, Value] = {"task": a["task"], "start": a["start"], "move_every": a["move_every"]}
    reset = NodeSpec("reset", "jaco_driver", "reset", {**shared, **returning})
    driver = NodeSpec("driver", "jaco_driver", "driver", {**shared, **_backend(a)})
    if a["curriculum"] and a["start"] == "home":
        raise ConfigError("A curriculum chooses how far from the target an episode starts: give start random, not home.")
    if a["excite"] and a["learn"]:
        raise ConfigError("A graph that is excited plays no policy that could learn: give excite or learn.")
    # Nothing is asked for that perception would have to see, and there are no episodes to reset between.
    between = () if a["excite"] else (perception, reset)
    arm_side = (*further, camera, *between, driver)
    # Who learns must explore.
    a["deterministic"] = bool(a["deterministic"]) and not a["learn"]
    graph = _graph("real", a, shared, {"lockstep": False}, arm_side, tuple(entry.name for entry in entries))
    return _with_learner(graph, a, lockstep=False, tolerance=_FELT_WITHIN) if a["learn"] else graph


def _backend(a: Mapping[str, Value]) -> dict[str, Value]:
    """Returns the driver's parameters that say how it reaches the arm."""
    backend = a["backend"]
    if backend == "auto":
        backend = "kortex" if a["robot_ip"] else "fake"
    if backend == "ros2_control":
        return {"backend": backend, "controllers": a["controllers"]}
    if backend != "kortex":
        return {"backend": backend}
    address = {"robot_ip": a["robot_ip"]} if a["robot_ip"] else {}
    return {"backend": backend, **address, **{spec.name: a[spec.name] for spec in (TCP_PORT, UDP_PORT, CREDENTIALS)}}


def _graph(
    name: str,
    a: Mapping[str, Value],
    shared: dict[str, Value],
    waiting: dict[str, Value],
    arm_side: tuple[NodeSpec, ...],
    cameras: tuple[str, ...],
) -> Graph:
    """Puts the nodes that every graph has before those of `arm_side`, and the manager of them all behind.

    `cameras`: names of the further ones, which are recorded too. The supervisor looks at the one on /camera alone.
    """
    if a["excite"] and a["curriculum"]:
        raise ConfigError("A graph that is excited has no episodes that could begin near the target: give excite or curriculum.")
    lockstep: dict[str, Value] = {"lockstep": waiting["lockstep"]}
    watched: dict[str, Value] = {"cameras": cameras} if cameras else {}
    recorder = NodeSpec("recorder", "jaco_monitor", "recorder", {"run_dir": a["run_dir"], **watched, **lockstep})
    markers = NodeSpec(
        "markers", "jaco_monitor", "markers", {**shared, **lockstep}, critical=False, restart=True, niceness=YIELDING
    )
    supervisor = NodeSpec("supervisor", "jaco_safety", "supervisor", {**shared, **waiting, "mode": a["mode"]})
    recorded = (recorder,) if a["run_dir"] else ()
    acting = (_excitation(a, shared, lockstep),) if a["excite"] else _policy_and_task(a, shared, lockstep)
    managed = (*recorded, markers, supervisor, *acting, *arm_side)
    ends = bool(a["episodes"] or a.get("minutes") or a["excite"])
    manager = NodeSpec(
        "manager",
        "jaco_bringup",
        "manager",
        {
            "nodes": tuple(node.name for node in managed if node.lifecycle),
            "restarting": tuple(node.name for node in managed if node.lifecycle and node.restart),
            "exit_when_finished": ends,
            **lockstep,
        },
        lifecycle=False,
    )
    return Graph(name, (*managed, manager), environment={} if waiting["lockstep"] else udp_alone(os.environ))


def _excitation(a: Mapping[str, Value], shared: dict[str, Value], lockstep: dict[str, Value]) -> NodeSpec:
    """Returns what moves the arm in the places of policy and task."""
    told: dict[str, Value] = {"seconds": a["excite"], "extent": a["extent"], "seed": a["seed"]}
    return NodeSpec("excitation", "jaco_sim", "identification", {**shared, **lockstep, **told})


def _policy_and_task(a: Mapping[str, Value], shared: dict[str, Value], lockstep: dict[str, Value]) -> tuple[NodeSpec, NodeSpec]:
    policy = NodeSpec(
        "policy",
        "jaco_policy",
        "policy",
        {
            **shared,
            **lockstep,
            "checkpoint": str(find_policy(str(a["policy"]))),
            "deterministic": a["deterministic"],
            "seed": a["seed"],
        },
    )
    asked: dict[str, Value] = {name: a[name] for name in ("task", "episodes", "seed", "curriculum")}
    asked["minutes"] = a.get("minutes", 0.0)
    task = NodeSpec("task", "jaco_tasks", "task", {**shared, **lockstep, **asked})
    return policy, task


@dataclass(frozen=True)
class GraphSpec:
    """A graph before its arguments are known: what a launch file and the command line need to describe it."""

    name: str
    description: str
    arguments: tuple[ArgumentSpec, ...]
    build: Callable[[Mapping[str, Value]], Graph]


GRAPHS: Mapping[str, GraphSpec] = MappingProxyType(
    {
        "sim": GraphSpec("sim", "The policy moves a simulated arm.", SIM_ARGUMENTS, sim_graph),
        "real": GraphSpec("real", "The policy moves an arm behind a driver, watched by a camera.", REAL_ARGUMENTS, real_graph),
        "learn": GraphSpec(
            "learn",
            "The simulated graph with a policy that explores and a learner that improves it.",
            LEARN_ARGUMENTS,
            learn_graph,
        ),
    }
)

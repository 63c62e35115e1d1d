"""The graph that faults happen on, and how one fault is brought about, watched, measured and taken back."""

from __future__ import annotations

import contextlib
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from jaco_bringup.arguments import Value
from jaco_bringup.bench.faults.matrix import Act, Fault
from jaco_bringup.bench.faults.measure import (
    FaultFigures,
    Judgement,
    Sighting,
    braking_ns,
    last_word_ns,
    milliseconds,
    path_length,
    standstill,
)
from jaco_bringup.bench.faults.node import Witness
from jaco_bringup.bench.injector.distortion import Order
from jaco_bringup.bench.measured import RunFailed
from jaco_bringup.graph import Graph, NodeSpec, sim_graph
from jaco_bringup.policies import find_policy
from jaco_bringup.runner import Runner
from jaco_core.arms import load_arm
from jaco_core.errors import TimeoutExceeded
from jaco_core.kinematics import Kinematics
from jaco_core.types import Vector

# Longer than the manager waits for any one node, so that its sentence comes first.
START_TIMEOUT_S = 180.0
MOTION_TIMEOUT_S = 90.0
SHOWN_LINES = 40
RECOVERY_TIMEOUT_S = 45.0
# The injector answers to an order within so long.
ORDER_TIMEOUT_S = 10.0
# Longest wait for a fault's consequences, and how long a fault that is tolerated is watched.
WATCH_S, TOLERATED_S = 10.0, 2.0
FROZEN_S = 0.8
SLOW_STOP_S, SLOW_RUN_S = 1.0, 0.02
# One of its first three joints moves so fast when a fault comes [rad/s], early in an episode: no reset of the scene shall be
# mistaken for a stop.
MOVING = 0.2
FIRST_STEP, LAST_STEP = 2, 18
LATCHED = ("PROTECTIVE_STOP", "EMERGENCY_STOP")

_RELAYED = {"sim": ("/joint_states", "/camera/image_raw", "/camera/camera_info"), "policy": ("/policy/command",)}


def fault_graph(arguments: Mapping[str, Value]) -> Graph:
    """Returns the simulated graph in real time, with the injector between policy and supervisor and behind the arm's side."""
    graph = sim_graph({**arguments, "realtime": True, "episodes": 0})
    nodes = tuple(
        replace(node, remappings=tuple((topic, f"/undistorted{topic}") for topic in _RELAYED.get(node.name, ())))
        for node in graph.nodes
    )
    injector = NodeSpec("injector", "jaco_bringup", "injector", lifecycle=False)
    return replace(graph, name="faults", nodes=(injector, *nodes))


def _arm_is_gone(fault: Fault) -> bool:
    return fault.act is Act.KILL and fault.target == "sim"


def _passed(moment: float) -> Callable[[], bool]:
    return lambda: time.monotonic() > moment


class Stage:
    """A running graph with a witness."""

    def __init__(self, runner: Runner, witness: Witness, arm: str, weights: Path) -> None:
        """`weights`: the file that the policy was loaded from."""
        self.runner, self.witness = runner, witness
        self._weights, self._content = weights, weights.read_bytes()
        self._joint_names = load_arm(arm).joint_names
        self._kinematics = Kinematics(load_arm(arm))

    def poll(self) -> None:
        """Raises RunFailed when a node has died that was not killed on purpose."""
        outcome = self.runner.poll()
        if outcome is not None:
            raise RunFailed(f"The graph of the fault bench ended: {outcome.sentence} {' '.join(self.runner.log.errors())}")

    def play(self, fault: Fault) -> FaultFigures:
        """Brings `fault` about while the arm moves and returns what came of it. After a `survivable` one the graph is well again.

        Raises:
            TimeoutExceeded: the arm did not move before, or did not come back after.
        """
        witness = self.witness
        self._prepare(fault)
        since_ns = time.monotonic_ns()
        self._begin(fault)
        try:
            if fault.act is Act.DISTORT:
                witness.wait(lambda: witness.began_ns is not None, ORDER_TIMEOUT_S, "the injector", self.poll)
                since_ns = witness.began_ns or since_ns
            elif fault.act is Act.SERVICE:
                since_ns = witness.called_ns
            self._watch(fault, since_ns)
        finally:
            self._end(fault)
        if fault.act in (Act.FREEZE, Act.SLOW) and not fault.tolerated:
            with contextlib.suppress(TimeoutExceeded):
                witness.wait(lambda: self._came_to_rest(fault, since_ns), WATCH_S, "rest")
        figures = self._figures(fault, since_ns)
        if fault.survivable:
            self._recover()
        return figures

    # Before.
    def _prepare(self, fault: Fault) -> None:
        witness = self.witness
        if fault.act is Act.HEARTBEAT:
            witness.key_held = True
            witness.call("/safety/set_mode", mode="supervised")
        if fault.before is not None:
            witness.order(fault.before)
        if fault.act is Act.RIVAL:
            witness.make_rival()
        witness.wait(self.moves, MOTION_TIMEOUT_S, f"the arm to move before '{fault.name}'", self.keep_well)

    def keep_well(self) -> None:
        """Resets a stop that came at the start or between two faults: a busy machine can make one, and it is none of theirs."""
        self.poll()
        judgement = self.witness.judgement
        if judgement is not None and judgement.state in LATCHED:
            with contextlib.suppress(TimeoutExceeded):  # whoever waits for more than an answer has a bound of its own
                self.witness.call("/safety/reset")

    def moves(self) -> bool:
        """Tells whether the arm moves, early in an episode."""
        witness, judgement = self.witness, self.witness.judgement
        episode = witness.episode
        early = episode is not None and episode.phase == episode.RUNNING and FIRST_STEP <= episode.step <= LAST_STEP
        going = judgement is not None and judgement.state in ("ACTIVE", "LIMITED")
        return bool(early and going and witness.measured and np.abs(witness.measured[-1].velocity[:3]).max() > MOVING)

    # During.
    def _begin(self, fault: Fault) -> None:
        witness = self.witness
        if fault.act is Act.KILL:
            self.runner.send(fault.target, signal.SIGKILL)
        elif fault.act in (Act.FREEZE, Act.SLOW):
            self.runner.send(fault.target, signal.SIGSTOP)
        elif fault.act is Act.DISTORT:
            assert fault.order is not None
            witness.order(fault.order)
        elif fault.act is Act.RIVAL:
            witness.rival_enters(fault.target)
        elif fault.act is Act.INPUT:
            witness.stop_input(fault.target, True)
        elif fault.act is Act.REPLACE:
            # In place: whoever had only mapped the file would now compute with this.
            self._weights.write_bytes(b"not what the card says")
        elif fault.act is Act.SERVICE:
            witness.call("/safety/stop")
        elif fault.act is Act.HEARTBEAT:
            witness.key_held = False

    def _watch(self, fault: Fault, since_ns: int) -> None:
        witness = self.witness
        if fault.ends_run:
            witness.wait(lambda: self.runner.poll() is not None, WATCH_S, f"the runner to miss '{fault.target}'")
            self.runner.stop()
            with contextlib.suppress(TimeoutExceeded):
                witness.wait(lambda: last_word_ns(tuple(witness.applied), since_ns) is not None, WATCH_S, "the arm's last word")
            return
        if fault.act is Act.FREEZE and fault.target in ("sim", "supervisor"):
            # A frozen supervisor says nothing, and a frozen simulator shows nothing, before it runs again.
            deadline = time.monotonic() + FROZEN_S
            witness.wait(lambda: time.monotonic() > deadline, 2.0 * FROZEN_S, "the time of the frost")
            return
        deadline = time.monotonic() + (TOLERATED_S if fault.tolerated else WATCH_S)
        stopped_at = time.monotonic()

        def tick() -> None:
            nonlocal stopped_at
            if fault.act is Act.SLOW and time.monotonic() - stopped_at > SLOW_STOP_S:
                self.runner.send(fault.target, signal.SIGCONT)
                time.sleep(SLOW_RUN_S)  # the little that a slowed process runs
                self.runner.send(fault.target, signal.SIGSTOP)
                stopped_at = time.monotonic()
            if fault.survivable:
                self.poll()
            if fault.act is Act.RIVAL and witness.measured:
                witness.rival_commands(self._joint_names, witness.measured[-1].stamp_ns, 0.1)

        def over() -> bool:
            late = time.monotonic() > deadline
            return late if fault.tolerated else late or self._came_to_rest(fault, since_ns)

        witness.wait(over, 2.0 * WATCH_S, "the fault's consequences", tick)

    def _came_to_rest(self, fault: Fault, since_ns: int) -> bool:
        judged = not fault.states or self._judged(fault, since_ns) is not None
        if _arm_is_gone(fault):
            return judged and not self.witness.commanded[-1].velocity.any()
        return judged and (standstill(tuple(self.witness.measured[-400:]), since_ns) is not None)

    def _judged(self, fault: Fault, since_ns: int) -> Judgement | None:
        """Returns the first status since the fault that is one of those it must lead to."""
        for judgement in self.witness.judgements:
            named = fault.tolerated or judgement.reason in fault.reasons
            if judgement.now_ns >= since_ns and judgement.state in fault.states and named:
                return judgement
        return None

    # After.
    def _end(self, fault: Fault) -> None:
        witness = self.witness
        if fault.act in (Act.FREEZE, Act.SLOW):
            self.runner.send(fault.target, signal.SIGCONT)
        elif fault.act is Act.DISTORT:
            for order in (fault.order, fault.before):
                if order is not None:
                    witness.order(Order(order.stream, "none"))
        elif fault.act is Act.RIVAL:
            witness.remove_rival()
        elif fault.act is Act.REPLACE:
            self._weights.write_bytes(self._content)
        elif fault.act is Act.INPUT:
            witness.stop_input(fault.target, False)

    def _recover(self) -> None:
        """Resets until nothing is latched any more, in mode autonomous."""
        witness = self.witness
        witness.key_held = False
        deadline = time.monotonic() + RECOVERY_TIMEOUT_S
        refusal = ""
        witness.call("/safety/set_mode", mode="autonomous")
        while (judgement := witness.judgement) is not None and judgement.state in LATCHED:
            if time.monotonic() > deadline:
                raise TimeoutExceeded(f"The stop could not be reset within {RECOVERY_TIMEOUT_S} s: {refusal}")
            done, refusal = witness.call("/safety/reset")
            until = time.monotonic() + (0.2 if not done else 0.05)
            witness.wait(_passed(until), 1.0, "the next try", self.poll)

    def _figures(self, fault: Fault, since_ns: int) -> FaultFigures:
        measured = tuple(self.witness.measured)
        judged = self._verdict(fault, since_ns)
        rest = standstill(measured, since_ns) if not fault.tolerated else None
        detected_ns = None if fault.tolerated else self._detected_ns(fault, since_ns, rest, judged)
        heard = judged is not None and not fault.tolerated and fault.target != "supervisor"
        before = max((seen for seen in measured if seen.now_ns < since_ns), key=lambda seen: seen.now_ns, default=None)
        way = [seen for seen in measured if seen.now_ns >= since_ns and (rest is None or seen.stamp_ns <= rest.stamp_ns)]
        return FaultFigures(
            judged.state if judged is not None else "run ends" if fault.ends_run else "none",
            judged.reason if judged is not None else "none",
            judged.message if judged is not None else "",
            fault.bound_ms,
            None if detected_ns is None else milliseconds(since_ns, detected_ns),
            milliseconds(since_ns, judged.heard_ns) if heard and judged is not None else None,
            self._standstill_ms(fault, since_ns, before, rest),
            path_length([self._palm(seen) for seen in ([before] if before is not None else []) + way]),
        )

    def _verdict(self, fault: Fault, since_ns: int) -> Judgement | None:
        """Returns the status that stands for what came of `fault`: for one that is tolerated the worst."""
        if not fault.tolerated:
            return self._judged(fault, since_ns)
        since = [entry for entry in self.witness.judgements if entry.now_ns >= since_ns]
        wrong = next((entry for entry in since if entry.state not in fault.states), None)
        named = next((entry for entry in since if entry.reason in fault.reasons), None)
        return wrong or named or (since[-1] if since else None)

    def _detected_ns(self, fault: Fault, since_ns: int, rest: Sighting | None, judged: Judgement | None) -> int | None:
        """Returns when the stop was published, or for a supervisor or a run that ends: when the arm's side braked."""
        applied = tuple(self.witness.applied)
        if fault.ends_run:
            return last_word_ns(applied, since_ns)
        if fault.target == "supervisor":
            return braking_ns(tuple(seen for seen in applied if rest is None or seen.now_ns <= rest.now_ns), since_ns)
        return judged.now_ns if judged is not None else None

    def _standstill_ms(self, fault: Fault, since_ns: int, before: Sighting | None, rest: Sighting | None) -> float | None:
        if fault.ends_run:
            zero_ns = last_word_ns(tuple(self.witness.applied), since_ns)
            return None if zero_ns is None else milliseconds(since_ns, zero_ns)
        if _arm_is_gone(fault):
            # Nothing is left to measure; the supervisor's last word counts.
            later = [seen for seen in self.witness.commanded if seen.now_ns >= since_ns]
            zero = next((seen for seen in later if not seen.velocity.any()), None)
            return None if zero is None else milliseconds(since_ns, zero.now_ns)
        if rest is None:
            return None
        if fault.target == "sim" and before is not None:
            # Its own time stood still with it.
            return milliseconds(before.stamp_ns, rest.stamp_ns)
        return milliseconds(since_ns, rest.now_ns)

    def _palm(self, seen: Sighting) -> Vector:
        assert seen.position is not None
        self._kinematics.update(seen.position)
        return np.array(self._kinematics.position("palm"))


@contextmanager
def stage(folder: Path, domain: int, policy: str, arm: str = "j2n6s300") -> Iterator[Stage]:
    """Yields a running graph whose arm moves.

    Raises:
        RunFailed, TimeoutExceeded: it did not come up.
    """
    # A copy: one of the faults overwrites it.
    checkpoint = shutil.copytree(find_policy(policy), folder / "policy")
    runner = Runner(fault_graph({"policy": str(checkpoint), "arm": arm, "run_dir": str(folder)}), folder, domain)
    with Witness(domain) as witness:
        runner.start()
        try:
            own = Stage(runner, witness, arm, checkpoint / "policy.safetensors")
            try:
                witness.wait(own.moves, START_TIMEOUT_S, "the graph to come up and the arm to move", own.keep_well)
            except TimeoutExceeded as error:
                lines = runner.log.path.read_text().splitlines()[-SHOWN_LINES:]
                raise TimeoutExceeded("\n".join((f"{error} The last lines of the graph's log:", *lines))) from None
            yield own
        finally:
            runner.stop()

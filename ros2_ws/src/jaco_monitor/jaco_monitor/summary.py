"""What a run came to, from its recording. What the recording does not say is None, never a guess."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from jaco_monitor.recording import RecordedMessage, Recording
from jaco_monitor.tally import EpisodeResult, EpisodeTally
from jaco_safety.reasons import State

TOPICS = ("/episode/state", "/safety/status", "/diagnostics")


@dataclass(frozen=True)
class Latency:
    """From the camera's stamp to the arm command, on the wall clock [ms]."""

    p50: float | None = None
    p99: float | None = None
    max: float | None = None


@dataclass(frozen=True)
class SafetySummary:
    """The supervisor's last state, and control ticks per verdict and reason ("pass", "limited:velocity", ...)."""

    state: str | None = None
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PolicySummary:
    """The checkpoint that acted."""

    name: str | None = None
    sha256: str | None = None
    version: int | None = None


@dataclass(frozen=True)
class Summary:
    """One run. `stops`: the reason of each safety stop during it. `complete`: nothing is missing and the run reached its end."""

    task: str | None
    seed: int | None
    episodes: int
    success_rate: float | None
    mean_return: float | None
    realtime_factor: float | None
    steps_per_second: float | None
    latency_ms: Latency
    safety: SafetySummary
    stops: tuple[str, ...]
    policy: PolicySummary
    trajectory_sha256: str | None
    timeouts: int | None
    lost_messages: int | None
    complete: bool
    results: tuple[EpisodeResult, ...]


def summarise(recording: Recording, seed: int | None = None) -> Summary:
    """Returns what the run in `recording` came to. `seed`: that of the run, which no message carries."""
    run = _Run()
    run.follow(recording.messages(TOPICS))
    tally = run.tally
    sim, policy = run.diagnostics.get("sim", {}), run.diagnostics.get("policy", {})
    summary = Summary(
        task=tally.task,
        seed=seed,
        episodes=len(tally.results),
        success_rate=tally.success_rate,
        mean_return=tally.mean_return,
        realtime_factor=_number(sim.get("realtime_factor")),
        steps_per_second=_number(sim.get("steps_per_second")),
        latency_ms=Latency(*(_number(sim.get(f"latency_ms_{key}")) for key in ("p50", "p99", "max"))),
        safety=SafetySummary(run.safety_state, run.safety_counts),
        stops=tuple(run.stops),
        policy=PolicySummary(policy.get("name"), policy.get("sha256"), _integer(policy.get("version"))),
        trajectory_sha256=sim.get("trajectory_sha256"),
        timeouts=_integer(sim.get("timeouts")),
        lost_messages=recording.lost,
        complete=False,
        results=tally.results,
    )
    whole = tally.finished and recording.finished and recording.lost == 0 and run.safety_state is not None
    return Summary(**{**vars(summary), "complete": whole and not _has_gap(summary)})


class _Run:
    """Collects while it reads the messages in the order of their arrival."""

    def __init__(self) -> None:
        self.tally = EpisodeTally()
        self.diagnostics: dict[str, dict[str, str]] = {}
        self.safety_state: str | None = None
        self.safety_counts: dict[str, int] = {}
        self.stops: list[str] = []
        self._stopped_for = ""

    def follow(self, messages: Iterable[RecordedMessage]) -> None:
        for item in messages:
            if item.topic == "/episode/state":
                self.tally.observe(item.message)
            elif item.topic == "/diagnostics":
                for status in item.message.status:
                    self.diagnostics.setdefault(status.name, {}).update({pair.key: pair.value for pair in status.values})
            elif not self.tally.finished:
                # Afterwards the graph shuts down: nobody commands any more, and that is no stop of this run.
                self._safety(item.message)

    def _safety(self, message: Any) -> None:
        state = State(message.state)
        self.safety_state = state.name
        self.safety_counts = dict(zip(message.counted, map(int, message.counts), strict=True))
        # Between episodes nobody need command, and holding still is what is wanted then.
        stopped = state >= State.PROTECTIVE_STOP or (state == State.HOLD and self.tally.running)
        if stopped and message.reason != self._stopped_for:
            self.stops.append(message.reason)
        self._stopped_for = message.reason if stopped else ""


def _has_gap(summary: Summary) -> bool:
    parts = (vars(summary), vars(summary.latency_ms), vars(summary.policy))
    return any(value is None for part in parts for name, value in part.items() if name != "seed")


def _number(text: str | None) -> float | None:
    """Returns `text` as a finite number; None when there is none, so that JSON stays valid."""
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _integer(text: str | None) -> int | None:
    value = _number(text)
    return None if value is None else int(value)

"""A finished episode, as it is kept on disk: what was assembled of it, in one file that is verified when it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from jaco_core.errors import ConfigError
from jaco_learner.embedded.transition import Run, Transition

_DIGEST_BYTES = 32
_UNKNOWN = np.nan
"""For a log-probability that nobody knows."""


@dataclass(frozen=True)
class Episode:
    """The runs of an episode that is over, whose last stamp is `end_ns`, and what was counted until its end (see Assembler).

    `number`: in the order in which a folder's learners kept theirs, over all of their lives; 0 when it was not kept.
    """

    number: int
    runs: tuple[Run, ...]
    end_ns: int
    dropped: int = 0
    overruled: int = 0


def to_bytes(episode: Episode, origin: str) -> bytes:
    """Returns `episode` as `from_file` reads it: sha256, then safetensors. `origin`: says what its learner began with."""
    steps = [step for run in episode.runs for step in run.transitions]
    chances = [_UNKNOWN if step.log_probability is None else step.log_probability for step in steps]
    tensors: dict[str, NDArray[Any]] = {
        "lengths": np.array([len(run.transitions) for run in episode.runs]),
        "ends": np.array([(run.terminated, run.complete) for run in episode.runs]),
        "places": np.array([(step.stamp_ns, step.episode, step.step, step.version) for step in steps]),
        "images": np.stack([step.image for step in steps]),
        "final_images": np.stack([run.final_image for run in episode.runs]),
        "felt": np.stack([step.proprioception for step in steps]),
        "final_felt": np.stack([run.final_proprioception for run in episode.runs]),
        "known": np.stack([step.known for step in steps]),
        "final_known": np.stack([run.final_known for run in episode.runs]),
        "actions": np.stack([step.action for step in steps]),
        "chances": np.array(chances, np.float64),
        "rewards": np.array([step.reward for step in steps], np.float64),
        "corrected": np.array([run.corrected for run in episode.runs]),
    }
    counts = {name: getattr(episode, name) for name in ("number", "end_ns", "dropped", "overruled")}
    content = save(tensors, {"counts": json.dumps(counts), "origin": origin})
    return hashlib.sha256(content).digest() + content


def from_file(path: Path) -> tuple[Episode, str]:
    """Returns the episode in `path` and its origin; inverse of `to_bytes`, bit for bit.

    Raises:
        ConfigError: the file is missing or damaged.
    """
    try:
        held = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The finished episode in {path} cannot be read: {error.strerror}.") from None
    digest, content = held[:_DIGEST_BYTES], held[_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != digest:
        raise ConfigError(f"The finished episode in {path} is damaged (its checksum differs) and is not learned from.")
    try:
        tensors = load(content)
        size = int.from_bytes(content[:8], "little")
        told = json.loads(content[8 : 8 + size])["__metadata__"]
        return Episode(runs=_runs(tensors), **json.loads(told["counts"])), str(told["origin"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"The finished episode in {path} is of another kind and is not learned from: {error!r}.") from None


def _runs(held: dict[str, NDArray[Any]]) -> tuple[Run, ...]:
    steps = _transitions(held)
    # Kept before corrections were, an episode has none.
    corrected = held.get("corrected", np.zeros(len(held["lengths"]), bool)).tolist()
    runs, start = [], 0
    for index, length in enumerate(held["lengths"].tolist()):
        terminated, complete = held["ends"][index].tolist()
        end = (held["final_images"][index], held["final_felt"][index], terminated, complete, held["final_known"][index])
        own = steps[start : start + length]
        runs.append(Run(tuple(replace(step, corrected=corrected[index]) for step in own), *end))
        start += length
    return tuple(runs)


def _transitions(held: dict[str, NDArray[Any]]) -> Sequence[Transition]:
    names = ("images", "felt", "actions", "known")
    chances = [None if np.isnan(chance) else chance for chance in held["chances"].tolist()]
    rows = zip(held["places"].tolist(), *(held[name] for name in names), chances, held["rewards"].tolist(), strict=True)
    return [
        Transition(stamp, episode, step, version, image, felt, action, chance, reward, known)
        for (stamp, episode, step, version), image, felt, action, known, chance, reward in rows
    ]

"""Versions on disk, each in a folder of its own that appears at once or not at all; a crash leaves the last good one."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from jaco_core.errors import ConfigError, JacoError
from jaco_learner.embedded.learner import Snapshot
from jaco_policy.checkpoint import Card, load_checkpoint, read_card, save_checkpoint
from jaco_policy.progressive import ProgressiveNet

MOMENTS_FILE = "moments.safetensors"
EXPERIENCE_FOLDER = "experience"
"""What is kept of the runs that a version was learned from, a file for each: later versions learn from it too."""
# How many of the newest are kept: more than a policy tries before it trusts one. Every so many for ever.
KEPT_NEWEST, KEPT_EVERY = 32, 100
_LINEAGE = ("version", "parent", "steps", "branch")
_HELD = "experience"
"""On a version's card: how many of the newest files of experience it was learned from."""


class VersionStore:
    """A folder of versions. `anchor`: one that is kept however old it becomes."""

    def __init__(self, folder: Path) -> None:
        # The policy's node may work elsewhere.
        self.folder = folder = folder.expanduser().absolute()
        self.anchor = 1
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"The learner's folder {folder} cannot be made: {error.strerror}.") from None

    def path(self, version: int) -> Path:
        """Returns where `version` is or would be."""
        return self.folder / f"{version:06d}"

    def numbers(self) -> list[int]:
        """Returns the versions that are there, in order."""
        return sorted(int(path.name) for path in self.folder.glob("[0-9]" * 6))

    def save(self, card: Card, network: ProgressiveNet, snapshot: Snapshot, data: dict[str, Any]) -> Card:
        """Writes a version. `data`: what it was learned from, for the card."""
        path = self.path(snapshot.version)
        partial = path.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        lineage = {name: getattr(snapshot, name) for name in _LINEAGE}
        training = {**card.training, **lineage, **data, _HELD: len(snapshot.experience)}
        card = save_checkpoint(partial, replace(card, training=training, scores={}), network)
        save_file(snapshot.moments, partial / MOMENTS_FILE)
        if snapshot.experience:
            # First: a version without its experience could not be gone on from, experience without its version is written again.
            self._save_experience(snapshot)
        if path.exists():
            shutil.rmtree(path)
        os.replace(partial, path)
        self._prune()
        return card

    def load(self, version: int) -> Snapshot:
        """Returns a version as it was saved.

        Raises:
            JacoError: it is missing or damaged.
        """
        checkpoint = load_checkpoint(self.path(version))
        try:
            moments = load_file(self.path(version) / MOMENTS_FILE)
            told = checkpoint.card.training
            experience = tuple(load_file(path) for path in self._held_by(version))
            version, parent, steps, branch = (int(told[name]) for name in _LINEAGE)
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"Version {version} in {self.folder} cannot be learned on: {error}.") from None
        weights = dict(checkpoint.network.state_dict())
        return Snapshot(version, parent, steps, branch, weights, moments, experience)

    def experience(self, version: int) -> list[Path]:
        """Returns the files of what was experienced up to `version`, in order."""
        paths = sorted((self.folder / EXPERIENCE_FOLDER).glob("[0-9]" * 6 + ".safetensors"))
        return [path for path in paths if int(path.stem) <= version]

    def _held_by(self, version: int) -> list[Path]:
        """Returns the files of what `version` was learned from and had not forgotten, in order: one for each version up to it."""
        count = int(self.card(version).training[_HELD])
        return [self._experience_path(number) for number in range(version + 1 - count, version + 1)]

    def _experience_path(self, version: int) -> Path:
        return self.folder / EXPERIENCE_FOLDER / f"{version:06d}.safetensors"

    def _save_experience(self, snapshot: Snapshot) -> None:
        """Writes the newest experience in one atomic step."""
        path = self._experience_path(snapshot.version)
        path.parent.mkdir(exist_ok=True)
        partial = path.with_suffix(".partial")
        save_file(snapshot.experience[-1], partial)
        os.replace(partial, path)

    def card(self, version: int) -> Card:
        """Returns a version's card."""
        return read_card(self.path(version))

    def newest(self) -> tuple[Snapshot | None, list[str]]:
        """Returns the newest version that is undamaged, None without any, and why newer ones were passed over."""
        refused: list[str] = []
        for version in reversed(self.numbers()):
            try:
                return self.load(version), refused
            except JacoError as error:
                refused.append(str(error))
        return None, refused

    def _prune(self) -> None:
        for version in self.numbers()[:-KEPT_NEWEST]:
            if version % KEPT_EVERY and version != self.anchor:
                shutil.rmtree(self.path(version))
        self._prune_experience()

    def _prune_experience(self) -> None:
        """Removes what neither the anchor nor one of the newest versions holds: learning goes on from those alone."""
        numbers = self.numbers()
        oldest, newest = numbers[-KEPT_NEWEST:][0], numbers[-1]
        try:
            held = self._held_by(oldest)
            of_anchor = self._held_by(self.anchor) if self.anchor in numbers else []
        except (JacoError, KeyError, TypeError, ValueError):
            return
        # Later versions begin to hold later.
        for path in self.experience(newest) if held else ():
            if path < held[0] and path not in of_anchor:
                path.unlink()

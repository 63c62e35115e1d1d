"""From simulation to a twin of reality, through the graph: progressive columns against baselines (as in arXiv:1610.04286)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from jaco_bringup.experiments.plot import Paper
from jaco_bringup.experiments.through_graph import GraphPlan, Learning
from jaco_bringup.graph import Graph

CONDITIONS: Mapping[str, Learning] = MappingProxyType(
    {
        "progressive-wide": ("progressive", "wide", "asymmetric"),
        "progressive-narrow": ("progressive", "narrow", "asymmetric"),
        "progressive-felt": ("progressive", "felt-maps", "asymmetric"),
        "finetuned": ("finetuned", "wide", "asymmetric"),
        "scratch": ("scratch", "wide", "asymmetric"),
        "actor-critic": ("progressive", "wide", "actor-critic"),
        "off-policy": ("progressive", "felt", "off-policy"),
    }
)

_STEPS = (1e3, 5e3, 1e4, 2e4, 3e4, 4e4, 5e4, 6e4)
PAPER: Paper = MappingProxyType(
    {
        "progressive-wide": (_STEPS, (24.1, 30.2, 33.4, 31.1, 31.7, 33.2, 34.4, 34.7)),
        "progressive-narrow": (_STEPS, (26.1, 31.8, 33.2, 32.0, 32.4, 33.6, 33.9, 32.7)),
        "finetuned": (_STEPS, (29.7, 31.0, 30.1, 26.3, 22.4, 26.0, 25.5, 28.9)),
        "scratch": (_STEPS, (0.0,) * len(_STEPS)),
    }
)
"""Returns on the real arm, read from the paper's figure: steps and returns by condition."""


class Plan(GraphPlan):
    """Learning on `reach`."""

    name = "reach_transfer"
    known = tuple(CONDITIONS)
    usual = tuple(PAPER)
    usual_steps = 60_000
    paper = PAPER

    @property
    def title(self) -> str:
        return f"{self.policy} on {self.profile}, through the graph"

    def graph(self, condition: str, seed: int, folder: Path) -> Graph:
        return self.learn(CONDITIONS[condition], seed, folder)

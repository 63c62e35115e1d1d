"""A program that trains `reach` with tiny settings, for a test that kills it: `python train_tiny.py FOLDER`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from jaco_learner.recipe import Recipe, Stage, load_recipe
from jaco_learner.train import train

# As many updates, and a checkpoint after each.
UPDATES = 8


def tiny() -> Recipe:
    """Returns the recipe; one worker, since each worker's start takes seconds, and full meshes, which need no simplification."""
    sizes = {"workers": 1, "environments": 8, "steps": 8, "minibatch": 32, "epochs": 2, "hidden": 16, "segment": 1}
    return replace(load_recipe("reach"), **sizes, stages=(Stage(UPDATES * 64, 1.0),))


if __name__ == "__main__":
    train(tiny(), Path(sys.argv[1]), seed=5)

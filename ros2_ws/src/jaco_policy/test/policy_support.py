"""A small policy for tests."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch

from jaco_core.arms import load_arm
from jaco_policy.camera_contract import CameraContract
from jaco_policy.checkpoint import Card, save_checkpoint
from jaco_policy.networks import Column, ColumnSpec

ARM = load_arm("j2n6s300")
# A machine with a ROS 2 of its own may lack it: the policy runs on PyTorch there. What `./jaco` sets up has it.
needs_onnx = pytest.mark.skipif(not (find_spec("onnx") and find_spec("onnxruntime")), reason="ONNX Runtime is not installed")


def save_policy(folder: Path, lstm: int = 0, further: tuple[str, ...] = (), depth: bool = False) -> Card:
    """Writes an untrained policy for the Jaco to `folder`, one that sees `further` cameras and, with `depth`, each one's."""
    torch.manual_seed(0)
    spec = ColumnSpec(hidden=16, lstm=lstm, views=1 + len(further), depth=depth)
    speeds = np.round(np.outer(ARM.max_velocity, [-0.95, 0.0, 0.95]), 3)
    rows = tuple(tuple(row) for row in speeds.tolist())
    card = Card("tiny", "reach", ARM.name, ARM.joint_names, rows, 0.1, spec, CameraContract(further=further, depth=depth))
    column = Column(spec)
    torch.nn.init.orthogonal_(column.policy.weight, 5.0)
    return save_checkpoint(folder, card, column)

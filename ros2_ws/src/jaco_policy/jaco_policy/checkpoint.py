"""A policy on disk: policy.safetensors beside card.json, which says what it is for. Never a pickle."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from jaco_core.arms import Arm
from jaco_core.errors import ConfigError, ContractError
from jaco_policy.camera_contract import CameraContract
from jaco_policy.card_file import CARD_FILE, FORMAT_VERSION, read_card_file
from jaco_policy.grown import GrownSpec
from jaco_policy.networks import Column, ColumnSpec
from jaco_policy.progressive import ProgressiveNet

WEIGHTS_FILE = "policy.safetensors"


@dataclass(frozen=True)
class Card:
    """What a policy is for, what it learned from, how well it does. `action_speeds` [rad/s]: per joint, one per choice.

    `grown`: the columns after the first; `ancestors`: "name sha256" of the policies that the earlier columns come from.
    """

    name: str
    task: str
    arm: str
    joints: tuple[str, ...]
    action_speeds: tuple[tuple[float, ...], ...]
    control_period_s: float
    column: ColumnSpec
    camera: CameraContract = field(default_factory=CameraContract)
    normalisation: str = "(pixel - mean_image) / 40, mean_image in the weights"
    randomisation: str = "nominal"
    ancestors: tuple[str, ...] = ()
    grown: tuple[GrownSpec, ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    format_version: int = FORMAT_VERSION

    @property
    def speeds(self) -> NDArray[np.float64]:
        """`action_speeds` as an array, shape (joints, choices)."""
        return np.array(self.action_speeds)

    def to_json(self) -> str:
        """Returns the card as JSON text."""
        return json.dumps(asdict(self), indent=2) + "\n"


@dataclass(frozen=True)
class Checkpoint:
    """A loaded policy: its card and its network, in evaluation mode."""

    card: Card
    network: ProgressiveNet
    folder: Path

    @property
    def column(self) -> Column:
        """The network of a policy with one column.

        Raises:
            ContractError: it has more.
        """
        if self.card.grown:
            raise ContractError(f"Policy '{self.card.name}' has {1 + len(self.card.grown)} columns; this needs a single one.")
        column: Any = self.network.columns[0]
        assert isinstance(column, Column)
        return column


def save_checkpoint(folder: Path, card: Card, network: Column | ProgressiveNet) -> Card:
    """Writes weights and card to `folder`, each in one atomic step, and returns the card with columns and the weights' sha256."""
    folder.mkdir(parents=True, exist_ok=True)
    network = network if isinstance(network, ProgressiveNet) else ProgressiveNet(network)
    weights = save_tensors({name: tensor.detach().clone().contiguous() for name, tensor in _tensors(network).items()})
    card = replace(card, column=network.spec, grown=network.grown, sha256=hashlib.sha256(weights).hexdigest())
    _write(folder / WEIGHTS_FILE, weights)
    _write(folder / CARD_FILE, card.to_json().encode())
    return card


def update_card(folder: Path, **changes: Any) -> Card:
    """Replaces fields of the card in `folder`, the scores for instance, and returns the new card."""
    card = replace(read_card(folder), **changes)
    _write(folder / CARD_FILE, card.to_json().encode())
    return card


def read_card(folder: Path) -> Card:
    """Reads and checks the card in `folder`.

    Raises:
        ConfigError: it is missing or is no card of this format.
    """
    path, data = folder / CARD_FILE, read_card_file(folder)
    try:
        data |= {
            "column": ColumnSpec.from_json(data["column"]),
            "camera": CameraContract.from_json(data["camera"]),
            "joints": tuple(data["joints"]),
            "ancestors": tuple(data["ancestors"]),
            "grown": tuple(GrownSpec.from_json(spec) for spec in data.get("grown", ())),
            "action_speeds": tuple(tuple(float(speed) for speed in row) for row in data["action_speeds"]),
        }
        card = Card(**data)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} lacks or misnames a field of a policy's card: {error}.") from None
    _check_card(card, path)
    return card


def load_checkpoint(folder: Path, arm: Arm | None = None) -> Checkpoint:
    """Reads the policy in `folder` and checks it, against `arm` when one is given.

    Raises:
        ConfigError: a file is missing, damaged or does not match the other.
        ContractError: the policy is for another arm or number of joints, or moves faster than the arm may.
    """
    card = read_card(folder)
    if arm is not None:
        check_arm(card, arm)
    path = folder / WEIGHTS_FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"The policy's weights {path} cannot be read: {error.strerror}.") from None
    digest = hashlib.sha256(content).hexdigest()
    if digest != card.sha256:
        raise ConfigError(f"{path} has sha256 {digest[:12]}, its card says {card.sha256[:12]}: one of them is damaged.")
    try:
        tensors = load_tensors(content)
    except SafetensorError as error:
        raise ConfigError(f"{path} is no safetensors file: {error}.") from None
    network = ProgressiveNet(card.column, card.grown)
    expected = {name: tuple(tensor.shape) for name, tensor in _tensors(network).items()}
    found = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    if expected != found:
        odd = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))[0]
        is_, asked = found.get(odd, "missing"), expected.get(odd, "none")
        raise ConfigError(f"{path} does not fit its card: '{odd}' is {is_}, the card asks for {asked}.")
    for name, tensor in tensors.items():
        if not bool(torch.isfinite(tensor).all()):
            raise ConfigError(f"{path} holds numbers that are not finite, in '{name}'.")
    (network if card.grown else network.columns[0]).load_state_dict(tensors)
    network.freeze_elders()
    return Checkpoint(card, network.eval(), folder)


def check_arm(card: Card, arm: Arm) -> None:
    """Checks that the policy can drive `arm`.

    Raises:
        ContractError: another arm, other joints, or a speed above the arm's.
    """
    if len(card.joints) != len(arm):
        raise ContractError(f"Policy '{card.name}' gives {len(card.joints)} actions, arm '{arm.name}' has {len(arm)} joints.")
    if card.arm != arm.name or card.joints != arm.joint_names:
        joints = ", ".join(card.joints)
        raise ContractError(f"Policy '{card.name}' is for arm '{card.arm}' with joints {joints}, not for '{arm.name}'.")
    for joint, speeds in zip(arm.joints, card.action_speeds, strict=True):
        fastest = max(map(abs, speeds))
        if fastest > joint.max_velocity:
            raise ContractError(
                f"Policy '{card.name}' moves '{joint.name}' at {fastest:.3f} rad/s, the arm allows {joint.max_velocity:.3f}."
            )


def _tensors(network: ProgressiveNet) -> dict[str, Tensor]:
    """Returns the weights by name. A single column's names are its own, so that it does not matter how it will be used."""
    tensors: dict[str, Tensor] = (network if network.grown else network.columns[0]).state_dict()
    return tensors


def _check_card(card: Card, path: Path) -> None:
    """Raises ConfigError where the card contradicts itself."""
    shape = (card.column.joints, card.column.choices)
    sizes = {len(row) for row in card.action_speeds}
    if (len(card.action_speeds), *sizes) != shape or len(card.joints) != shape[0]:
        raise ConfigError(
            f"{path} contradicts itself: {len(card.joints)} joints, {len(card.action_speeds)} rows of action speeds with "
            f"{sorted(sizes)} choices, and a network of {shape[0]} x {shape[1]}."
        )
    if (card.column.views, card.column.depth) != (card.camera.views, card.camera.depth):
        raise ConfigError(
            f"{path} contradicts itself: the policy sees {card.camera}, and its network reads {card.column.views} views "
            f"{'with' if card.column.depth else 'without'} depth."
        )
    if not np.all(np.isfinite(card.speeds)) or not 0.0 < card.control_period_s < 10.0:
        raise ConfigError(f"{path} must give finite action speeds and a control period in seconds, got {card.control_period_s}.")


def _write(path: Path, content: bytes) -> None:
    partial = path.with_suffix(path.suffix + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)

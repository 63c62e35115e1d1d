"""Checkpoints: what is written is read, and everything wrong is refused with one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import torch
from policy_support import ARM, save_policy
from safetensors.torch import load_file, save

from jaco_core.errors import ConfigError, ContractError
from jaco_policy.camera_contract import CameraContract, read_camera, require_one_view
from jaco_policy.checkpoint import load_checkpoint, read_card, update_card


def edit(folder: Path, **changes: object) -> None:
    path = folder / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def replace_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Changes the weights and makes the card agree."""
    tensors = load_file(folder / "policy.safetensors")
    change(tensors)
    content = save(tensors)
    (folder / "policy.safetensors").write_bytes(content)
    edit(folder, sha256=sha256(content).hexdigest())


def cut(folder: Path) -> None:
    path = folder / "policy.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def garbage(folder: Path) -> None:
    (folder / "policy.safetensors").write_bytes(b"not a policy")
    edit(folder, sha256=sha256(b"not a policy").hexdigest())


@pytest.mark.parametrize("lstm", [0, 8])
def test_what_is_saved_is_loaded(tmp_path: Path, lstm: int) -> None:
    card = save_policy(tmp_path, lstm)
    loaded = load_checkpoint(tmp_path, ARM)
    assert loaded.card == card
    assert not loaded.column.training
    assert card.sha256 == sha256((tmp_path / "policy.safetensors").read_bytes()).hexdigest()


def test_a_card_says_which_cameras_are_seen_and_an_older_one_means_its_own_in_colour(tmp_path: Path) -> None:
    card = save_policy(tmp_path, further=("wrist", "scene"), depth=True)
    assert load_checkpoint(tmp_path, ARM).card == card and read_camera(tmp_path) == card.camera
    assert (card.camera.views, card.camera.further, card.camera.depth) == (3, ("wrist", "scene"), True)
    with pytest.raises(ContractError, match="'tiny' sees wrist and scene and depth beside its camera's colours; a bench has"):
        require_one_view(card.name, card.camera, "a bench")
    save_policy(tmp_path)
    edit(tmp_path, camera={"name": "policy_camera", "width": 64, "height": 64, "encoding": "rgb8"})
    assert load_checkpoint(tmp_path, ARM).card.camera == read_camera(tmp_path) == CameraContract()
    require_one_view(card.name, read_camera(tmp_path), "a bench")


def test_scores_are_added_to_the_card_alone(tmp_path: Path) -> None:
    card = save_policy(tmp_path)
    update_card(tmp_path, scores={"success_rate": 0.5})
    assert read_card(tmp_path) == replace(card, scores={"success_rate": 0.5})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "card.json").unlink(), "There is no policy in .*card.json is missing"),
        (lambda folder: (folder / "card.json").write_text("{"), "cannot be read as a policy's card"),
        (lambda folder: edit(folder, format_version=7), "has format version 7, this program reads 1"),
        (lambda folder: edit(folder, colour="red"), "lacks or misnames a field"),
        (lambda folder: edit(folder, column={"joints": 9}), "lacks or misnames a field"),
        (lambda folder: edit(folder, joints=["joint_1"]), "contradicts itself: 1 joints"),
        (
            lambda folder: edit(folder, camera={"further": ["wrist"]}),
            "of policy, wrist without depth, and its network reads 1 views",
        ),
        (
            lambda folder: edit(folder, camera={"depth": True}),
            "of policy with depth, and its network reads 1 views without",
        ),
        (lambda folder: edit(folder, camera={"further": ["policy"]}), "There is a camera 'policy' already"),
        (lambda folder: edit(folder, camera={"colour": "red"}), "lacks or misnames a field"),
        (lambda folder: edit(folder, control_period_s=0.0), "control period in seconds, got 0.0"),
        (lambda folder: (folder / "policy.safetensors").unlink(), "policy.safetensors cannot be read: No such file"),
        (cut, "sha256 .* its card says .* damaged"),
        (garbage, "is no safetensors file"),
        (lambda folder: replace_weights(folder, lambda t: t.pop("value.bias")), "'value.bias' is missing"),
        (lambda folder: replace_weights(folder, lambda t: t["value.bias"].fill_(torch.nan)), "not finite, in 'value.bias'"),
    ],
)
def test_damage_is_refused(tmp_path: Path, damage: Callable[[Path], object], message: str) -> None:
    save_policy(tmp_path)
    damage(tmp_path)
    with pytest.raises(ConfigError, match=message) as refusal:
        load_checkpoint(tmp_path, ARM)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "gen3", "joints": ARM.joints[:7]}, "gives 9 actions, arm 'gen3' has 7 joints"),
        ({"name": "other"}, "is for arm 'j2n6s300' with joints joint_1, .* not for 'other'"),
        ({"joints": ARM.joints[::-1]}, "is for arm 'j2n6s300' with joints joint_1"),
        (
            {"joints": (replace(ARM.joints[0], max_velocity=0.1), *ARM.joints[1:])},
            "moves 'joint_1' at 0.597 rad/s, the arm allows",
        ),
    ],
)
def test_a_policy_for_another_arm_is_refused(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    save_policy(tmp_path)
    with pytest.raises(ContractError, match=message):
        load_checkpoint(tmp_path, replace(ARM, **changes))

"""Several views, and depth: which picture a column reads, what it makes of the views, and what grows on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from policy_support import ARM, needs_onnx

from jaco_core.errors import ConfigError, ContractError
from jaco_policy.camera_contract import CameraContract
from jaco_policy.checkpoint import Card, load_checkpoint, save_checkpoint
from jaco_policy.engines import OnnxEngine, TorchEngine, difference
from jaco_policy.grown import GrownSpec
from jaco_policy.inference import PolicyRuntime
from jaco_policy.networks import Column, ColumnSpec
from jaco_policy.progressive import ProgressiveNet


def column(views: int, depth: bool = False, lstm: int = 0) -> Column:
    torch.manual_seed(0)
    column = Column(ColumnSpec(hidden=24, lstm=lstm, views=views, depth=depth)).eval()
    torch.nn.init.orthogonal_(column.policy.weight, 5.0)
    return column


def pictures(count: int, channels: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 64, 64, channels), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize(("views", "depth", "channels"), [(1, False, 3), (1, True, 4), (2, False, 6), (3, True, 12)])
def test_a_picture_has_each_view_s_colours_and_depth(views: int, depth: bool, channels: int) -> None:
    network = column(views, depth)
    assert network.spec.channels == channels and network.mean_image.shape == (64, 64, channels)
    assert network(pictures(2, channels))[0].logits.shape == (2, 9, 3)
    assert network.convolutions[0].weight.shape == (16, 3 + depth, 8, 8), "one view's, whatever the number of views"
    assert ColumnSpec.from_json(network.spec.to_json()) == network.spec


def test_cards_that_are_older_than_views_and_depth_mean_one_picture_in_colour() -> None:
    older = {name: value for name, value in ColumnSpec().to_json().items() if name not in ("views", "depth")}
    assert ColumnSpec.from_json(older) == ColumnSpec() and ColumnSpec().channels == 3
    with pytest.raises(ConfigError, match="at least one view, got 0"):
        ColumnSpec(views=0)


def test_every_view_passes_through_the_same_convolutions_and_the_dense_layer_tells_them_apart() -> None:
    network = column(2)
    first, second = pictures(4, 3), 255 - pictures(4, 3)
    here, there = (torch.cat(pair, -1) for pair in ((first, second), (second, first)))
    for maps, swapped in zip(network.layers(here)[:-1], network.layers(there)[:-1], strict=True):
        one, other = maps.chunk(2, 1)
        torch.testing.assert_close(swapped, torch.cat((other, one), 1))
        assert not torch.allclose(one, other)
    alone = Column(ColumnSpec(hidden=24))
    alone.convolutions.load_state_dict(network.convolutions.state_dict())
    torch.testing.assert_close(network.layers(here)[1], torch.cat((alone.layers(first)[1], alone.layers(second)[1]), 1))
    assert not torch.allclose(network(here)[0].logits, network(there)[0].logits)
    twice = torch.cat((first, first), -1)
    torch.testing.assert_close(network(twice.unflatten(-1, (2, 3)).flip(-2).flatten(-2))[0].logits, network(twice)[0].logits)


@needs_onnx
@pytest.mark.parametrize("depth", [False, True])
@pytest.mark.parametrize("lstm", [0, 12])
def test_a_column_grows_on_several_views_and_onnx_runtime_answers_as_pytorch_does(lstm: int, depth: bool) -> None:
    network = ProgressiveNet(column(2, depth, lstm)).eval()
    channels, seen = network.spec.channels, pictures(3, network.spec.channels)
    assert difference(OnnxEngine(network), TorchEngine(network), 0, channels) <= 1e-5
    felt = torch.randn(3, 18)
    before = network(seen, network.initial_state(3))[0].logits
    for spec in (GrownSpec((8, 8), 16), GrownSpec((), 24, inputs=18, proprioception=10, lateral_channels=6)):
        network.grow(spec)
        assert torch.equal(network(seen, network.initial_state(3), felt)[0].logits, before)
    for _, parameter in network.learned():
        parameter.data.add_(0.05 * torch.randn(parameter.shape))
    assert difference(OnnxEngine(network), TorchEngine(network), 18, channels) <= 1e-5


def test_a_policy_s_runtime_asks_for_the_picture_that_its_card_says(tmp_path: Path) -> None:
    network = column(2, depth=True)
    rows = tuple((-0.1, 0.0, 0.1) for _ in range(9))
    camera = CameraContract(further=("wrist",), depth=True)
    save_checkpoint(tmp_path, Card("two", "reach", ARM.name, ARM.joint_names, rows, 0.1, network.spec, camera), network)
    runtime = PolicyRuntime(load_checkpoint(tmp_path, ARM))
    assert runtime.notice == "" or "not installed" in runtime.notice
    seen = pictures(1, 8)
    with torch.inference_mode():
        expected = network(seen)[0].logits[0].argmax(-1)
    np.testing.assert_array_equal(runtime.act(seen[0].numpy()).action, expected)
    with pytest.raises(ContractError, match=r"uint8 images of shape \(64, 64, 8\), got uint8 of shape \(64, 64, 3\)"):
        runtime.act(pictures(1, 3)[0].numpy())

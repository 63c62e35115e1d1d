"""Residual sections and spatial softmax: what they compute, that they learn, ONNX Runtime's answers, and what grows on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from policy_support import ARM, needs_onnx

from jaco_core.errors import ConfigError
from jaco_policy.checkpoint import Card, load_checkpoint, save_checkpoint
from jaco_policy.encoders import ResidualSection, SpatialSoftmax
from jaco_policy.engines import OnnxEngine, TorchEngine, choose_engine, difference
from jaco_policy.grown import GrownSpec
from jaco_policy.networks import Column, ColumnSpec
from jaco_policy.progressive import ProgressiveNet

RESIDUAL: dict[str, Any] = {"convolutions": (), "residual": (4, 6, 8)}
POINTS: dict[str, Any] = {"spatial_softmax": True}
BOTH: dict[str, Any] = {**RESIDUAL, **POINTS}
FELT, FELT_MAPS = (GrownSpec((), 24, inputs=18, proprioception=10, lateral_channels=channels) for channels in (0, 6))


def column(**sizes: Any) -> Column:
    torch.manual_seed(0)
    column = Column(ColumnSpec(hidden=24, **sizes)).eval()
    torch.nn.init.orthogonal_(column.policy.weight, 5.0)
    if column.attend is not None:
        column.attend.log_temperature.data.fill_(-1.0)
    return column


def pictures(count: int, channels: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 64, 64, channels), dtype=torch.uint8, generator=generator)


@pytest.mark.parametrize("place", [(0, 0), (5, 40), (31, 32), (63, 17)])
def test_spatial_softmax_tells_where_a_blob_is_to_a_pixel(place: tuple[int, int]) -> None:
    network = column(convolutions=((2, 1, 1),), **POINTS)
    attend, first = network.attend, network.convolutions[0]
    assert attend is not None
    attend.log_temperature.data.fill_(-3.0)
    # Channel 1 sees what is red, channel 2 what is blue.
    first.weight.data.copy_(torch.eye(3)[[0, 2]].view(2, 3, 1, 1))
    first.bias.data.zero_()
    network.mean_image.zero_()
    row, along = place
    image = torch.zeros(1, 64, 64, 3, dtype=torch.uint8)
    image[0, row, along, 0] = image[0, along, row, 2] = 255
    found: dict[str, torch.Tensor] = {}
    network.layers(image, lambda layer, activations: found.setdefault(layer, activations))
    pixels = (found["points"][0] + 1.0) / 2.0 * 63.0
    torch.testing.assert_close(pixels, torch.tensor([along, row, row, along]).float(), atol=0.5, rtol=0.0)


def test_the_temperature_is_learned_and_says_how_much_the_strongest_place_counts() -> None:
    attend = SpatialSoftmax(5)
    maps = torch.zeros(1, 1, 5, 5)
    maps[0, 0, 1, 4] = 2.0
    attend.log_temperature.data.zero_()
    warm = attend(maps)
    warm[0, 0].backward()
    gradient = attend.log_temperature.grad
    assert gradient is not None and float(gradient) < 0.0, "colder: further to the right"
    assert 0.0 < float(warm[0, 0].detach()) < 0.5
    attend.log_temperature.data.fill_(-2.0)
    torch.testing.assert_close(attend(maps).detach(), torch.tensor([[1.0, -0.5]]), atol=1e-4, rtol=0.0)


def test_a_residual_section_halves_the_maps_and_adds_to_what_it_passes_on() -> None:
    section = ResidualSection(3, 6)
    seen = torch.randn(2, 3, 9, 9)
    assert section(seen).shape == (2, 6, 5, 5)
    for block in section.blocks:
        block.second.weight.data.zero_()
        block.second.bias.data.zero_()
    torch.testing.assert_close(section(seen), section.pool(section.entry(seen)))


def test_every_weight_of_a_residual_encoder_learns_and_a_few_steps_lower_the_loss() -> None:
    # Threads that wait for each other on a busy machine take many times as long for so little.
    torch.set_num_threads(1)
    network = column(**RESIDUAL).train()
    assert [tuple(layer.shape) for layer in network.layers(pictures(2))] == [
        (2, 4, 32, 32),
        (2, 6, 16, 16),
        (2, 8, 8, 8),
        (2, 24),
    ]
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    wanted = torch.rand(4, 2, 3, generator=torch.Generator().manual_seed(1))
    losses = []
    for _ in range(8):
        optimiser.zero_grad()
        loss = (network(pictures(4))[0].auxiliary - wanted).square().mean()
        loss.backward()
        assert losses or all(bool(weight.grad.any()) for weight in network.sections.parameters())
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_cards_that_are_older_than_these_encoders_mean_plain_convolutions() -> None:
    spec = ColumnSpec(**BOTH)
    assert ColumnSpec.from_json(spec.to_json()) == spec
    older = {name: value for name, value in ColumnSpec().to_json().items() if name not in ("residual", "spatial_softmax")}
    assert ColumnSpec.from_json(older) == ColumnSpec()
    assert not [name for name in Column(ColumnSpec()).state_dict() if "sections" in name or "attend" in name]


@needs_onnx
@pytest.mark.parametrize("lstm", [0, 12])
@pytest.mark.parametrize("sizes", [POINTS, RESIDUAL, BOTH, {**BOTH, "views": 2, "depth": True}])
def test_onnx_runtime_answers_as_pytorch_does(sizes: dict[str, Any], lstm: int) -> None:
    network = column(**sizes, lstm=lstm)
    assert choose_engine(network)[1] == ""


@needs_onnx
@pytest.mark.parametrize("sizes", [POINTS, RESIDUAL, {**BOTH, "views": 2}, {**POINTS, "inputs": 18, "proprioception": 8}])
def test_columns_that_feel_grow_on_them_and_begin_as_they_are(sizes: dict[str, Any]) -> None:
    network, felt = ProgressiveNet(column(**sizes)).eval(), torch.randn(3, 18)
    seen = pictures(3, network.spec.channels)
    before = network(seen, None, felt)[0].logits
    for spec in (FELT, FELT_MAPS, *([GrownSpec((8, 8), 16)] if network.spec.convolutions else [])):
        network.grow(spec)
        assert torch.equal(network(seen, None, felt)[0].logits, before)
    if network.spec.convolutions:
        last: Any = network.columns[-1]
        assert last.hidden.in_features == last.laterals[-1].in_features == 2 * 8, "by x and y of each of its maps, as column 1"
    for _, parameter in network.learned():
        parameter.data.add_(0.05 * torch.randn(parameter.shape))
    assert not torch.allclose(network(seen, None, felt)[0].logits, before)
    assert difference(OnnxEngine(network), TorchEngine(network), 18, network.spec.channels) <= 1e-5


def test_what_does_not_line_up_is_refused_in_a_sentence() -> None:
    with pytest.raises(ConfigError, match=r"do not line up, got channels \(8, 8, 8\); grow one that feels"):
        ProgressiveNet(column(**RESIDUAL)).grow(GrownSpec((8, 8, 8), 16))
    with pytest.raises(ConfigError, match="or through residual sections, got 2 of the former and 1 of the latter"):
        ColumnSpec(residual=(8,))
    with pytest.raises(ConfigError, match="got 0 of the former and 0 of the latter"):
        ColumnSpec(convolutions=())


def test_a_checkpoint_keeps_the_encoder(tmp_path: Path) -> None:
    network = column(**BOTH)
    rows = tuple((-0.1, 0.0, 0.1) for _ in range(9))
    save_checkpoint(tmp_path, Card("both", "reach", ARM.name, ARM.joint_names, rows, 0.1, network.spec), network)
    loaded = load_checkpoint(tmp_path, ARM)
    assert loaded.card.column == network.spec
    torch.testing.assert_close(loaded.column(pictures(2))[0].logits, network(pictures(2))[0].logits)

"""Progressive columns: sizes from the paper, a start that is the elder's policy, frozen elders, inputs, ONNX, checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from policy_support import ARM, needs_onnx

from jaco_core.errors import ConfigError, ContractError
from jaco_policy.checkpoint import Card, load_checkpoint, save_checkpoint
from jaco_policy.engines import OnnxEngine, TorchEngine, choose_engine, difference
from jaco_policy.grown import GrownSpec
from jaco_policy.inference import PolicyRuntime
from jaco_policy.networks import Column, ColumnSpec
from jaco_policy.progressive import ProgressiveNet, parameter_count

FF_NARROW, LSTM_NARROW = GrownSpec((8, 8), 32), GrownSpec((8, 8), 16, lstm=16)
BLIND = GrownSpec((), 24, lstm=12, inputs=18, proprioception=24)
# As BLIND, but for the maps of the columns that see, which its fc layer reads.
MAPPED, MAPPED_LSTM = (GrownSpec((), 24, lstm=lstm, inputs=18, proprioception=10, lateral_channels=6) for lstm in (0, 12))


def images(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, (*shape, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def grown(lstm: int, *specs: GrownSpec, shaken: bool = False, feels: bool = False) -> ProgressiveNet:
    """Returns a network whose first column has random heads; `shaken`: the later ones' heads are random, too."""
    torch.manual_seed(0)
    column = Column(ColumnSpec(hidden=48, lstm=lstm, inputs=18 if feels else 0, proprioception=8 if feels else 0))
    torch.nn.init.orthogonal_(column.policy.weight, 5.0)
    network = ProgressiveNet(column)
    for spec in specs:
        network.grow(spec)
        if shaken:
            for _, parameter in network.learned():
                parameter.data.add_(0.05 * torch.randn(parameter.shape))
    return network


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    ("first", "later", "count", "grown_count"),
    [
        (ColumnSpec(hidden=512, auxiliary=()), FF_NARROW, 620_620, 38_876),
        (ColumnSpec(hidden=128, lstm=128, auxiliary=()), LSTM_NARROW, 298_700, 36_940),
    ],
)
def test_columns_have_the_paper_s_sizes_with_their_laterals(
    first: ColumnSpec, later: GrownSpec, count: int, grown_count: int
) -> None:
    network = ProgressiveNet(first, (later,))
    assert parameter_count(network.columns[0]) == count
    assert parameter_count(network.columns[1]) == grown_count


@pytest.mark.parametrize("lstm", [0, 24])
@pytest.mark.parametrize("spec", [FF_NARROW, LSTM_NARROW, GrownSpec((16, 32), 48, inputs=18, proprioception=8), BLIND, MAPPED])
def test_a_new_column_begins_as_its_elder_bit_for_bit_and_so_does_a_third(lstm: int, spec: GrownSpec) -> None:
    network = grown(lstm)
    start = torch.zeros(5, 2, dtype=torch.bool)
    start[2, 1] = True
    felt = torch.randn(5, 2, 18)
    before = network.unroll(images(5, 2), network.initial_state(2), start)
    for added in (FF_NARROW, spec):
        network.grow(added)
        after = network.unroll(images(5, 2), network.initial_state(2), start, felt)
        assert torch.equal(after.logits, before.logits) and torch.equal(after.value, before.value)
        for _, parameter in network.learned():
            parameter.data.add_(0.05 * torch.randn(parameter.shape))
        before = network.unroll(images(5, 2), network.initial_state(2), start, felt)
        assert not torch.equal(before.logits, after.logits)


def test_an_unroll_is_its_single_steps() -> None:
    network = grown(24, LSTM_NARROW, BLIND, shaken=True)
    start = torch.zeros(4, 2, dtype=torch.bool)
    start[2, 1] = True
    felt = torch.randn(4, 2, 18)
    unrolled = network.unroll(images(4, 2), network.initial_state(2), start, felt).logits.view(4, 2, 9, 3)
    state = network.initial_state(2)
    for step in range(4):
        assert state is not None
        state = tuple(part * (~start[step]).unsqueeze(1) for part in state)
        output, state = network(images(4, 2)[step], state, felt[step])
        torch.testing.assert_close(output.logits, unrolled[step])


def test_elders_stay_as_they_are_while_the_last_column_learns() -> None:
    network = grown(24, LSTM_NARROW)
    elder = {name: tensor.clone() for name, tensor in network.columns[0].state_dict().items()}
    names = {name for name, _ in network.learned()}
    assert names and all(name.startswith("columns.1.") for name in names)
    optimiser = torch.optim.SGD([parameter for _, parameter in network.learned()], 0.1)
    before = {name: parameter.clone() for name, parameter in network.learned()}
    for _ in range(3):
        optimiser.zero_grad()
        output = network.unroll(images(6, 1), network.initial_state(1), torch.zeros(6, 1, dtype=torch.bool))
        (output.logits.square().sum() + output.value.square().sum()).backward()
        optimiser.step()
    assert all(torch.equal(tensor, elder[name]) for name, tensor in network.columns[0].state_dict().items())
    assert all(parameter.grad is None for parameter in network.columns[0].parameters())
    assert all(not torch.equal(parameter, before[name]) for name, parameter in network.learned())


@pytest.mark.parametrize("spec", [BLIND, MAPPED_LSTM])
def test_a_column_without_convolutions_sees_through_the_others(spec: GrownSpec) -> None:
    network = grown(24, LSTM_NARROW, spec, shaken=True)
    felt, start = torch.randn(1, 1, 18), torch.zeros(1, 1, dtype=torch.bool)
    seen, other = (
        network.unroll(image, network.initial_state(1), start, felt).logits for image in (images(1, 1), 255 - images(1, 1))
    )
    assert not torch.equal(seen, other)
    moved = network.unroll(images(1, 1), network.initial_state(1), start, felt + 0.5).logits
    assert not torch.equal(moved, seen)
    blind: object = network.columns[2]
    assert not any("convolutions" in name for name, _ in blind.named_parameters())  # type: ignore[attr-defined]


def test_laterals_from_maps_reach_the_dense_layer_of_a_column_that_only_feels() -> None:
    network = grown(0, FF_NARROW, MAPPED, GrownSpec((), 12, inputs=18, proprioception=8, lateral_channels=4))
    start, felt = torch.zeros(1, 2, dtype=torch.bool), torch.randn(1, 2, 18)
    two, three = (network.columns[index].get_parameter("adapters.0.weight") for index in (2, 3))
    # Columns 1 and 2 have 32 and 8 last maps; column 3 has none that the fourth could read.
    assert two.shape == (6, 40, 1, 1) and three.shape == (4, 40, 1, 1)
    _, _, seen = network.trace(images(1, 2), None, start, felt)
    network.columns[2].get_parameter("laterals.0.weight").data.zero_()
    _, _, cut = network.trace(images(1, 2), None, start, felt)
    assert torch.equal(seen[1].hidden, cut[1].hidden) and not torch.equal(seen[2].hidden, cut[2].hidden)
    assert not torch.equal(cut[2].hidden[0], cut[2].hidden[1]), "what is felt still tells them apart"
    blank = network.trace(torch.zeros(1, 2, 64, 64, 3, dtype=torch.uint8), None, start, felt)[2]
    assert torch.equal(blank[2].hidden, cut[2].hidden), "without its laterals it sees nothing"


@pytest.mark.parametrize("lstm", [0, 24])
def test_a_tap_sees_every_layer_and_what_it_passes_on_is_what_is_read(lstm: int) -> None:
    network = grown(lstm, LSTM_NARROW if lstm else FF_NARROW, BLIND, shaken=True)
    seen, start, felt = images(2, 3), torch.zeros(2, 3, dtype=torch.bool), torch.randn(2, 3, 18)
    found: dict[tuple[int, str], list[torch.Tensor]] = {}

    def note(column: int, layer: str, activations: torch.Tensor) -> torch.Tensor:
        found.setdefault((column, layer), []).append(activations)
        return activations if activations.requires_grad else activations.requires_grad_()

    state = network.initial_state(3)
    tapped = network.trace(seen, state, start, felt, note)[0].logits
    assert torch.equal(tapped, network.unroll(seen, state, start, felt).logits)
    seeing = {(column, layer) for column in (0, 1) for layer in ("conv1", "conv2", "fc")}
    recurrent = {(2, "lstm")} | ({(0, "lstm"), (1, "lstm")} if lstm else set())
    assert set(found) == seeing | recurrent | {(2, "proprioception"), (2, "fc")}
    assert all(len(pieces) == (2 if layer == "lstm" else 1) for (_, layer), pieces in found.items())
    for gradient in torch.autograd.grad(tapped.square().sum(), [pieces[0] for pieces in found.values()]):
        assert bool(gradient.any())
    for place in found:
        silenced = network.trace(seen, state, start, felt, lambda c, name, h, at=place: h * 0.0 if (c, name) == at else h)[0]
        assert not torch.equal(silenced.logits, tapped), place


@needs_onnx
@pytest.mark.parametrize(
    ("lstm", "specs"),
    [
        (0, (FF_NARROW,)),
        (0, (GrownSpec((16, 32), 48, inputs=18, proprioception=8), GrownSpec((), 20, inputs=18, proprioception=16))),
        (24, (LSTM_NARROW,)),
        (24, (FF_NARROW, GrownSpec((4, 6), 16, lstm=8, inputs=18, proprioception=8), BLIND)),
        (0, (FF_NARROW, MAPPED, MAPPED)),
        (24, (LSTM_NARROW, MAPPED_LSTM)),
        (0, ()),
    ],
)
@pytest.mark.parametrize("feels", [False, True])
def test_onnx_runtime_answers_as_pytorch_does(lstm: int, specs: tuple[GrownSpec, ...], feels: bool) -> None:
    network = grown(lstm, *specs, shaken=True, feels=feels).eval()
    assert network.inputs == 18 or not (feels or any(spec.inputs for spec in specs))
    assert difference(OnnxEngine(network), TorchEngine(network), network.inputs) <= 1e-5
    assert choose_engine(network)[1] == ""


def test_a_column_grows_on_a_policy_that_feels_and_begins_as_it() -> None:
    network, start, felt = grown(0, feels=True), torch.zeros(2, 3, dtype=torch.bool), torch.randn(2, 3, 18)
    before = network.unroll(images(2, 3), None, start, felt).logits
    assert not torch.equal(before, network.unroll(images(2, 3), None, start, felt + 0.5).logits)
    network.grow(FF_NARROW)
    assert network.inputs == 18 and torch.equal(before, network.unroll(images(2, 3), None, start, felt).logits)


def test_a_checkpoint_keeps_the_columns_and_the_policy_node_s_runtime_acts_with_them(tmp_path: Path) -> None:
    network = grown(0, FF_NARROW, MAPPED, shaken=True).eval()
    rows = tuple((-0.1, 0.0, 0.1) for _ in range(9))
    card = Card("grown", "reach", ARM.name, ARM.joint_names, rows, 0.1, network.spec, ancestors=("reach abc",))
    written = save_checkpoint(tmp_path, card, network)
    loaded = load_checkpoint(tmp_path, ARM)
    assert loaded.card == written and loaded.card.grown == network.grown and loaded.card.ancestors == ("reach abc",)
    felt = np.linspace(-1.0, 1.0, 18)
    output, _ = network(images(1), None, torch.from_numpy(felt.astype(np.float32))[None])
    runtime = PolicyRuntime(loaded)
    decision = runtime.act(images(1)[0].numpy(), felt)
    np.testing.assert_array_equal(decision.action, output.logits[0].argmax(-1).numpy())
    assert decision.value == pytest.approx(float(output.value[0].detach()), abs=1e-5)
    with pytest.raises(ContractError, match="reads 18 finite joint angles and velocities, got 0"):
        runtime.act(images(1)[0].numpy())
    with pytest.raises(ContractError, match="has 3 columns"):
        _ = loaded.column


def test_sizes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="column 1's 2 convolutions or none, got channels \\(8,\\)"):
        grown(0, GrownSpec((8,), 16))
    with pytest.raises(ConfigError, match="needs an input of its own"):
        grown(0, GrownSpec((), 16))
    with pytest.raises(ConfigError, match="has laterals of their sizes, got 6 channels for them"):
        grown(0, GrownSpec((8, 8), 16, lateral_channels=6))


def test_a_card_from_before_there_were_such_laterals_is_still_read() -> None:
    written = BLIND.to_json()
    assert GrownSpec.from_json(MAPPED.to_json()) == MAPPED and written.pop("lateral_channels") == 0
    assert GrownSpec.from_json(written) == BLIND

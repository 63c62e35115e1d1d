"""The column: shapes, sizes from the paper, LSTM state."""

from __future__ import annotations

import pytest
import torch

from jaco_core.errors import ConfigError
from jaco_policy.networks import Column, ColumnSpec, joint_log_probability, sample_action


def images(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, (*shape, 64, 64, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("lstm", [0, 32])
def test_shapes(lstm: int) -> None:
    column = Column(ColumnSpec(lstm=lstm))
    output, state = column(images(4), column.initial_state(4))
    assert output.logits.shape == (4, 9, 3) and output.value.shape == (4,) and output.auxiliary.shape == (4, 2, 3)
    assert (state is None) is (lstm == 0)
    assert [tuple(layer.shape) for layer in column.layers(images(4))] == [(4, 16, 15, 15), (4, 32, 6, 6), (4, 256)]


@pytest.mark.parametrize(("hidden", "lstm", "parameters"), [(512, 0, 620_620), (128, 128, 298_700)])
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_the_paper_s_wide_columns_have_the_paper_s_sizes(hidden: int, lstm: int, parameters: int) -> None:
    column = Column(ColumnSpec(hidden=hidden, lstm=lstm, auxiliary=()))
    count = sum(tensor.numel() for tensor in column.parameters())
    # PyTorch's LSTM has two bias vectors where the paper's has one.
    assert count - (4 * lstm) == parameters


def test_an_unroll_is_its_single_steps_and_forgets_at_a_start() -> None:
    column = Column(ColumnSpec(hidden=16, lstm=8))
    sequence = images(5, 2)
    start = torch.zeros(5, 2, dtype=torch.bool)
    start[3, 1] = True
    unrolled = column.unroll(sequence, column.initial_state(2), start).logits.view(5, 2, 9, 3)
    state = column.initial_state(2)
    for step in range(5):
        state = tuple(part * (~start[step]).unsqueeze(1) for part in state)
        output, state = column(sequence[step], state)
        torch.testing.assert_close(output.logits, unrolled[step])


def test_a_column_that_feels_hears_of_angles_and_velocities_and_a_whole_turn_is_none() -> None:
    spec = ColumnSpec(hidden=16, inputs=18, proprioception=8)
    assert ColumnSpec.from_json(spec.to_json()) == spec
    # Cards that are older do not name these.
    older = {name: value for name, value in ColumnSpec(hidden=16).to_json().items() if name not in ("inputs", "proprioception")}
    assert ColumnSpec.from_json(older) == ColumnSpec(hidden=16)
    column = Column(spec)
    torch.nn.init.orthogonal_(column.policy.weight, 5.0)
    felt = torch.linspace(-1.0, 1.0, 36).view(2, 18)
    logits = column(images(2), None, felt)[0].logits
    turned, faster = felt.clone(), felt.clone()
    turned[:, 3] += 2.0 * torch.pi
    faster[:, 12] += 0.5
    torch.testing.assert_close(column(images(2), None, turned)[0].logits, logits, atol=1e-5, rtol=0.0)
    assert not torch.allclose(column(images(2), None, faster)[0].logits, logits, atol=1e-4)
    with pytest.raises(ConfigError, match="9 joints feels 18 numbers or none, got 17 and 8 units"):
        ColumnSpec(inputs=17, proprioception=8)
    with pytest.raises(ConfigError, match="got 18 and 0 units"):
        ColumnSpec(inputs=18)


def test_log_probabilities_are_of_what_is_drawn() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0]).repeat(20_000, 2, 1)
    action = sample_action(logits)
    assert action.shape == (20_000, 2)
    share = (action == 2).float().mean()
    expected = torch.softmax(logits[0, 0], -1)[2]
    assert share == pytest.approx(float(expected), abs=0.01)
    both = joint_log_probability(logits[:1], torch.tensor([[2, 2]]))
    assert float(both) == pytest.approx(2 * float(expected.log()), abs=1e-6)

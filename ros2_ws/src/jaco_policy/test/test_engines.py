"""What computes the network: ONNX Runtime as PyTorch does, and PyTorch whenever that is in doubt."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from policy_support import needs_onnx

from jaco_policy import engines
from jaco_policy.checkpoint import load_checkpoint
from jaco_policy.engines import Answer, OnnxEngine, TorchEngine, choose_engine, difference
from jaco_policy.inference import PolicyRuntime
from jaco_policy.networks import Column, ColumnSpec

SHIPPED = Path(__file__).parents[4] / "models" / "policies" / "reach"
IMAGES = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)


def column(lstm: int = 0, **sizes: object) -> Column:
    torch.manual_seed(0)
    column = Column(ColumnSpec(hidden=32, lstm=lstm, **sizes)).eval()
    torch.nn.init.orthogonal_(column.policy.weight, 5.0)
    column.mean_image.uniform_(0.0, 255.0)
    return column


@needs_onnx
@pytest.mark.parametrize(
    ("lstm", "sizes"),
    [(0, {}), (24, {}), (0, {"convolutions": ((8, 4, 2), (8, 3, 1), (4, 3, 2)), "joints": 7, "choices": 5})],
)
def test_its_answers_are_pytorch_s_over_an_episode_and_forgotten_after_it(lstm: int, sizes: dict[str, object]) -> None:
    network = column(lstm, **sizes)
    engine, why = choose_engine(network)
    assert (engine.name, why) == ("ONNX Runtime", "")
    answers, state = [], network.initial_state(1)
    for image in IMAGES:
        logits, value = engine.compute(image)
        with torch.inference_mode():
            output, state = network(torch.from_numpy(image)[None], state)
        np.testing.assert_allclose(logits, output.logits[0], rtol=1e-5, atol=1e-5)
        assert value == pytest.approx(float(output.value[0]), rel=1e-5, abs=1e-5)
        answers.append(logits)
    engine.forget()
    np.testing.assert_array_equal([engine.compute(image)[0] for image in IMAGES], answers)
    assert np.ptp(answers, axis=0).max() > 0.01


@needs_onnx
def test_the_shipped_policy_agrees_within_one_in_a_hundred_thousand() -> None:
    if not SHIPPED.is_dir():
        pytest.skip("the policies are not beside this checkout")
    network = load_checkpoint(SHIPPED).column
    assert difference(OnnxEngine(network), TorchEngine(network)) <= 1e-5
    assert PolicyRuntime(load_checkpoint(SHIPPED)).engine == "ONNX Runtime"


@pytest.mark.parametrize("package", [pytest.param("onnx", marks=needs_onnx), "onnxruntime"])
def test_without_the_packages_pytorch_acts_and_says_so(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for module in ("onnx_graph", "onnx_progressive"):
        monkeypatch.delitem(sys.modules, f"jaco_policy.{module}", raising=False)
    engine, why = choose_engine(column())
    assert engine.name == "PyTorch"
    assert why.startswith(f"{package} is not installed, so the policy runs on PyTorch") and "\n" not in why


class _Off(TorchEngine):
    name = "ONNX Runtime"
    error = 1e-3

    def compute(self, image: np.ndarray, proprioception: np.ndarray | None = None) -> Answer:
        logits, value = super().compute(image)
        return np.where(np.arange(logits.shape[-1]) == 1, logits + self.error, logits), value


@pytest.mark.parametrize("error", [1e-3, -1e-3, float("nan")])
def test_an_engine_that_answers_otherwise_is_not_used(error: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Off, "error", error)
    monkeypatch.setattr(engines, "OnnxEngine", _Off)
    engine, why = choose_engine(column())
    assert engine.name == "PyTorch" and "differ from PyTorch's by" in why


def test_a_wrong_value_counts_as_well_as_a_wrong_action() -> None:
    class Off(TorchEngine):
        def compute(self, image: np.ndarray, proprioception: np.ndarray | None = None) -> Answer:
            logits, value = super().compute(image)
            return logits, value + 1.0

    assert difference(Off(column()), TorchEngine(column())) > 0.1


@needs_onnx
def test_a_graph_that_the_runtime_refuses_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    from jaco_policy import onnx_progressive

    monkeypatch.setattr(onnx_progressive, "column_to_onnx", lambda column: b"not a graph")
    engine, why = choose_engine(column())
    assert engine.name == "PyTorch" and why.startswith("ONNX Runtime refuses the policy (") and "\n" not in why

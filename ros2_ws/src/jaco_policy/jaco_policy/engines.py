"""What computes a column while acting: ONNX Runtime where it is installed and agrees with PyTorch, else PyTorch."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_policy.networks import IMAGE_SIZE, Column, LstmState

# Largest difference between an engine's outputs and PyTorch's, relative to outputs above 1.
TOLERANCE = 1e-5
# Images that the two are compared on; with an LSTM they are one sequence.
_TRIALS = 4

Answer = tuple[NDArray[np.float32], float]


class Engine(Protocol):
    """Computes a column, one image at a time, and remembers its LSTM's state in between."""

    name: str

    def forget(self) -> None:
        """Sets the LSTM's state to that of an episode's start."""

    def compute(self, image: NDArray[np.uint8]) -> Answer:
        """Returns logits, shape (joints, choices), and value for `image`, shape (64, 64, 3)."""


class TorchEngine:
    """PyTorch itself, which is the reference."""

    name = "PyTorch"

    def __init__(self, column: Column) -> None:
        # One image is too little work to share: more threads only add jitter.
        torch.set_num_threads(1)
        self._column = column
        self._state: LstmState | None = None
        self.forget()

    def forget(self) -> None:
        self._state = self._column.initial_state(1)

    @torch.inference_mode()
    def compute(self, image: NDArray[np.uint8]) -> Answer:
        output, self._state = self._column(torch.from_numpy(np.ascontiguousarray(image)).unsqueeze(0), self._state)
        return output.logits[0].numpy(), float(output.value[0])


class OnnxEngine:
    """ONNX Runtime on one core: several times quicker than PyTorch on a network and a batch this small."""

    name = "ONNX Runtime"

    def __init__(self, column: Column) -> None:
        """Raises ImportError where onnx or onnxruntime is not installed."""
        import onnxruntime

        from jaco_policy.onnx_graph import column_to_onnx

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(column_to_onnx(column), options, providers=["CPUExecutionProvider"])
        zeros = np.zeros((1, column.spec.lstm), np.float32)
        self._start = {"hidden": zeros, "cell": zeros} if column.spec.lstm else {}
        self._state: dict[str, NDArray[np.float32]] = {}
        self.forget()

    def forget(self) -> None:
        self._state = self._start

    def compute(self, image: NDArray[np.uint8]) -> Answer:
        logits, value, *state = self._session.run(None, {"image": image[None], **self._state})
        self._state = dict(zip(self._start, state, strict=True))
        return logits[0], float(value[0])


def choose_engine(column: Column) -> tuple[Engine, str]:
    """Returns the quickest engine that computes `column` as PyTorch does, and why it is not ONNX Runtime, "" when it is."""
    reference = TorchEngine(column)
    try:
        engine = OnnxEngine(column)
    except ImportError as error:
        return reference, f"{error.name} is not installed, so the policy runs on PyTorch, which is slower; install it for speed."
    except Exception as error:  # noqa: BLE001 (onnxruntime's errors have no base of their own, and PyTorch can always do it)
        return (
            reference,
            f"ONNX Runtime refuses the policy ({' '.join(str(error).split())}); it runs on PyTorch, which is slower.",
        )
    worst = difference(engine, reference)
    if not worst <= TOLERANCE:
        return reference, (
            f"ONNX Runtime's answers differ from PyTorch's by {worst:.2g}, more than {TOLERANCE:.0e}; the policy runs on PyTorch."
        )
    return engine, ""


def difference(engine: Engine, reference: Engine) -> float:
    """Returns the largest difference of the two engines' outputs over a few random images, as a share of outputs above 1.

    Both are left as at an episode's start. The first call of either is slow (allocations, choice of kernels) and happens here.
    """
    images = np.random.default_rng(0).integers(0, 256, (_TRIALS, IMAGE_SIZE, IMAGE_SIZE, 3), np.uint8)
    worst = 0.0
    engine.forget()
    reference.forget()
    for image in images:
        found, expected = (np.append(*one.compute(image)) for one in (engine, reference))
        # max() keeps what it has against NaN, so it must come from numpy, which does not.
        worst = float(np.maximum(worst, np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected)))))
    engine.forget()
    reference.forget()
    return worst

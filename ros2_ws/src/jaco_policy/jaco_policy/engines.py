"""What computes a column while acting: ONNX Runtime where it is installed and agrees with PyTorch, else PyTorch."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from jaco_policy.networks import IMAGE_SIZE, Column
from jaco_policy.progressive import ProgressiveNet, State, state_sizes

# Largest difference between an engine's outputs and PyTorch's, relative to outputs above 1.
TOLERANCE = 1e-5
# Images that the two are compared on; with an LSTM they are one sequence.
_TRIALS = 4

Answer = tuple[NDArray[np.float32], float]
Proprioception = NDArray[np.float32] | None


class Engine(Protocol):
    """Computes a network, one image at a time, and remembers its LSTMs' states in between."""

    name: str

    def forget(self) -> None:
        """Sets the LSTM's state to that of an episode's start."""

    def compute(self, image: NDArray[np.uint8], proprioception: Proprioception = None) -> Answer:
        """Returns logits, shape (joints, choices), and value for an image (64, 64, channels) and proprioception (inputs,)."""


class TorchEngine:
    """PyTorch itself, which is the reference."""

    name = "PyTorch"

    def __init__(self, network: Column | ProgressiveNet) -> None:
        # One image is too little work to share: more threads only add jitter.
        torch.set_num_threads(1)
        self._network = _as_network(network)
        self._state: State | None = None
        self.forget()

    def forget(self) -> None:
        self._state = self._network.initial_state(1)

    @torch.inference_mode()
    def compute(self, image: NDArray[np.uint8], proprioception: Proprioception = None) -> Answer:
        felt = None if proprioception is None else torch.from_numpy(proprioception).unsqueeze(0)
        output, self._state = self._network(torch.from_numpy(np.ascontiguousarray(image)).unsqueeze(0), self._state, felt)
        return output.logits[0].numpy(), float(output.value[0])


class OnnxEngine:
    """ONNX Runtime on one core: several times quicker than PyTorch on a network and a batch this small."""

    name = "ONNX Runtime"

    def __init__(self, network: Column | ProgressiveNet) -> None:
        """Raises ImportError where onnx or onnxruntime is not installed."""
        import onnxruntime

        from jaco_policy.onnx_progressive import network_to_onnx

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3
        network = _as_network(network)
        self._session: Any = onnxruntime.InferenceSession(network_to_onnx(network), options, providers=["CPUExecutionProvider"])
        self._start = {name: np.zeros((1, size), np.float32) for name, size in state_sizes(network).items()}
        self._state: dict[str, NDArray[np.float32]] = {}
        self.forget()

    def forget(self) -> None:
        self._state = self._start

    def compute(self, image: NDArray[np.uint8], proprioception: Proprioception = None) -> Answer:
        felt = {} if proprioception is None else {"proprioception": proprioception[None]}
        logits, value, *state = self._session.run(None, {"image": image[None], **felt, **self._state})
        self._state = dict(zip(self._start, state, strict=True))
        return logits[0], float(value[0])


def choose_engine(network: Column | ProgressiveNet) -> tuple[Engine, str]:
    """Returns the quickest engine that computes `network` as PyTorch does, and why it is not ONNX Runtime, "" when it is."""
    network = _as_network(network)
    reference = TorchEngine(network)
    try:
        engine = OnnxEngine(network)
    except ImportError as error:
        return reference, f"{error.name} is not installed, so the policy runs on PyTorch, which is slower; install it for speed."
    except Exception as error:  # noqa: BLE001 (onnxruntime's errors have no base of their own, and PyTorch can always do it)
        return (
            reference,
            f"ONNX Runtime refuses the policy ({' '.join(str(error).split())}); it runs on PyTorch, which is slower.",
        )
    worst = difference(engine, reference, network.inputs, network.spec.channels)
    if not worst <= TOLERANCE:
        return reference, (
            f"ONNX Runtime's answers differ from PyTorch's by {worst:.2g}, more than {TOLERANCE:.0e}; the policy runs on PyTorch."
        )
    return engine, ""


def difference(engine: Engine, reference: Engine, inputs: int = 0, channels: int = 3) -> float:
    """Returns the largest difference of the two engines' outputs over a few random images, as a share of outputs above 1.

    `inputs`: numbers of proprioception that the network reads, random as well; `channels`: of the images.

    Both are left as at an episode's start. The first call of either is slow (allocations, choice of kernels) and happens here.
    """
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (_TRIALS, IMAGE_SIZE, IMAGE_SIZE, channels), np.uint8)
    worst = 0.0
    engine.forget()
    reference.forget()
    for image in images:
        felt = rng.normal(size=inputs).astype(np.float32) if inputs else None
        found, expected = (np.append(*one.compute(image, felt)) for one in (engine, reference))
        # max() keeps what it has against NaN, so it must come from numpy, which does not.
        worst = float(np.maximum(worst, np.max(np.abs(found - expected) / np.maximum(1.0, np.abs(expected)))))
    engine.forget()
    reference.forget()
    return worst


def _as_network(network: Column | ProgressiveNet) -> ProgressiveNet:
    return network if isinstance(network, ProgressiveNet) else ProgressiveNet(network).eval()

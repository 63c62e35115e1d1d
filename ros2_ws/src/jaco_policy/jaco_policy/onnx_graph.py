"""A column as an ONNX graph for acting: one uint8 image in, logits and value out. Normalisation and LSTM state are in the graph.

Built by hand from the column's layers: an exporter that traces Python would bring its own dependencies and its own operators.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from jaco_policy.encoders import coordinates
from jaco_policy.networks import IMAGE_SIZE, PIXEL_SCALE, Column, ColumnSpec

# Operators as they were defined in ONNX 1.10; every runtime of the last years has them.
_OPSET = 15
_IR_VERSION = 8


def column_to_onnx(column: Column) -> bytes:
    """Returns a serialised ONNX model for a batch of one.

    Inputs: "image" (1, 64, 64, channels) uint8, "proprioception" (1, inputs) where the column reads it and, with an LSTM,
    "hidden" and "cell" (1, w). Outputs: "logits" (1, joints, choices), "value" (1,) and, with an LSTM, "next_hidden" and
    "next_cell" (1, w). The auxiliary heads, which only training reads, stay out.
    """
    graph, spec = GraphBuilder(column), column.spec
    x = graph.dense(graph.seen(graph.maps(graph.pixels(), spec)[-1], spec, spec.map_channels[-1]), spec.inputs)
    state = [(name, TensorProto.FLOAT, (1, spec.lstm)) for name in ("hidden", "cell")] if spec.lstm else []
    if spec.lstm:
        x = graph.lstm(x)
    logits = graph.linear("policy", x)
    graph.node("Reshape", logits, graph.constant(np.array([1, spec.joints, spec.choices])), output="logits")
    graph.node("Reshape", graph.linear("value", x), graph.constant(np.array([1])), output="value")
    return graph.serialise(spec, state, spec.inputs)


class GraphBuilder:
    """Nodes and constants so far, with names of their own."""

    def __init__(self, network: nn.Module) -> None:
        weights: dict[str, NDArray[np.float32]] = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
        self._weights = weights
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def weight(self, name: str) -> NDArray[np.float32]:
        return self._weights[name]

    def constant(self, value: NDArray[Any]) -> str:
        """Adds a constant and returns its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def node(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds a node with one output and returns the output's name."""
        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def layer(self, name: str) -> tuple[str, str]:
        """Returns the constants of a layer's weight and bias."""
        return self.constant(self.weight(f"{name}.weight")), self.constant(self.weight(f"{name}.bias"))

    def linear(self, name: str, x: str) -> str:
        """Adds a torch.nn.Linear."""
        return self.node("Gemm", x, *self.layer(name), transB=1)

    def pixels(self, prefix: str = "") -> str:
        """Adds what centres the image, (1, channels, 64, 64); returns its name. `prefix`: of the weights' names."""
        x = self.node("Cast", "image", to=TensorProto.FLOAT)
        x = self.node("Sub", x, self.constant(self.weight(f"{prefix}mean_image")[None]))
        x = self.node("Mul", x, self.constant(np.array([1.0 / PIXEL_SCALE], np.float32)))
        return self.node("Transpose", x, perm=(0, 3, 1, 2))

    def maps(self, x: str, spec: ColumnSpec, prefix: str = "") -> list[str]:
        """Adds what a first column sees through, from the pixels `x`; returns the names of its maps, (1, map channels, h, w)."""
        maps = [x]
        sizes = (IMAGE_SIZE, *spec.map_sizes)
        for index in range(len(spec.map_sizes)):
            x = self._views(maps[-1], spec.views, sizes[index], apart=True)
            if spec.residual:
                x = self._section(x, f"{prefix}sections.{index}.")
            else:
                strides = (spec.convolutions[index][2],) * 2
                x = self.node("Conv", x, *self.layer(f"{prefix}convolutions.{index}"), strides=strides)
            if not spec.residual or index == len(spec.residual) - 1:
                x = self.node("Relu", x)
            maps.append(self._views(x, spec.views, sizes[index + 1], apart=False))
        return maps[1:]

    def seen(self, x: str, spec: ColumnSpec, channels: int, prefix: str = "") -> str:
        """Adds what a dense layer reads of the last maps `x`, (1, channels, h, w), where `spec` is column 1's."""
        if not spec.spatial_softmax:
            return self.node("Flatten", x)
        x = self.node("Reshape", x, self.constant(np.array([1, channels, -1])))
        x = self.node("Mul", x, self.constant(np.exp(-self.weight(f"{prefix}attend.log_temperature"))))
        places = self.constant(coordinates(spec.map_sizes[-1]).numpy().T)
        return self.node("Flatten", self.node("MatMul", self.node("Softmax", x, axis=2), places))

    def _section(self, x: str, prefix: str) -> str:
        """Adds a residual section."""
        x = self._padded(x, f"{prefix}entry")
        x = self.node("MaxPool", x, kernel_shape=(3, 3), strides=(2, 2), pads=(1, 1, 1, 1))
        for block in range(2):
            added = x
            for layer in ("first", "second"):
                added = self._padded(self.node("Relu", added), f"{prefix}blocks.{block}.{layer}")
            x = self.node("Add", x, added)
        return x

    def _padded(self, x: str, name: str) -> str:
        """Adds a 3x3 convolution that keeps height and width."""
        return self.node("Conv", x, *self.layer(name), pads=(1, 1, 1, 1))

    def _views(self, x: str, views: int, size: int, apart: bool) -> str:
        """Makes a batch of the views' maps, each `size` square, or puts them side by side again. Nothing to do for one view."""
        if views == 1:
            return x
        return self.node("Reshape", x, self.constant(np.array([views if apart else 1, -1, size, size])))

    def dense(self, x: str, inputs: int, prefix: str = "") -> str:
        """Adds a first column's layers between its last map, `x`, and what its LSTM or heads read; returns that name.

        `inputs`: numbers of proprioception that join `x`; `prefix`: of the weights' names.
        """
        if not inputs:
            return self.node("Relu", self.linear(f"{prefix}hidden", x))
        half = inputs // 2
        angles, velocities = (
            self.node("Gather", "proprioception", self.constant(np.arange(start, start + half)), axis=1) for start in (0, half)
        )
        felt = self.node("Concat", self.node("Sin", angles), self.node("Cos", angles), velocities, axis=1)
        for layer in ("first", "second"):
            felt = self.node("Relu", self.linear(f"{prefix}proprioceive.{layer}", felt))
        hidden = self.node("Relu", self.linear(f"{prefix}hidden", self.node("Concat", x, felt, axis=1)))
        return self.node("Relu", self.linear(f"{prefix}joined", hidden))

    def lstm(self, x: str, prefix: str = "", suffix: str = "") -> str:
        """Adds a torch.nn.LSTMCell as an LSTM over a sequence of one; returns the name of what the heads read.

        `prefix`: of the weights' names; `suffix`: of the state's, "hidden" and "cell".
        """
        matrices = [_gates(self.weight(f"{prefix}lstm.weight_{part}"))[None] for part in ("ih", "hh")]
        bias = np.concatenate([_gates(self.weight(f"{prefix}lstm.bias_{part}")) for part in ("ih", "hh")])[None]
        first = self.constant(np.array([0]))
        inputs = [self.node("Unsqueeze", x, first), *map(self.constant, matrices), self.constant(bias), ""]
        inputs += [self.node("Unsqueeze", f"{name}{suffix}", first) for name in ("hidden", "cell")]
        size = matrices[1].shape[2]
        last = [f"lstm_{name}{suffix}" for name in ("hidden", "cell")]
        self.nodes.append(helper.make_node("LSTM", inputs, ["", *last], hidden_size=size))
        self.node("Squeeze", last[1], first, output=f"next_cell{suffix}")
        return self.node("Squeeze", last[0], first, output=f"next_hidden{suffix}")

    def serialise(self, spec: ColumnSpec, state: Sequence[tuple[str, int, tuple[int, int]]], proprioception: int = 0) -> bytes:
        """Returns the model, checked. `spec`: of the first column, for what is seen and answered.

        `state`: name, type, shape of each LSTM state; it comes out as "next_...".
        """
        shape = (1, IMAGE_SIZE, IMAGE_SIZE, spec.channels)
        inputs: list[tuple[str, Any, tuple[int, ...]]] = [("image", TensorProto.UINT8, shape)]
        inputs += [("proprioception", TensorProto.FLOAT, (1, proprioception))] if proprioception else []
        outputs = [("logits", TensorProto.FLOAT, (1, spec.joints, spec.choices)), ("value", TensorProto.FLOAT, (1,))]
        outputs += [(f"next_{name}", kind, shape) for name, kind, shape in state]
        model = helper.make_model(
            helper.make_graph(
                self.nodes,
                "policy",
                [helper.make_tensor_value_info(*entry) for entry in (*inputs, *state)],
                [helper.make_tensor_value_info(*entry) for entry in outputs],
                self.constants,
            ),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
        )
        onnx.checker.check_model(model)
        return bytes(model.SerializeToString())


def _gates(weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turns PyTorch's order of an LSTM's gates (input, forget, cell, output) into ONNX's (input, output, forget, cell)."""
    entry, forget, cell, output = np.split(weight, 4)
    return np.concatenate((entry, output, forget, cell))

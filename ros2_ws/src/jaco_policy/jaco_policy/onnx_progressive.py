"""A progressive network as an ONNX graph for acting: every column, its laterals, and the last column's heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import TensorProto

from jaco_policy.onnx_graph import GraphBuilder, column_to_onnx
from jaco_policy.progressive import ProgressiveNet, state_sizes


def network_to_onnx(network: ProgressiveNet) -> bytes:
    """Returns a serialised ONNX model for a batch of one.

    Inputs: "image" (1, 64, 64, channels) uint8, "proprioception" (1, inputs) where a column reads it, and the states of the LSTMs
    by the names of `state_sizes`. Outputs: "logits" (1, joints, choices), "value" (1,), and each state after the step as "next_".
    """
    first: Any = network.columns[0]
    if not network.grown:
        return column_to_onnx(first)
    graph = _ProgressiveGraph(network)
    layers = [graph.first()]
    for index in range(1, len(network.columns)):
        layers.append(graph.later(index, layers))
    graph.heads(layers)
    spec = network.spec
    state = [(name, TensorProto.FLOAT, (1, size)) for name, size in state_sizes(network).items()]
    return graph.serialise(spec, state, network.inputs)


@dataclass(frozen=True)
class _Layers:
    """Names of a column's maps, fc layer, the LSTM's state before the step ("" without), and what the heads read."""

    maps: tuple[str, ...]
    hidden: str
    before: str
    features: str


class _ProgressiveGraph(GraphBuilder):
    def __init__(self, network: ProgressiveNet) -> None:
        super().__init__(network)
        self._network = network
        self._pixels = self.pixels("columns.0.")
        self._strides = [stride for _, _, stride in network.spec.convolutions]

    def first(self) -> _Layers:
        """Adds column 1."""
        maps = self.maps(self._pixels, self._network.spec, "columns.0.")
        spec = self._network.spec
        hidden = self.dense(self.seen(maps[-1], spec, spec.map_channels[-1], "columns.0."), spec.inputs, "columns.0.")
        if not spec.lstm:
            return _Layers(tuple(maps), hidden, "", hidden)
        return _Layers(tuple(maps), hidden, "hidden", self.lstm(hidden, "columns.0."))

    def later(self, column: int, elders: list[_Layers]) -> _Layers:
        """Adds column number `column` on top of the others."""
        prefix, spec = f"columns.{column}.", self._network.grown[column - 1]
        seeing = [elder for elder in elders if elder.maps]
        maps: list[str] = []
        for index in range(len(spec.channels)):
            strides = (self._strides[index],) * 2
            layer = self.layer(f"{prefix}convolutions.{index}")
            x = self.node("Conv", maps[-1] if maps else self._pixels, *layer, strides=strides)
            if index:
                projected = self._project(prefix, index - 1, [elder.maps[index - 1] for elder in seeing], index - 1)
                weight = self.constant(self.weight(f"{prefix}laterals.{index - 1}.weight"))
                x = self.node("Add", x, self.node("Conv", projected, weight, strides=strides))
            maps.append(self.node("Relu", x))
        felt = self.node("Relu", self.linear(f"{prefix}proprioceive", "proprioception")) if spec.inputs else ""
        joining: list[str] = []
        last = max(len(maps) - 1, 0)
        if maps or spec.lateral_channels:
            projected = self._project(prefix, last, [elder.maps[-1] for elder in seeing], -1)
            channels = spec.channels[-1] if maps else spec.lateral_channels
            projected = self.seen(projected, self._network.spec, channels, prefix)
        else:
            projected = self._project(prefix, last, [elder.hidden for elder in elders], None)
        if maps:
            own_maps = self.seen(maps[-1], self._network.spec, spec.channels[-1], prefix)
            below = [own_maps] + ([felt] if felt and not spec.lstm else [])
            joining = [felt] if felt and spec.lstm else []
        else:
            below = [felt]
        own = self.linear(f"{prefix}hidden", self._join(below))
        hidden = self.node("Relu", self.node("Add", own, self._matmul(projected, f"{prefix}laterals.{last}.weight")))
        if not spec.lstm:
            return _Layers(tuple(maps), hidden, "", hidden)
        direct = [name for elder in elders for name in (elder.hidden, elder.before) if name]
        features = self.lstm(self._join([hidden, *joining, *direct]), prefix, f"_{column}")
        return _Layers(tuple(maps), hidden, f"hidden_{column}", features)

    def heads(self, columns: list[_Layers]) -> None:
        """Adds the last column's heads."""
        spec, prefix = self._network.spec, f"columns.{len(columns) - 1}."
        for name, shape, output in (("policy", [1, spec.joints, spec.choices], "logits"), ("value", [1], "value")):
            total = self.linear(f"{prefix}{name}", columns[-1].features)
            for index, elder in enumerate(columns[:-1]):
                total = self.node("Add", total, self._matmul(elder.features, f"{prefix}{name}_laterals.{index}"))
            self.node("Reshape", total, self.constant(np.array(shape)), output=output)

    def _project(self, prefix: str, index: int, elders: list[str], layer: int | None) -> str:
        """Adds the column's `index`-th s(V a h), the scales taken into V: it is linear. `layer`: of the maps, None for fc."""
        weight, bias = (self.weight(f"{prefix}adapters.{index}.{part}") for part in ("weight", "bias"))
        scales = self.weight(f"{prefix}scales.{index}")
        widths = [self._width(elder, layer) for elder in range(len(scales))]
        scale = np.repeat(scales, widths)
        scaled = self.constant(weight * (scale if layer is None else scale[:, None, None]))
        x = self._join(elders)
        projected = self.node("Conv", x, scaled, self.constant(bias)) if layer is not None else ""
        return self.node("Relu", projected or self.node("Gemm", x, scaled, self.constant(bias), transB=1))

    def _width(self, elder: int, layer: int | None) -> int:
        """How many channels the `elder`-th earlier column (of those that see, for maps) has in layer `layer`."""
        if layer is None:
            return [self._network.spec.hidden, *(spec.hidden for spec in self._network.grown)][elder]
        channels = [self._network.spec.map_channels]
        channels += [spec.channels for spec in self._network.grown if spec.channels]
        return channels[elder][layer]

    def _join(self, names: list[str]) -> str:
        return names[0] if len(names) == 1 else self.node("Concat", *names, axis=1)

    def _matmul(self, x: str, weight: str) -> str:
        return self.node("MatMul", x, self.constant(self.weight(weight).T))

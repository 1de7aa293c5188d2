"""A graph of ONNX while it is built: nodes in order, constants, and a name of its own for each value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import GraphProto, ModelProto, OperatorSetIdProto, TensorProto, helper, numpy_helper

OPSET, ML_OPSET, IR_VERSION = 18, 3, 8  # what onnxruntime reads since 1.14, and every later one
ROWS = "rows"
ML = "ai.onnx.ml"
Type = int  # of TensorProto: DOUBLE, STRING, …


class Graph:
    """Values are strings, their names. `taken` are the names that the inputs and outputs have."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._graph = GraphProto(name="adaline")

    def input(self, name: str, type: Type) -> str:
        """A column (rows, 1)."""
        self._graph.input.append(helper.make_tensor_value_info(name, type, [ROWS, 1]))
        return name

    def output(self, value: str, name: str, type: Type, width: int = 1) -> None:
        """Give a value (rows, width) to the outside."""
        self._graph.node.append(helper.make_node("Identity", [value], [name]))
        self._graph.output.append(helper.make_tensor_value_info(name, type, [ROWS, width]))

    def constant(self, numbers: Any, dtype: npt.DTypeLike = np.float64) -> str:
        """An array that is kept with the graph."""
        name = self._name("constant")
        self._graph.initializer.append(numpy_helper.from_array(np.asarray(numbers, dtype), name))
        return name

    def words(self, words: Iterable[str]) -> str:
        """A constant of strings."""
        name, data = self._name("constant"), [word.encode() for word in words]
        kept = TensorProto(name=name, data_type=TensorProto.STRING, dims=[len(data)], string_data=data)
        self._graph.initializer.append(kept)
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Apply an operator; the name of its only output."""
        name = self._name(operator.lower())
        self._graph.node.append(helper.make_node(operator, inputs, [name], domain=domain, **attributes))
        return name

    def join(self, blocks: list[str]) -> str:
        """Blocks of columns beside each other."""
        return blocks[0] if len(blocks) == 1 else self.node("Concat", *blocks, axis=1)

    def columns(self, block: str, positions: Iterable[int]) -> str:
        """The chosen columns of a block, in this order."""
        return self.node("Gather", block, self.constant(list(positions), np.int64), axis=1)

    def cast(self, value: str, to: Type) -> str:
        return self.node("Cast", value, to=to)

    def to_bytes(self, version: str, about: str, metadata: dict[str, str]) -> bytes:
        """The file. The same graph is the same bytes."""
        model = ModelProto(
            ir_version=IR_VERSION,
            producer_name="adaline",
            producer_version=version,
            doc_string=about,
            graph=self._graph,
            opset_import=[OperatorSetIdProto(version=OPSET), OperatorSetIdProto(domain=ML, version=ML_OPSET)],
        )
        helper.set_model_props(model, dict(sorted(metadata.items())))
        data: bytes = model.SerializeToString(deterministic=True)
        return data

    def _name(self, what: str) -> str:
        number = len(self._graph.node) + len(self._graph.initializer)
        name = f"{what}_{number}"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name

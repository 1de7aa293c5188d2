"""What a model answers, as tensors: the columns of a CSV answer, one tensor each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from service.api.http.documents import pointer
from service.domain.model.predictor import Predictor, label_text
from service.errors import InputInvalid

LABEL = "label"


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """An output that is asked for, and whether as bytes behind the JSON."""

    name: str
    binary: bool


def names_of(predictor: Predictor) -> dict[str, str]:
    """The outputs with their datatypes: `prediction`, the targets by name, or `label` and `p_<class>` for each."""
    if predictor.classes:
        return {LABEL: "BYTES"} | {f"p_{label_text(label)}": "FP64" for label in predictor.classes}
    return dict.fromkeys(["prediction"] if isinstance(predictor.target, str) else predictor.target, "FP64")


def wanted(outputs: Any, parameters: Mapping[str, Any], names: Sequence[str]) -> list[WantedOutput]:
    """The outputs that a request asks for, all where it names none. Raises InputInvalid."""
    binary = parameters.get("binary_data_output", False) is True
    if outputs is None or outputs == []:
        return [WantedOutput(name, binary) for name in names]
    if not isinstance(outputs, list):
        raise InputInvalid.at("/outputs", 'must be a list of outputs: [{"name": "…"}, …]')
    chosen: list[WantedOutput] = []
    for index, output in enumerate(outputs):
        where = pointer("outputs", index)
        name = output.get("name") if isinstance(output, dict) else None
        if not isinstance(name, str) or name not in names:
            raise InputInvalid.at(where, f"names no output of this model; it has {', '.join(names)}")
        if name in [before.name for before in chosen]:
            raise InputInvalid.at(where, f"requests {name!r} twice")
        told = output.get("parameters", {})
        if not isinstance(told, dict):
            raise InputInvalid.at(where + "/parameters", "must be an object")
        for unknown in ("classification", "shared_memory_region"):
            if told.get(unknown):
                raise InputInvalid.at(f"{where}/parameters/{unknown}", "is not supported here; leave it out")
        chosen.append(WantedOutput(name, told.get("binary_data", binary) is True))
    return chosen


def tensors_of(
    predictor: Predictor, values: npt.NDArray[np.float64], chosen: Sequence[WantedOutput]
) -> tuple[list[dict[str, Any]], bytes]:
    """The outputs as the answer describes them, and the bytes of those in binary, in the same order."""
    datatypes = names_of(predictor)
    by_column = values.reshape(len(values), -1)
    positions = {name: index for index, name in enumerate(name for name in datatypes if datatypes[name] == "FP64")}
    described, behind = [], []
    for output in chosen:
        tensor: dict[str, Any] = {
            "name": output.name,
            "datatype": datatypes[output.name],
            "shape": [len(values)],
        }
        if datatypes[output.name] == "BYTES":
            texts = [label_text(label) for label in predictor.classes]
            cells: list[Any] = [texts[best] for best in values.argmax(axis=1).tolist()]
            data = b"".join(_element(text) for text in cells) if output.binary else b""
        else:
            column = by_column[:, positions[output.name]]
            cells = [] if output.binary else column.tolist()
            data = column.astype("<f8").tobytes() if output.binary else b""
        tensor |= {"parameters": {"binary_data_size": len(data)}} if output.binary else {"data": cells}
        described.append(tensor)
        behind.append(data)
    return described, b"".join(behind)


def _element(text: str) -> bytes:
    data = text.encode()
    return len(data).to_bytes(4, "little") + data


def answer_bytes(answer: Mapping[str, Any], behind: bytes) -> tuple[bytes, int]:
    """The body, and how many of its first bytes are JSON."""
    head = orjson.dumps(answer)
    return head + behind, len(head)

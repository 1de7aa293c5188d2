"""The tensors of a request of the Open Inference Protocol v2, as JSON or as bytes (Triton's binary tensor extension).

What a tensor claims of its size is held against the bytes that came before anything is made of it. Sources:
https://github.com/kserve/open-inference-protocol (inference_rest.md) and Triton's extension_binary_data.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from service.api.http.documents import as_object, parse_rows, pointer
from service.errors import BodyMalformed, InputInvalid
from service.settings import Settings

HEADER_LENGTH = "Inference-Header-Content-Length"
DTYPES: Mapping[str, str] = {
    "BOOL": "?",
    **{f"UINT{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"INT{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)},
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}
DATATYPES = (*DTYPES, "BYTES")
MOST_DIMENSIONS = 2
LENGTH_BYTES = 4  # before each element of a BYTES tensor


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor, row by row. `cells` are a vector of its datatype, NaN where missing; or a list for BYTES, and where a
    null stands among truth values or whole numbers."""

    index: int
    name: str
    datatype: str
    shape: tuple[int, ...]
    cells: npt.NDArray[Any] | list[Any]
    binary: bool

    def at(self, element: int) -> str:
        """The place of an element in the body."""
        return pointer("inputs", self.index) if self.binary else pointer("inputs", self.index, "data", element)


def split(data: bytes, header_length: str | None, settings: Settings) -> tuple[dict[str, Any], memoryview]:
    """The JSON object of a body, and the bytes behind it. Raises BodyMalformed, BodyTooLarge, InputInvalid."""
    if header_length is None:
        return as_object(parse_rows(data, settings)), memoryview(b"")
    known = len(header_length) < 20 and header_length.isascii() and header_length.isdecimal()
    if not known or int(header_length) > len(data):
        raise BodyMalformed(
            f"{HEADER_LENGTH} is {header_length[:40]!r}, but the body has {len(data):,} bytes; it must be the length "
            "of the JSON at the start"
        )
    length = int(header_length)
    return as_object(parse_rows(data[:length], settings)), memoryview(data)[length:]


def read_tensors(inputs: Any, behind: memoryview) -> list[Tensor]:
    """The tensors of `inputs`, those in binary from the bytes behind the JSON. Raises InputInvalid, BodyMalformed."""
    if not isinstance(inputs, list) or not inputs:
        raise InputInvalid.at("/inputs", 'must be a list of tensors: [{"name", "datatype", "shape", "data"}, …]')
    tensors: list[Tensor] = []
    used = 0
    for index, described in enumerate(inputs):
        tensor, size = _tensor(index, described, behind[used:])
        used += size
        if any(tensor.name == before.name for before in tensors):
            raise InputInvalid.at(pointer("inputs", index, "name"), f"two tensors are named {tensor.name!r}")
        tensors.append(tensor)
    if used != len(behind):
        raise BodyMalformed(
            f"{len(behind) - used:,} bytes follow the last tensor; each tensor's length is its binary_data_size"
        )
    return tensors


def _tensor(index: int, described: Any, behind: memoryview) -> tuple[Tensor, int]:
    """A tensor, and how many of the bytes behind are its own."""
    where = pointer("inputs", index)
    if not isinstance(described, dict):
        raise InputInvalid.at(where, 'must be a tensor: {"name", "datatype", "shape", "data"}')
    name, datatype, shape = described.get("name"), described.get("datatype"), described.get("shape")
    if not isinstance(name, str):
        raise InputInvalid.at(where + "/name", "must be a string")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise InputInvalid.at(where + "/datatype", f"must be one of {', '.join(DATATYPES)}")
    if not isinstance(shape, list) or not all(type(size) is int and size >= 0 for size in shape):
        raise InputInvalid.at(where + "/shape", "must be a list of whole numbers, such as [3] or [3, 1]")
    if not 1 <= len(shape) <= MOST_DIMENSIONS:
        raise InputInvalid.at(
            where + "/shape", f"has {len(shape)} dimensions; send [rows], [rows, 1] or [rows, features]"
        )
    parameters = described.get("parameters", {})
    if not isinstance(parameters, dict):
        raise InputInvalid.at(where + "/parameters", "must be an object")
    if "shared_memory_region" in parameters:
        raise InputInvalid.at(
            where + "/parameters/shared_memory_region", "shared memory is not supported; send the data itself"
        )
    size = parameters.get("binary_data_size")
    if size is None:
        if "data" not in described:
            raise InputInvalid.at(where, "has neither data nor binary_data_size; send one of them")
        cells = _from_json(index, datatype, shape, described["data"])
        return Tensor(index, name, datatype, tuple(shape), cells, False), 0
    if type(size) is not int or not 0 <= size <= len(behind):
        detail = f"is {str(size)[:40]}, but {len(behind):,} bytes remain after the JSON"
        raise InputInvalid.at(where + "/parameters/binary_data_size", detail)
    read = _strings_of_bytes if datatype == "BYTES" else _numbers_of_bytes
    return Tensor(
        index, name, datatype, tuple(shape), read(where, datatype, math.prod(shape), behind[:size]), True
    ), size


def _numbers_of_bytes(where: str, datatype: str, count: int, data: memoryview) -> npt.NDArray[Any]:
    dtype = np.dtype(DTYPES[datatype])
    if count * dtype.itemsize != len(data):
        detail = f"{count:,} elements of {datatype} take {count * dtype.itemsize:,} bytes, but it has {len(data):,}"
        raise InputInvalid.at(where + "/shape", detail)
    values: npt.NDArray[Any] = np.frombuffer(data, dtype)
    return values


def _strings_of_bytes(where: str, _: str, count: int, data: memoryview) -> list[Any]:
    """Each element is its length, 4 bytes little-endian, and so many bytes of UTF-8."""
    if count * LENGTH_BYTES > len(data):
        raise InputInvalid.at(where + "/shape", f"{count:,} elements need more than {len(data):,} bytes")
    cells: list[Any] = []
    at = 0
    for element in range(count):
        end = at + LENGTH_BYTES
        stop = end + int.from_bytes(data[at:end], "little")
        if end > len(data) or stop > len(data):
            raise InputInvalid.at(where, f"element {element} ends after the tensor's {len(data):,} bytes")
        try:
            cells.append(str(data[end:stop], "utf-8"))
        except UnicodeDecodeError:
            raise InputInvalid.at(where, f"element {element} is not UTF-8; send strings as UTF-8") from None
        at = stop
    if at != len(data):
        raise InputInvalid.at(where, f"{len(data) - at:,} bytes follow its {count:,} elements")
    return cells


def _from_json(index: int, datatype: str, shape: list[int], data: Any) -> npt.NDArray[Any] | list[Any]:
    """Flat or nested as the shape says; a null is a missing cell."""
    where = pointer("inputs", index, "data")
    if not isinstance(data, list):
        raise InputInvalid.at(where, "must be a list of the tensor's elements, in row order")
    if any(isinstance(row, list) for row in data):
        for number, row in enumerate(data):
            if not isinstance(row, list) or len(shape) < MOST_DIMENSIONS or len(row) != shape[1]:
                raise InputInvalid.at(pointer("inputs", index, "data", number), f"does not match the shape {shape}")
        data = [cell for row in data for cell in row]
    if len(data) != math.prod(shape):
        raise InputInvalid.at(where, f"has {len(data):,} elements, but the shape {shape} has {math.prod(shape):,}")
    wrong = (element for element, cell in enumerate(data) if cell is not None and not _is(cell, datatype))
    if (element := next(wrong, None)) is not None:
        raise InputInvalid.at(pointer("inputs", index, "data", element), f"is not {datatype}")
    if datatype.startswith("FP"):
        exact = np.array([math.nan if cell is None else cell for cell in data], dtype=np.float64)
        with np.errstate(over="ignore"):  # what is too large for the datatype is infinite, and refused as that
            return exact.astype(DTYPES[datatype])
    return data if datatype == "BYTES" or None in data else np.array(data, dtype=DTYPES[datatype])


def _is(cell: Any, datatype: str) -> bool:
    if datatype == "BYTES":
        return isinstance(cell, str)
    if datatype == "BOOL" or isinstance(cell, bool):
        return datatype == "BOOL" and isinstance(cell, bool)
    if datatype.startswith("FP"):
        return isinstance(cell, int | float)
    limits = np.iinfo(DTYPES[datatype])
    return isinstance(cell, int) and limits.min <= cell <= limits.max

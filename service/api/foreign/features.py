"""Tensors as the columns that a model reads: one for each feature, or all numbers in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from service.api.foreign.tensors import Tensor
from service.api.http.documents import pointer
from service.api.predictions.codecs import missing_feature, refused
from service.domain.cells.columns import CellInvalid, Columns, Values, from_json, from_text
from service.domain.cells.kinds import Kind, kind_of
from service.domain.model.predictor import Predictor
from service.errors import FieldError, InputInvalid

DATATYPES = {"number": "FP64", "boolean": "BOOL", "string": "BYTES"}  # by the type in JSON


def datatype_of(kind: Kind) -> str:
    """What the model's metadata asks for; what else can be read as that kind is taken too."""
    return DATATYPES[kind_of(kind).json]


def columns_of(tensors: Sequence[Tensor], predictor: Predictor) -> tuple[Columns, dict[str, Tensor]]:
    """The features, and the tensor that each came in. Raises InputInvalid, RowsInvalid."""
    kinds = predictor.feature_kinds
    by_name = {tensor.name: tensor for tensor in tensors}
    if len(tensors) == 1 and _is_matrix(tensors[0], list(kinds)):
        by_name = _columns_of_matrix(tensors[0], predictor)
    if errors := [missing_feature(name, "/inputs", list(by_name)) for name in kinds if name not in by_name]:
        raise refused(errors)
    chosen = {name: by_name[name] for name in kinds}
    n_rows = next(iter(chosen.values())).shape[0]
    columns: dict[str, Values] = {}
    for name, tensor in chosen.items():
        shape = pointer("inputs", tensor.index, "shape")
        if tensor.shape[1:] not in ((), (1,)):
            raise InputInvalid.at(shape, f"is {list(tensor.shape)}; a feature's is [rows] or [rows, 1]")
        if tensor.shape[0] != n_rows:
            raise InputInvalid.at(shape, f"has {tensor.shape[0]:,} rows, but the first feature has {n_rows:,}")
        try:
            columns[name] = _values(name, kinds[name], tensor, predictor)
        except CellInvalid as error:
            errors.append(wrong(tensor, error))
    if errors:
        raise refused(errors)
    return Columns(columns, n_rows), chosen


def wrong(tensor: Tensor, error: CellInvalid) -> FieldError:
    """The error of a cell, at its place."""
    return FieldError(tensor.at(error.row), f"element {error.row} of {error.column!r}: {error.detail}")


def _is_matrix(tensor: Tensor, features: Sequence[str]) -> bool:
    return len(tensor.shape) == 2 and not (len(features) == 1 and tensor.name == features[0])


def _columns_of_matrix(tensor: Tensor, predictor: Predictor) -> dict[str, Tensor]:
    """[rows, features], in the order of the features, which must all be numbers."""
    kinds = predictor.feature_kinds
    if others := [name for name, kind in kinds.items() if kind_of(kind).json != "number"]:
        detail = f"{others[0]!r} is {kinds[others[0]]}: one tensor can hold numbers only; send one for each feature"
        raise InputInvalid.at(pointer("inputs", tensor.index), detail)
    rows, width = tensor.shape
    if width != len(kinds):
        detail = f"is {list(tensor.shape)}, but the model has {len(kinds)} features: {', '.join(kinds)}"
        raise InputInvalid.at(pointer("inputs", tensor.index, "shape"), detail)
    return {
        name: Tensor(tensor.index, name, tensor.datatype, (rows,), tensor.cells[number::width], True)
        for number, name in enumerate(kinds)
    }


def _values(name: str, kind: Kind, tensor: Tensor, predictor: Predictor) -> Values:
    """Strings are read as the cells of that column in a CSV, all else as in a JSON body; NaN is a missing number."""
    cells: Any = tensor.cells
    if tensor.datatype == "BYTES":
        return from_text(name, kind, cells, predictor.text_style)
    if isinstance(cells, np.ndarray):
        json = kind_of(kind).json
        if json == "number" and cells.dtype.kind in "iuf":
            values = cells.astype(np.float64)
            if (infinite := np.flatnonzero(np.isinf(values))).size:
                raise CellInvalid(int(infinite[0]), name, "is not a finite number; send NaN where it is missing")
            return values
        if json == "boolean" and cells.dtype.kind == "b":
            return cells.astype(np.float64)
        cells = cells.tolist()
    return from_json(name, kind, cells, predictor.text_style)

"""What a table's stored Gram matrix says of one column before anyone trains."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from service.domain.descent.gram import Gram
from service.domain.described import document
from service.domain.model.magnitude import is_finite
from service.errors import FieldError, ParameterInvalid
from service.store.blobs.store import Blobs, read_blob


def correlate(blobs: Blobs, profile_key: str, gram_key: str | None, name: str) -> dict[str, Any]:
    """The profile with `correlations`, those of the other numeric columns with this one, and `linear`, what a linear
    neuron that predicts it from all of them can reach: its curvature, and the exact optimum unless cells of the column
    are missing; what is beyond float64 is null.

    Raises ParameterInvalid for a column that the matrix does not have, KeyError for blobs that are gone.
    """
    profile: dict[str, Any] = json.loads(read_blob(blobs, profile_key))
    if gram_key is None:
        why = profile.get("gram_left_out") or "it was made without a matrix; upload the file again"
        raise _invalid(f"cannot be answered for this dataset: {why}")
    gram = Gram.from_bytes(read_blob(blobs, gram_key))
    if name not in gram.names:
        raise _invalid(f"{name!r} is no numeric column; give one of: {', '.join(gram.names[:20])}")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what is no number then is null
        return {**profile, **_linear(gram, name)}


def _linear(gram: Gram, name: str) -> dict[str, Any]:
    others = [other for other in gram.names if other != name]
    curvatures = {kind: gram.curvature(others, scaled=kind == "scaled") for kind in ("scaled", "raw")}
    optimum = gram.optimum(name, others)
    told = {kind: document(found) for kind, found in curvatures.items()}
    return {
        "correlations": {"column": name, "over": "rows with both", "values": gram.correlations_with(name)},
        "linear": {
            "curvature": {kind: found if is_finite(found) else None for kind, found in told.items()},
            "optimum": optimum if is_finite(optimum) else None,
        },
    }


def _invalid(detail: str) -> ParameterInvalid:
    return ParameterInvalid(f"correlate: {detail}", [FieldError("/correlate", detail)])

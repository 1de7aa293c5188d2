"""What a table's stored Gram matrix says of one column before anyone trains."""

from __future__ import annotations

import json
from typing import Any

from service.domain.gram import Gram
from service.errors import FieldError, ParameterInvalid
from service.store.blobs import Blobs, read_blob


def correlate(blobs: Blobs, profile_key: str, gram_key: str | None, name: str) -> dict[str, Any]:
    """The profile with `correlations`, those of the other numeric columns with this one, and `linear`, what a linear
    neuron that predicts it from all of them can reach: its curvature, and the exact optimum unless cells of the column
    are missing.

    Raises ParameterInvalid for a column that the matrix does not have, KeyError for blobs that are gone.
    """
    profile: dict[str, Any] = json.loads(read_blob(blobs, profile_key))
    if gram_key is None:
        why = profile.get("gram_left_out") or "it was made without a matrix; upload the file again"
        raise _invalid(f"cannot be answered for this dataset: {why}")
    gram = Gram.from_bytes(read_blob(blobs, gram_key))
    if name not in gram.names:
        raise _invalid(f"{name!r} is no numeric column; give one of: {', '.join(gram.names[:20])}")
    others = [other for other in gram.names if other != name]
    curvatures = {kind: gram.curvature(others, scaled=kind == "scaled") for kind in ("scaled", "raw")}
    return {
        **profile,
        "correlations": {"column": name, "over": "rows with both", "values": gram.correlations_with(name)},
        "linear": {
            "curvature": {kind: found and found.to_json() for kind, found in curvatures.items()},
            "optimum": gram.optimum(name, others),
        },
    }


def _invalid(detail: str) -> ParameterInvalid:
    return ParameterInvalid(f"correlate: {detail}", [FieldError("/correlate", detail)])

"""What a comparison is warned of, it can mend: nothing that only a training has."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient

from service.domain.jobs.comparison import ComparisonSpec
from tests.unit.behaviour.preflight.looking import ROWS, Upload, draws, numbers

FIELDS = {field.name for field in fields(ComparisonSpec)}


def tables() -> dict[str, tuple[pd.DataFrame, dict[str, Any]]]:
    frame = numbers()
    gaps = frame.copy()
    gaps.loc[:250, "a"] = np.nan
    rare = ["common"] * (ROWS - 6) + ["odd"] * 6
    words = [f"{first}-{second}" for first in draws(4).integers(0, 20, ROWS) for second in [first % 7]]
    mlp = {"kind": "mlp", "hidden": [64], "activation": "identity"}
    return {
        "plain": (frame, {}),
        "few rows": (numbers(12), {}),
        "copy": (frame.assign(copy=2 * frame.y), {}),
        "gaps": (gaps, {}),
        "rows' numbers": (frame.assign(row=range(ROWS)), {}),
        "rare class": (frame.assign(y=rare), {}),
        "words": (frame.assign(word=words), {}),
        "network": (numbers(50), {"network": mlp}),
        "gaps refused": (gaps, {"missing": "error"}),
    }


@pytest.mark.parametrize("name", tables())
def test_each_warning_is_of_a_field_that_a_comparison_has(client: FlaskClient, upload: Upload, name: str) -> None:
    frame, choices = tables()[name]
    body = {"kind": "descent-comparison", "dataset": upload(frame), "target": "y", **choices}
    answer = client.post("/v1/jobs/validate", json=body)
    assert answer.status_code == 200, answer.json
    for warning in answer.json["warnings"]:
        assert warning["pointer"].split("/")[1] in FIELDS, warning
        for word in ("split", "validation", "class_weights", "l2", "early stopping"):
            assert word not in warning["detail"], warning
    told = {warning["code"] for warning in answer.json["warnings"]}
    expected = {"copy": "target_leak", "gaps": "mostly_missing", "rows' numbers": "identifier",
                "network": "layers_collapse", "gaps refused": "gaps_refused"}.get(name)  # fmt: skip
    assert told == ({expected} if expected else set()) | ({"mostly_missing"} & told)

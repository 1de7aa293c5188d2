"""Which paths name a model of another owner, and which an operation."""

from __future__ import annotations

import pytest
from werkzeug.exceptions import HTTPException

from service.api.app import bare_app

APP, _ = bare_app()


def meaning(method: str, path: str) -> tuple[str | int | None, dict[str, str]]:
    """The view and what it is given, or the status of a path that has none."""
    try:
        endpoint, found = APP.url_map.bind("localhost").match(path, method)
    except HTTPException as refused:
        return refused.code, {}
    return endpoint.rpartition(".")[2], dict(found)


@pytest.mark.parametrize(
    ("method", "path", "view", "places"),
    [
        ("POST", "/v1/models/house/predict", "predict_with_model", {"ref": "house"}),
        ("POST", "/v1/models/alice/house@live/predict", "predict_with_model", {"ref": "alice/house@live"}),
        ("POST", "/models/alice/house/invocations", "invoke_model", {"ref": "alice/house"}),
        ("GET", "/v2/models/house", "v2_model", {"name": "house"}),
        ("GET", "/v2/models/house/ready", "v2_model_ready", {"name": "house"}),
        ("GET", "/v2/models/alice/house", "v2_model", {"name": "alice/house"}),
        ("GET", "/v2/models/alice/house/ready", "v2_model_ready", {"name": "alice/house"}),
        ("GET", "/v2/models/house/versions/3", "v2_version", {"name": "house", "version": "3"}),
        ("GET", "/v2/models/alice/house/versions/3", "v2_version", {"name": "alice/house", "version": "3"}),
        ("GET", "/v2/models/alice/inferior", "v2_model", {"name": "alice/inferior"}),
        ("POST", "/v2/models/alice/house/infer", "v2_infer", {"name": "alice/house"}),
        ("GET", "/v2/models/house/infer", 405, {}),
        ("GET", "/v1/models/alice/house", 404, {}),
        ("GET", "/v1/models/alice/house/predict", 405, {}),
        ("POST", "/v1/models/a/b/c/predict", 404, {}),
        ("POST", "/v1/models//house/predict", 308, {}),
    ],
)
def test_a_path_means_one_thing(method: str, path: str, view: str | int, places: dict[str, str]) -> None:
    assert meaning(method, path) == (view, places)

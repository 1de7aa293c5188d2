from __future__ import annotations

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/datasets?limit=0", "/limit"),
        ("/v1/datasets?limit=201", "/limit"),
        ("/v1/datasets?limit=x", "/limit"),
        ("/v1/datasets?after=%00", "/after"),
        ("/v1/datasets?after=ds_1%0A", "/after"),
        ("/v1/datasets?before=x", "/before"),
        ("/v1/datasets?limit=1&limit=2", "/limit"),
        ("/v1/jobs?state=done", "/state"),
        ("/v1/jobs?kind=play", "/kind"),
        ("/v1/jobs?model=NO", "/model"),
        ("/v1/jobs/job_1/events?after=-1", "/after"),
        ("/v1/jobs/job_1/events?wait=forever", "/wait"),
        ("/v1/models/m/versions?after=x", "/after"),
        ("/v1/jobs/job_1?verbose=1", "/verbose"),
        ("/healthz?a~/b=1", "/a~0~1b"),
    ],
)
def test_wrong_parameter_is_named(client: FlaskClient, path: str, pointer: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json["code"]) == (422, "parameter_invalid")
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]

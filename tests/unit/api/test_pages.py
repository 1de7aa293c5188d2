"""The pages are files: what is served under /ui, how long a browser keeps it, and what it lets run."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.api import pages
from service.api.app import bare_app
from service.errors import NotFound

FILES = {"index.html": b"<!doctype html>", "assets/index-1.js": b"let a;" * 100, "assets/icon-1.svg": b"<svg/>"}


def app_of(root: Path) -> FlaskClient:
    app = Flask("pages", static_folder=None)
    app.testing = True  # errors are raised here, for want of what makes problems of them
    app.url_map.strict_slashes = False
    pages.register(app, root)
    return app.test_client()


@pytest.fixture
def built(tmp_path: Path) -> FlaskClient:
    for name, data in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    return app_of(tmp_path)


@pytest.mark.parametrize("path", ["/ui", "/ui/", "/ui/datasets", "/ui/models/a/versions/3", "/ui/index.html"])
def test_every_page_is_the_first_file_which_shows_it_and_is_asked_for_each_time(built: FlaskClient, path: str) -> None:
    answer = built.get(path)
    assert (answer.status_code, answer.data) == (200, FILES["index.html"])
    assert answer.headers["Cache-Control"] == "no-cache"
    again = built.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_file_is_compressed_where_that_is_understood_and_kept_since_its_name_changes_with_it(
    built: FlaskClient,
) -> None:
    plain = built.get("/ui/assets/index-1.js")
    packed = built.get("/ui/assets/index-1.js", headers={"Accept-Encoding": "gzip, br"})
    assert gzip.decompress(packed.data) == plain.data == FILES["assets/index-1.js"]
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data)
    assert packed.headers["ETag"] != plain.headers["ETag"]
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert "immutable" in plain.headers["Cache-Control"]


def test_nothing_runs_or_is_asked_for_but_from_this_server(built: FlaskClient) -> None:
    policy = dict(part.split(" ", 1) for part in built.get("/ui/").headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not any("unsafe" in sources or "http" in sources or "*" in sources for sources in policy.values())


@pytest.mark.parametrize("path", ["assets/index-0.js", "assets/", "assets/../index.html"])
def test_an_asset_that_is_not_there_is_no_page(path: str) -> None:
    app, _ = bare_app()
    answer = app.test_client().get(f"/ui/{path}")
    assert answer.status_code == 404
    assert "load the page again" in answer.get_json()["detail"]


def test_the_root_leads_to_the_pages_and_pages_that_were_not_built_say_how(tmp_path: Path) -> None:
    app, _ = bare_app()
    assert app.test_client().get("/").headers["Location"] == "/ui/"
    with pytest.raises(NotFound, match="make pages"):
        app_of(tmp_path).get("/ui/")

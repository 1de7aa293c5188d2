"""/v1/models: what was learnt, by name and version."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from flask import Response, request

from service.api import paging
from service.api.admission.admit import owner
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.files import send_file
from service.api.http.documents import document_limit, load, read_object
from service.api.parameters import CompareQuery, DeleteModelQuery, ModelsQuery, VersionsQuery
from service.api.schemas import models as model_schemas
from service.api.schemas.derived import schema_of
from service.changes import REGISTRY
from service.domain.model.artifact import REPORT
from service.domain.model.media_types import BINARY, MEDIA_TYPES, media_type
from service.domain.report.report import Report
from service.errors import FileNotFound, Unavailable
from service.store import models
from service.store.blobs.bundles import version_named
from service.store.paging import Page
from service.store.session import Database
from service.store.tables import ModelRow, VersionRow
from service.usecases import promote
from service.usecases.compare_versions import compare_versions as versions_compared

blueprint = Blueprint("models", __name__, url_prefix="/v1/models", description="Trained models, by name and version")

NOT_FOUND = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
VERSION = "/<name>/versions/<int(max=2147483647):version>"
PATCH_EXAMPLE = {"metadata": {"note": "trained before the move", "stage": None}}
# names from a stranger's table stand in these files: whatever they hold, a browser runs and fetches nothing
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@blueprint.route("")
@blueprint.query(ModelsQuery)
@blueprint.answers(HTTPStatus.OK, paging.ModelList)
@blueprint.fails(HTTPStatus.UNPROCESSABLE_ENTITY)
def list_models(query: dict[str, Any]) -> Any:
    """List the models, newest first; filtered by metadata, those that have a version with it"""
    with context().deps.database.read() as session:
        page = models.listing(session, owner(), query["limit"], query.get("after"), query["metadata"])
        names = [row.name for row in page.data]
        newest, aliases = (
            models.newest_versions(session, owner(), names),
            models.aliases(session, owner(), names),
        )
    return paging.envelope(page, lambda row: _model(row, newest, aliases))


@blueprint.route("/<name>")
@blueprint.answers(HTTPStatus.OK, model_schemas.ModelSchema)
@blueprint.fails(*NOT_FOUND)
def get_model(name: str) -> Any:
    """Get a model: its newest version, its aliases, and what its bare name means"""
    with context().deps.database.read() as session:
        row = models.get(session, owner(), name)
        newest = models.newest_versions(session, owner(), [name])
        return _model(row, newest, models.aliases(session, owner(), [name]))


@blueprint.route("/<name>", methods=["DELETE"])
@blueprint.query(DeleteModelQuery)
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def delete_model(query: dict[str, Any], name: str) -> Any:
    """Delete a model that has no versions left; with ?force=true any, with its versions and aliases"""
    promote.delete_model(_database(), owner(), name, query["force"])
    tell()
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.route("/<name>/versions")
@blueprint.query(VersionsQuery)
@blueprint.answers(HTTPStatus.OK, paging.VersionList)
@blueprint.fails(*NOT_FOUND)
def list_versions(query: dict[str, Any], name: str) -> Any:
    """List the versions of a model, newest first, without their specs and metadata

    Features, confusion matrices and figures by target are left out where they are long; the version itself has them.
    """
    with context().deps.database.read() as session:
        page: Page[VersionRow] = models.versions(
            session, owner(), name, query["limit"], query.get("after"), query["metadata"]
        )
        aliases = models.aliases(session, owner(), [name])[name]
    return paging.envelope(page, lambda row: _listed(row, aliases))


@blueprint.route("/<name>/compare")
@blueprint.query(CompareQuery)
@blueprint.answers(HTTPStatus.OK, model_schemas.VersionComparison)
@blueprint.fails(*NOT_FOUND)
def compare_versions(query: dict[str, Any], name: str) -> Any:
    """Compare two versions of a model: their specs, metrics and lineage, and which is better, if comparable"""
    deps = context().deps
    compared = versions_compared(deps.database, deps.blobs, owner(), name, query["a"], query["b"])
    shown = {side: _version(row, compared.aliases) for side, row in (("a", compared.a), ("b", compared.b))}
    return {"model": name, **shown, **compared.found}


@blueprint.route(VERSION)
@blueprint.answers(HTTPStatus.OK, model_schemas.VersionSchema)
@blueprint.fails(*NOT_FOUND)
def get_version(name: str, version: int) -> Any:
    """Get a version: what it predicts, from what, and how well"""
    with context().deps.database.read() as session:
        row = models.get_version(session, owner(), name, version)
        return _version(row, models.aliases(session, owner(), [name])[name])


@blueprint.route(VERSION, methods=["PATCH"])
@blueprint.answers(HTTPStatus.OK, model_schemas.VersionSchema)
@blueprint.fails(*NOT_FOUND)
@blueprint.takes(model_schemas.VersionPatch, PATCH_EXAMPLE)
def patch_version(name: str, version: int) -> Any:
    """Change the metadata of a version: notes, a stage, whatever lists are filtered by

    Entries that are not named stay as they are. The job keeps the metadata of its spec.
    """
    document = read_object(request, document_limit(context().deps.settings))
    patch = load(model_schemas.VersionPatch, document)
    row, aliases = promote.annotate(_database(), owner(), name, version, patch["metadata"])
    return _version(row, aliases)


@blueprint.route(VERSION, methods=["DELETE"])
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def delete_version(name: str, version: int) -> Any:
    """Delete a version that no alias points to"""
    promote.delete_version(_database(), owner(), name, version)
    tell()
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.route(VERSION + "/report")
@blueprint.answers(HTTPStatus.OK, schema_of(Report))
@blueprint.also_answers(HTTPStatus.NOT_MODIFIED)
@blueprint.fails(*NOT_FOUND)
def get_report(name: str, version: int) -> Any:
    """Get the report of a version"""
    return _file(name, version, REPORT)


@blueprint.route(VERSION + "/files/<file>")
@blueprint.answers(HTTPStatus.OK, {"type": "string", "format": "binary"}, content_type=BINARY)
@blueprint.also_answers(HTTPStatus.OK, {"type": "object"})
@blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=MEDIA_TYPES[".svg"])
@blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=MEDIA_TYPES[".md"])
@blueprint.also_answers(HTTPStatus.OK, {"type": "string"}, content_type=MEDIA_TYPES[".py"])
@blueprint.also_answers(HTTPStatus.NOT_MODIFIED)
@blueprint.fails(*NOT_FOUND)
def get_file(name: str, version: int, file: str) -> Any:
    """Download a file of a version: weights, report, pictures (SVG), model card (Markdown), and what
    predicts without the server: `model.onnx`, `predict.py`"""
    return _file(name, version, file)


def _database() -> Database:
    return context().deps.database


def tell() -> None:
    """Whoever changed the registry predicts by it at once here, and soon in the other processes."""
    here = context()
    with suppress(Unavailable):  # it is changed; this process then sees it as the others do
        here.models.refresh()
    here.deps.changes.publish(REGISTRY)


def _file(name: str, version: int, file: str) -> Response:
    deps = context().deps
    with deps.database.read() as session:
        files = models.get_version(session, owner(), name, version).files
    if file not in files:
        raise FileNotFound(f"version {version} of {name!r} has no file {file!r}; it has {', '.join(sorted(files))}")
    with version_named(name, version, file):
        answer = send_file(deps.blobs, files[file], media_type(file))
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


def _model(row: ModelRow, newest: dict[str, int], aliases: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "latest_version": newest.get(row.name),
        "aliases": aliases[row.name],
        "serves": aliases[row.name].get(models.DEFAULT_ALIAS, newest.get(row.name)),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _version(row: VersionRow, aliases: dict[str, int]) -> dict[str, Any]:
    whole = {"features": row.features, "metrics": row.metrics, "spec": row.spec, "metadata": row.metadata_}
    return {**_told(row, aliases), **whole}


def _listed(row: VersionRow, aliases: dict[str, int]) -> dict[str, Any]:
    return {**_told(row, aliases), "features": row.listed_features, "metrics": row.listed_metrics}


def _told(row: VersionRow, aliases: dict[str, int]) -> dict[str, Any]:
    return {
        "model": row.model_name,
        "version": row.version,
        "job": row.job_id,
        "dataset": row.dataset_id,
        "task": row.task,
        "target": row.target,
        "files": [{"name": name, **row.files[name]} for name in sorted(row.files)],
        "aliases": [alias for alias, version in aliases.items() if version == row.version],
        "created_at": row.created_at,
    }

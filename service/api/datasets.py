"""/v1/datasets: uploads, and what is known of them."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

import orjson
from flask import Response, jsonify, request

from service.api import paging
from service.api.admission.admit import owner, quotas
from service.api.blueprints import Blueprint
from service.api.context import context
from service.api.files import send
from service.api.http.problems import RETRY_SECONDS
from service.api.parameters import DeleteQuery, PageQuery, PreferHeader, ProfileQuery, RowsQuery, StartHeaders
from service.api.schemas import datasets as schemas
from service.api.schemas.preview import Preview
from service.api.schemas.profile import ProfileSchema
from service.api.uploads.arriving import CSV, MULTIPART, PARQUET, ArrivingUpload
from service.api.uploads.forms import FIELDS
from service.api.uploads.options import MAX_NAME, UploadQuery, check_parquet, merged
from service.api.uploads.preview import preview
from service.api.uploads.stored_rows import stored_rows
from service.errors import DatasetNotReady, FileNotFound
from service.store import datasets
from service.store.tables import DatasetRow
from service.usecases import upload
from service.usecases.correlate import correlate

EMPTY_REJECTS = b"line,column,reason,raw\n"
DEFAULT_NAME = "dataset"
# apart from a dataset's: a client that is generated knows by it which of the two has come
PREVIEW_TYPE = "application/vnd.adaline.preview+json"
OK_HERE = "the existing dataset, if the same bytes and options were uploaded before; or the requested preview"

blueprint = Blueprint("datasets", __name__, url_prefix="/v1/datasets", description="Tables to train on")

UPLOAD_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "format": "binary"}},
    "description": f"the file; {', '.join(FIELDS)} may be form fields instead of query parameters",
}
DATASET = schemas.DatasetSchema()
BODY = {
    "required": True,
    "content": {
        # the first is what generated clients send: a form, which takes either kind of file
        MULTIPART: {"schema": {"$ref": "#/components/schemas/UploadForm"}},
        CSV: {"schema": {"type": "string"}, "example": "rooms,garden,price\n4,true,373.5\n2,false,130.0\n"},
        PARQUET: {"schema": {"type": "string", "format": "binary"}},
    },
}
NOT_FOUND = (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


@blueprint.route("", methods=["POST"])
@blueprint.query(UploadQuery)
@blueprint.headers(StartHeaders)
@blueprint.answers(HTTPStatus.ACCEPTED, schemas.DatasetSchema, description="accepted; a worker will read the file")
@blueprint.also_answers(HTTPStatus.CREATED, schemas.DatasetSchema, description="read within Prefer: wait=N")
@blueprint.also_answers(HTTPStatus.OK, schemas.DatasetSchema, description=OK_HERE)
@blueprint.also_answers(HTTPStatus.OK, Preview, content_type=PREVIEW_TYPE, description=OK_HERE)
@blueprint.fails(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.LENGTH_REQUIRED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INSUFFICIENT_STORAGE,
)
@blueprint.described(requestBody=BODY)
def upload_dataset(options: dict[str, Any], headers: dict[str, Any]) -> Any:
    """Upload a CSV or a Parquet file

    As the body or as the file of a form; compressed with gzip or zstd (Content-Encoding, or the file's name in a
    form). An uncompressed CSV needs a Content-Length, since nothing marks the end of a chunked one. Uploading the same
    bytes with the same options again returns the same dataset, under the new `name` if one is given. With
    ?preview=true the first part of a file is enough, of a Parquet file its end (`tail -c 1000000`), and nothing is
    stored.
    """
    deps = context().deps
    in_part = options.pop("preview")
    received = ArrivingUpload(request, deps.settings, in_part=in_part)
    if in_part:
        return Response(orjson.dumps(preview(received, options, deps.settings)), mimetype=PREVIEW_TYPE)
    file, key, told = _stored(received, options), headers.get("idempotency_key"), DATASET.dump
    more = partial(datasets.is_whole, deps.blobs), deps.settings.short_file_bytes, quotas()
    return _answer(upload.upload(deps.database, deps.queue, owner(), file, key, told, *more), headers)


@blueprint.route("")
@blueprint.query(PageQuery)
@blueprint.answers(HTTPStatus.OK, paging.DatasetList)
@blueprint.fails(HTTPStatus.UNPROCESSABLE_ENTITY)
def list_datasets(query: dict[str, Any]) -> Any:
    """List the datasets, newest first"""
    with context().deps.database.read() as session:
        return paging.envelope(datasets.listing(session, owner(), query["limit"], query.get("after")))


@blueprint.route("/<id>")
@blueprint.headers(PreferHeader)
@blueprint.answers(HTTPStatus.OK, schemas.DatasetSchema, headers={"ETag": {"schema": {"type": "string"}}})
@blueprint.also_answers(HTTPStatus.NOT_MODIFIED)
@blueprint.fails(*NOT_FOUND)
def get_dataset(headers: dict[str, Any], id: str) -> Any:
    """Get a dataset: its state, and its columns once it is ready; Prefer: wait=N waits until it has been read"""
    found, answered = context().waiting.preferred(headers.get("prefer", ""), id, lambda: _ingested(id))
    row = found or _get(id)
    # while it is read, the same bytes go with different answers
    tag = row.sha256 if row.state == "ready" else f"{row.sha256}-{row.state}"
    if tag in request.if_none_match:
        return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": f'"{tag}"'})
    return row, {"ETag": f'"{tag}"', **answered}


@blueprint.route("/<id>", methods=["DELETE"])
@blueprint.query(DeleteQuery)
@blueprint.answers(HTTPStatus.NO_CONTENT)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def delete_dataset(query: dict[str, Any], id: str) -> Any:
    """Delete a dataset; with ?force=true even if versions or unfinished jobs use it

    Models trained on it keep serving. To train on it again, upload it again.
    """
    deps = context().deps
    upload.delete(deps.database, deps.changes, owner(), id, query["force"])
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.route("/<id>/profile")
@blueprint.query(ProfileQuery)
@blueprint.answers(HTTPStatus.OK, ProfileSchema)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def get_profile(query: dict[str, Any], id: str) -> Any:
    """Get the profile of a dataset: statistics of each column

    With ?correlate=, also the correlation of every other numeric column with this one, and the best r2 that a linear
    neuron predicting it from them can reach.
    """
    row, blobs = _ready(id), context().deps.blobs
    if row.profile_key is None:
        raise FileNotFound(f"dataset {id} has no profile")
    if (name := query.get("correlate")) is None:
        with datasets.part_named(row, "profile"):
            return send(blobs, row.profile_key, "application/json")
    try:
        with datasets.part_named(row, "profile"):
            return jsonify(correlate(blobs, row.profile_key, row.gram_key, name))
    except KeyError:
        raise FileNotFound("these bytes have just been deleted") from None


@blueprint.route("/<id>/rows")
@blueprint.query(RowsQuery)
@blueprint.answers(HTTPStatus.OK, schemas.RowsSchema)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def list_rows(query: dict[str, Any], id: str) -> Any:
    """Read rows of a dataset, as they were parsed"""
    row = _ready(id)
    if row.table_key is None:
        raise FileNotFound(f"dataset {id} has no table")
    with datasets.part_named(row, "table"):
        return stored_rows(context().deps.blobs, row.table_key, query["offset"], query["limit"])


@blueprint.route("/<id>/rejects")
@blueprint.answers(HTTPStatus.OK, {"type": "string"}, content_type=CSV)
@blueprint.fails(*NOT_FOUND, HTTPStatus.CONFLICT)
def get_rejects(id: str) -> Any:
    """Download the rejected lines with their reasons, as CSV"""
    row = _get(id)
    if row.state == "ingesting":
        raise _not_ready(row)
    if row.rejects_key is None:
        return Response(EMPTY_REJECTS, mimetype=CSV)
    with datasets.part_named(row, "list of rejects"):
        return send(context().deps.blobs, row.rejects_key, CSV, filename=f"{row.name}-rejects.csv")


@blueprint.route("/<id>/content")
@blueprint.answers(HTTPStatus.OK, {"type": "string"}, content_type=CSV)
@blueprint.also_answers(HTTPStatus.OK, {"type": "string", "format": "binary"}, content_type=PARQUET)
@blueprint.also_answers(HTTPStatus.NOT_MODIFIED)
@blueprint.fails(*NOT_FOUND)
def get_content(id: str) -> Any:
    """Download the bytes that were uploaded"""
    row = _get(id)
    with datasets.part_named(row, "uploaded file"):
        return send(context().deps.blobs, row.sha256, row.media_type, size_bytes=row.bytes, filename=row.name)


def _stored(received: ArrivingUpload, query: dict[str, Any]) -> upload.UploadedFile:
    """The file of a request, once all of it has come. Raises ParameterInvalid, StorageFull, as `pieces` does."""
    with context().deps.blobs.writer() as writer:
        for piece in received.pieces():
            writer.write(piece)
        options = merged(query, received.fields)
        if received.media_type == PARQUET:
            check_parquet(options)
        blob = writer.commit()
    name = options.pop("name", None)
    called = name or _file_name(received.filename)
    return upload.UploadedFile(blob, called, received.media_type, options, renames=name is not None)


def _answer(uploaded: upload.Uploaded, headers: dict[str, Any]) -> Any:
    """At once, or once the dataset has been read within Prefer: wait=N."""
    id = uploaded.dataset_id
    here = f"/v1/datasets/{id}"
    row, answered = context().waiting.preferred(headers.get("prefer", ""), id, lambda: _ingested(id))
    if row is not None:
        status = HTTPStatus.CREATED if uploaded.is_new else HTTPStatus.OK
        return row, status, {"Location": here, **answered}
    later = {"Location": here, "Retry-After": str(RETRY_SECONDS), **answered}
    return jsonify(uploaded.answer), HTTPStatus.ACCEPTED if uploaded.is_new else HTTPStatus.OK, later


def _get(id: str) -> DatasetRow:
    with context().deps.database.read() as session:
        return datasets.get(session, owner(), id)


def _ingested(id: str) -> DatasetRow | None:
    with context().deps.database.read() as session:
        return datasets.ingested(session, owner(), id)


def _ready(id: str) -> DatasetRow:
    row = _get(id)
    if row.state == "failed":
        reason = (row.error or {}).get("detail", "unknown")
        raise DatasetNotReady(f"dataset {id} could not be read ({reason}); fix the file and upload it again")
    if row.state != "ready":
        raise _not_ready(row)
    return row


def _not_ready(row: DatasetRow) -> DatasetNotReady:
    return DatasetNotReady(f"dataset {row.id} is still being read; GET /v1/datasets/{row.id} says when it is ready")


def _file_name(filename: str | None) -> str:
    name = (filename or "").replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in name if letter.isprintable())[:MAX_NAME] or DEFAULT_NAME

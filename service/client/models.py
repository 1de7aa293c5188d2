"""The calls about models: what they are and what they answer, their versions, files and aliases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from service.client import waiting
from service.client.connection import Call, Connection
from service.client.errors import NotFound
from service.client.metadata import NO_FILTER, filters
from service.client.pages import Report
from service.client.records import Alias, Job, Json, Model, Version
from service.client.rows import GivenRows, body_of, prediction, unbroken
from service.client.version_files import download


class Models:
    """A part of Client, which is the rest of it and opens the connection."""

    _connection: Connection

    def models(self, metadata: Mapping[str, Any] = NO_FILTER) -> Iterator[Model]:
        """All models, newest first; those with a version that has all of this metadata."""
        return waiting.pages(self._connection, Model, "/v1/models", **filters(metadata))

    def model(self, name: str) -> Model:
        return waiting.get(self._connection, Model, f"/v1/models/{_quote(name)}")

    def versions(self, name: str, metadata: Mapping[str, Any] = NO_FILTER) -> Iterator[Version]:
        """All versions of a model, newest first; those that have all of this metadata. Their `spec` and `metadata` are
        empty: see `version`."""
        return waiting.pages(self._connection, Version, f"/v1/models/{_quote(name)}/versions", **filters(metadata))

    def compare_versions(self, name: str, a: int | str, b: int | str) -> Json:
        """Two versions of a model, by number or alias: how their specs, metrics and lineage differ, whether they were
        judged on the same rows, which is better, and a sentence that says so or why nobody can."""
        call = Call("GET", f"/v1/models/{_quote(name)}/compare", params={"a": str(a), "b": str(b)})
        comparison: Json = self._connection.json(call)
        return comparison

    def version(self, ref: str, number: int | None = None) -> Version:
        """What `name`, `name@alias` or `name:version` means; or the version of that number."""
        return waiting.get(self._connection, Version, self._path(ref, number))

    def version_of(self, job: Job) -> Version:
        """The version that a job has published. Raises ValueError when it has published none."""
        if not job.model or job.model.get("version") is None:
            raise ValueError(f"job {job.id} ({job.state}) has published no version")
        return self.version(job.model["name"], job.model["version"])

    def report(self, ref: str, number: int | None = None) -> Report:
        """The report of a version: metrics, baseline, history, curvature, certificate, lineage."""
        return Report(self._connection.json(Call("GET", f"{self._path(ref, number)}/report")))

    def files(self, ref: str, number: int | None = None) -> list[str]:
        """The names of a version's files."""
        return [file["name"] for file in self.version(ref, number).files]

    def file(self, file: str, ref: str, number: int | None = None) -> bytes:
        """One file of a version."""
        return self._connection.send(
            Call("GET", f"{self._path(ref, number)}/files/{_quote(file)}", headers={"Accept": "*/*"})
        ).content

    def download(self, ref: str, to: str | Path | None = None, *, replace: bool = False) -> Path:
        """All files of a version, into the directory `to`, else `<model>-<version>` here; which one is returned.

        Each is whole and checked by its hash, or not there; what is there already is not sent again. Raises Occupied
        for files of other content, unless they are to be replaced; DownloadDamaged.
        """
        version = self.version(ref)
        return download(self._connection, version, Path(to or f"{version.model}-{version.version}"), replace)

    def delete_model(self, name: str, force: bool = False) -> None:
        """Forget a model that has no versions left, or any with `force`. Raises Conflict for one that has."""
        self._connection.send(Call("DELETE", f"/v1/models/{_quote(name)}", params={"force": "true"} if force else None))

    def delete_version(self, name: str, number: int) -> None:
        """Forget a version. Raises Conflict while an alias points at it."""
        self._connection.send(Call("DELETE", self._path(name, number)))

    def annotate(self, ref: str, metadata: Mapping[str, Any], number: int | None = None) -> Version:
        """Change entries of a version's metadata; None removes one, those not named stay."""
        call = Call("PATCH", self._path(ref, number), json={"metadata": dict(metadata)})
        return self._connection.record(Version, call)

    def set_alias(self, name: str, alias: str, version: int) -> Alias:
        """Make `name@alias` mean this version."""
        path = f"/v1/models/{_quote(name)}/aliases/{_quote(alias)}"
        return self._connection.record(Alias, Call("PUT", path, json={"version": version}))

    def alias(self, name: str, alias: str) -> Alias:
        return waiting.get(self._connection, Alias, f"/v1/models/{_quote(name)}/aliases/{_quote(alias)}")

    def delete_alias(self, name: str, alias: str) -> None:
        self._connection.send(Call("DELETE", f"/v1/models/{_quote(name)}/aliases/{_quote(alias)}"))

    def predict(self, ref: str, rows: GivenRows, **options: Any) -> list[Any]:
        """A prediction for each row: numbers for a regression, `{"label", "probabilities"}` for classes.

        Rows: a list of dicts, a dict of lists, a list of lists in feature order, a pandas DataFrame, or a file of
        rows (CSV, JSON lines, Parquet: its path, a CSV's text, bytes or a binary file). None and NaN are missing cells.
        Options: on_error ("fail", "null"), and for a CSV delimiter, encoding, header, null_values, decimal.
        """
        predictions: list[Any] = self.predict_with(ref, rows, **options)["predictions"]
        return predictions

    def predict_with(self, ref: str, rows: GivenRows, **options: Any) -> dict[str, Any]:
        """The `predictions`, and beside them what else the options ask for, for each row: `intervals` ([low, high]) for
        intervals=0.9, `contributions` ({feature: number}, with the intercept) for contributions=True, `flags` (names of
        features) for flags=True, `errors` for on_error="null"."""
        with body_of(rows) as body:
            told: dict[str, Any] = self._connection.json(prediction(ref, body, "application/json", options))
        return {name: listed for name, listed in told.items() if isinstance(listed, list)}

    def predict_csv(self, ref: str, rows: GivenRows, **options: Any) -> Iterator[bytes]:
        """The predictions for the same kinds of rows as a CSV with a header, in chunks as they arrive.

        Options: those of `predict`, and echo (True: a file's columns before the outputs). Raises Invalid, after the
        rows before it, for a row that cannot be predicted.
        """
        return self._predicted(ref, rows, "text/csv", options)

    def predict_lines(self, ref: str, rows: GivenRows, **options: Any) -> Iterator[bytes]:
        """Predictions as JSON lines: `{"prediction": …}` for each row."""
        return self._predicted(ref, rows, "application/x-ndjson", options)

    def _predicted(self, ref: str, rows: GivenRows, accept: str, options: Mapping[str, Any]) -> Iterator[bytes]:
        with body_of(rows) as body, self._connection.stream(prediction(ref, body, accept, options)) as response:
            yield from unbroken(response.iter_bytes())

    def _path(self, ref: str, number: int | None) -> str:
        """The path of the version that a reference means."""
        name, mark, word = ref.partition("@") if "@" in ref else ref.partition(":")
        if mark == ":" and word.isdecimal():
            number = int(word)
        if number is None:
            model = self.model(name)
            newest = None if mark else model.latest_version
            number = model.aliases.get(word or "default", newest) if mark != ":" else None
        if number is None:
            what = f"alias {word!r}" if mark == "@" else f"version {word}"
            raise NotFound(404, "version_not_found", "No such version", f"model {name!r} has no {what}".rstrip())
        return f"/v1/models/{_quote(name)}/versions/{number}"


def _quote(part: str) -> str:
    return quote(part, safe="")

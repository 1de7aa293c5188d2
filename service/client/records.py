"""What the server tells, as plain data. Fields that this version does not know stay in `json`, the answer as it came.

Times are aware datetimes in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from service.client.pages import version_page

Json = Mapping[str, Any]
R = TypeVar("R", bound="Record")
TERMINAL = frozenset({"succeeded", "failed", "cancelled"})


class NotOurs(ValueError):
    """An answer that no Adaline gives; says how one sees that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One resource as the server described it."""

    json: Json = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls: type[R], answer: Json) -> R:
        """Read an answer: known fields by name, absent ones by their defaults, the rest kept in `json`. Raises NotOurs
        for one without what every such record has."""
        if not isinstance(answer, Mapping):
            raise NotOurs(f"it gave a {type(answer).__name__} where a {cls.__name__.lower()} was expected")
        known = {name: answer[name] for name in cls.__dataclass_fields__ if name != "json" and name in answer}
        for name in known:
            if name.endswith("_at") or name == "at":
                known[name] = _time(known[name])
        if missing := [name for name in cls._needed() if name not in known]:
            raise NotOurs(f"it gave a {cls.__name__.lower()} without {' and '.join(missing)}")
        return cls(json=answer, **cls._convert(known))

    @classmethod
    def _needed(cls) -> list[str]:
        return [it.name for it in fields(cls) if it.default is MISSING and it.default_factory is MISSING]

    @classmethod
    def _convert(cls, known: dict[str, Any]) -> dict[str, Any]:
        return known


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Record):
    """A column of a dataset. `kind` is numeric, boolean, categorical, datetime or text; `notes` say how
    it was read, and what to declare if that was not meant."""

    name: str
    kind: str
    nulls: int = 0
    distinct: int | None = None
    minimum: float | str | None = None
    maximum: float | str | None = None
    notes: tuple[str, ...] = ()

    @classmethod
    def _convert(cls, known: dict[str, Any]) -> dict[str, Any]:
        return {**known, "notes": tuple(known.get("notes", ()))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(Record):
    """An upload. `state` is ingesting, ready or failed; rows and columns are known when it is ready. A list has the
    `column_count` of wide tables, and none of their `columns`."""

    id: str
    name: str = ""
    state: str = "ingesting"
    sha256: str = ""
    bytes: int = 0
    rows: int | None = None
    rejected_rows: int | None = None
    dialect: Json | None = None
    column_count: int | None = None
    columns: tuple[Column, ...] = ()
    created_at: datetime | None = None
    error: Json | None = None

    @classmethod
    def _convert(cls, known: dict[str, Any]) -> dict[str, Any]:
        return {**known, "columns": tuple(Column.of(column) for column in known.get("columns") or ())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Record):
    """A piece of work. `spec` is the resolved one, empty in a list; `model` is `{"name", "version"}` once there is a
    version, `model_name` in a list the one that the spec asks for; `waiting`, of a queued one that was asked for by
    itself, is its place and why it waits."""

    id: str
    kind: str = "train"
    state: str = "queued"
    is_terminal: bool = False
    spec: Json = field(default_factory=dict)
    dataset: str | None = None
    model: Json | None = None
    model_name: str | None = None
    progress: Json | None = None
    waiting: Json | None = None
    attempt: int = 0
    priority: int = 0
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    error: Json | None = None

    @classmethod
    def _convert(cls, known: dict[str, Any]) -> dict[str, Any]:
        return {"is_terminal": known.get("state") in TERMINAL, **known}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner(Record):
    """Somebody whose things nobody else sees, with the `limits` of its own; `allowed` and `used`, of one that was asked
    for by itself, are what it may have and has."""

    id: str
    limits: Json = field(default_factory=dict)
    allowed: Json | None = None
    used: Json | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Record):
    """A moment in a job. `type` is state, epoch or message; `seq` rises by one."""

    seq: int
    type: str
    data: Json = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Record):
    """A name with versions and aliases (alias → version). `serves` is the version that the bare name means."""

    name: str
    id: str = ""
    latest_version: int | None = None
    aliases: Mapping[str, int] = field(default_factory=dict)
    serves: int | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Record):
    """A published version of a model. `metrics` is those of each split; `features` are what a row must have; `spec` is
    the resolved one that it was trained by, `metadata` what that says of it; both are empty in a list, and so are
    features that are many."""

    model: str
    version: int
    job: str = ""
    dataset: str = ""
    task: str = ""
    target: str | tuple[str, ...] = ""
    features: tuple[Json, ...] = ()
    metrics: Json = field(default_factory=dict)
    files: tuple[Json, ...] = ()
    aliases: tuple[str, ...] = ()
    spec: Json = field(default_factory=dict)
    metadata: Json = field(default_factory=dict)
    created_at: datetime | None = None

    def _repr_html_(self) -> str:
        return version_page(self.ref, self.task, self.targets, self.metrics, self.job)

    @property
    def ref(self) -> str:
        """How this very version is named in a prediction: `name:version`."""
        return f"{self.model}:{self.version}"

    @classmethod
    def _convert(cls, known: dict[str, Any]) -> dict[str, Any]:
        lists = {name: tuple(known.get(name) or ()) for name in ("features", "files", "aliases")}
        if isinstance(known.get("target"), list):
            lists["target"] = tuple(known["target"])
        return {**known, **lists}

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that it predicts: one, or several numbers at once."""
        return (self.target,) if isinstance(self.target, str) else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias(Record):
    """A name that says which version of a model is meant. `revision` rises with each change."""

    alias: str
    version: int
    revision: int | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage(Record):
    """A part of a list, and where the rest begins."""

    data: Sequence[Any]
    has_more: bool = False
    next: str | None = None


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None

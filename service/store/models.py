"""Queries on models, their versions and aliases."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from service.errors import AliasNotFound, ModelNotFound, VersionNotFound
from service.store.filters import has
from service.store.paging import Page, page
from service.store.session import new_id, now
from service.store.tables import AliasRow, JobRow, ModelRow, RegistryRow, VersionRow, table_of

DEFAULT_ALIAS = "default"
NOTHING: Mapping[str, str] = MappingProxyType({})
_METADATA = table_of(VersionRow).c.metadata
_ADD = insert(table_of(VersionRow))
_COUNT = (
    update(table_of(ModelRow))
    .where(ModelRow.name == bindparam("at_name"))
    .values(last_version=ModelRow.last_version + 1, updated_at=bindparam("updated_at"))
    .returning(ModelRow.last_version)
)
_DEFAULT = select(AliasRow.version).where(AliasRow.model_name == bindparam("at_name"), AliasRow.alias == DEFAULT_ALIAS)
_NEWEST_BEFORE = select(func.max(VersionRow.version)).where(
    VersionRow.model_name == bindparam("at_name"), VersionRow.version < bindparam("at_number")
)
_RAISE = update(table_of(RegistryRow)).values(revision=RegistryRow.revision + 1)
_REVISION = select(table_of(RegistryRow).c.revision)


def revision(session: Session) -> int:
    """The number that every change of versions and aliases raises."""
    number: int = session.connection().scalar(_REVISION) or 0
    return number


def raise_revision(session: Session) -> None:
    """Say that what a reference means may have changed; seen once this transaction is committed."""
    session.connection().execute(_RAISE)


def get(session: Session, name: str, *, for_change: bool = False) -> ModelRow:
    """The model; with `for_change` its versions and aliases are this transaction's until it ends.

    Raises ModelNotFound.
    """
    row = session.get(ModelRow, name, with_for_update=for_change)
    if row is None:
        raise ModelNotFound(f"there is no model {name!r}; GET /v1/models lists those there are")
    return row


def listing(session: Session, limit: int, after: str | None, metadata: Mapping[str, str] = NOTHING) -> Page[ModelRow]:
    """Models; with `metadata` those that have a version with it."""
    query = select(ModelRow)
    if metadata:
        of_model = select(1).where(VersionRow.model_name == ModelRow.name, *has(session, _METADATA, metadata))
        query = query.where(of_model.exists())
    return page(session, query, ModelRow.id, limit, after, lambda row: row.id)


def get_version(session: Session, name: str, version: int) -> VersionRow:
    """Raises ModelNotFound or VersionNotFound."""
    row = session.get(VersionRow, (name, version))
    if row is None:
        get(session, name)
        raise VersionNotFound(
            f"model {name!r} has no version {version}; GET /v1/models/{name}/versions lists those there are"
        )
    return row


def versions(
    session: Session, name: str, limit: int, after: int | None, metadata: Mapping[str, str] = NOTHING
) -> Page[VersionRow]:
    """The versions with this metadata, loaded without it and their specs: a list shows neither. Raises
    ModelNotFound."""
    get(session, name)
    untold = (defer(VersionRow.spec, raiseload=True), defer(VersionRow.metadata_, raiseload=True))
    query = select(VersionRow).options(*untold).where(VersionRow.model_name == name, *has(session, _METADATA, metadata))
    return page(session, query, VersionRow.version, limit, after, lambda row: str(row.version))


def version_numbers(session: Session, name: str) -> Sequence[int]:
    """The versions of a model, the oldest first."""
    query = select(VersionRow.version).where(VersionRow.model_name == name).order_by(VersionRow.version)
    return session.scalars(query).all()


def newest_versions(session: Session, names: Sequence[str]) -> dict[str, int]:
    """The newest version of each model that has one."""
    query = (
        select(VersionRow.model_name, func.max(VersionRow.version).label("newest"))
        .where(VersionRow.model_name.in_(names))
        .group_by(VersionRow.model_name)
    )
    return {row.model_name: row.newest for row in session.execute(query)}


def aliases(session: Session, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Alias → version, for each model."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for row in session.scalars(select(AliasRow).where(AliasRow.model_name.in_(names)).order_by(AliasRow.alias)):
        found[row.model_name][row.alias] = row.version
    return found


def get_alias(session: Session, name: str, alias: str) -> AliasRow:
    """Raises ModelNotFound or AliasNotFound."""
    row = session.get(AliasRow, (name, alias))
    if row is None:
        get(session, name)
        raise AliasNotFound(f"model {name!r} has no alias {alias!r}; PUT /v1/models/{name}/aliases/{alias} creates it")
    return row


def resolve(session: Session, ref: str) -> VersionRow:
    """The version that `name`, `name@alias` or `name:version` means.

    A bare name is its `default` alias, else its newest version. Raises ModelNotFound, VersionNotFound, AliasNotFound.
    """
    if "@" in ref:
        name, alias = ref.split("@", 1)
        return get_version(session, name, get_alias(session, name, alias).version)
    if ":" in ref:
        name, number = ref.split(":", 1)
        if not re.fullmatch(r"[0-9]{1,9}", number):
            get(session, name)
            raise VersionNotFound(f"{number!r} is not a version number; write {name}:1")
        return get_version(session, name, int(number))
    default = select(AliasRow.version).where(AliasRow.model_name == ref, AliasRow.alias == DEFAULT_ALIAS)
    newest = select(func.max(VersionRow.version)).where(VersionRow.model_name == ref)
    # one statement: between two, a version may come that is never to be meant
    version = session.scalar(select(func.coalesce(default.scalar_subquery(), newest.scalar_subquery())))
    if version is None:
        get(session, ref)
        raise VersionNotFound(f"model {ref!r} has no versions left; train one")
    return get_version(session, ref, version)


def publish(session: Session, name: str, **values: object) -> VersionRow:
    """Add the next version of a model, making the model when it is new. Numbers are never used twice."""
    moment = now()
    number = _next_number(session, name, moment)
    if number is None:
        with contextlib.suppress(IntegrityError), session.begin_nested():  # made by another at the same moment
            last = _last_of_its_jobs(session, name)
            session.add(ModelRow(id=new_id("mdl"), name=name, last_version=last, created_at=moment, updated_at=moment))
        number = _next_number(session, name, moment)
    version = {
        "model_name": name,
        "version": number,
        "created_at": moment,
        "spec": {},
        "metadata": {},
        **values,
    }
    session.connection().execute(_ADD, version)
    raise_revision(session)
    return VersionRow(**{"metadata_" if column == "metadata" else column: value for column, value in version.items()})


def served_before(session: Session, name: str, number: int) -> tuple[int | None, bool]:
    """The version that the bare name meant before this one was published, in whose transaction it is asked; and whether
    a `default` alias says so. None where there was none."""
    place = {"at_name": name, "at_number": number}
    default: int | None = session.connection().scalar(_DEFAULT, place)
    if default is not None:
        return default, True
    return session.connection().scalar(_NEWEST_BEFORE, place), False


def point(session: Session, name: str, alias: str, version: int) -> AliasRow:
    """Make an alias mean a version, in a transaction that holds the model."""
    row = session.get(AliasRow, (name, alias))
    if row is None:
        row = AliasRow(model_name=name, alias=alias, version=version, revision=1, updated_at=now())
        session.add(row)
    elif row.version != version:
        row.version, row.revision, row.updated_at = version, row.revision + 1, now()
    raise_revision(session)
    return row


def _next_number(session: Session, name: str, moment: datetime) -> int | None:
    """Taken, with the model itself until the transaction ends; None where there is no such model."""
    number: int | None = session.connection().scalar(_COUNT, {"at_name": name, "updated_at": moment})
    return number


def _last_of_its_jobs(session: Session, name: str) -> int:
    """The highest number that a job says it has published under a name: one that was deleted, and is used anew."""
    trained = select(func.max(JobRow.model_version)).where(JobRow.model_name == name, JobRow.kind == "train")
    return session.scalar(trained) or 0


def aliases_of_version(session: Session, name: str, version: int) -> Sequence[str]:
    query = select(AliasRow.alias).where(AliasRow.model_name == name, AliasRow.version == version)
    return session.scalars(query.order_by(AliasRow.alias)).all()


def delete_version(session: Session, name: str, version: int) -> None:
    session.execute(delete_rows(VersionRow).where(VersionRow.model_name == name, VersionRow.version == version))
    raise_revision(session)


def delete(session: Session, name: str) -> None:
    """Forget a model that has no versions, and so no aliases."""
    session.execute(delete_rows(ModelRow).where(ModelRow.name == name))
    raise_revision(session)

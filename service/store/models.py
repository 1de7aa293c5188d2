"""Queries on models, their versions and aliases: of one owner, as if there were no others; and what a reference means,
which may be a model that another shares."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.errors import AliasNotFound, ModelNotFound, VersionNotFound
from service.store.access.shares import is_shared
from service.store.filters import has
from service.store.listed import of_versions
from service.store.paging import Page, page
from service.store.revisions import MODELS, raise_revision
from service.store.session import new_id, now
from service.store.tables import AliasRow, JobRow, ModelRow, VersionRow, table_of

DEFAULT_ALIAS = "default"
NOTHING: Mapping[str, str] = MappingProxyType({})
_METADATA = table_of(VersionRow).c.metadata
_ADD = insert(table_of(VersionRow))
_COUNT = (
    update(table_of(ModelRow))
    .where(ModelRow.owner == bindparam("at_owner"), ModelRow.name == bindparam("at_name"))
    .values(last_version=ModelRow.last_version + 1, updated_at=bindparam("updated_at"))
    .returning(ModelRow.last_version)
)
_DEFAULT = select(AliasRow.version).where(
    AliasRow.owner == bindparam("at_owner"),
    AliasRow.model_name == bindparam("at_name"),
    AliasRow.alias == DEFAULT_ALIAS,
)
_NEWEST_BEFORE = select(func.max(VersionRow.version)).where(
    VersionRow.owner == bindparam("at_owner"),
    VersionRow.model_name == bindparam("at_name"),
    VersionRow.version < bindparam("at_number"),
)


def get(session: Session, owner: str, name: str, *, for_change: bool = False) -> ModelRow:
    """The owner's model; with `for_change` its versions and aliases are this transaction's until it ends.

    Raises ModelNotFound.
    """
    row = session.get(ModelRow, (owner, name), with_for_update=for_change)
    if row is None:
        raise _no_model(name)
    return row


def _no_model(name: str) -> ModelNotFound:
    return ModelNotFound(f"there is no model {name!r}; GET /v1/models lists those there are")


def listing(
    session: Session, owner: str, limit: int, after: str | None, metadata: Mapping[str, str] = NOTHING
) -> Page[ModelRow]:
    """Models; with `metadata` those that have a version with it."""
    query = select(ModelRow).where(ModelRow.owner == owner)
    if metadata:
        of_model = select(1).where(VersionRow.owner == owner, VersionRow.model_name == ModelRow.name)
        query = query.where(of_model.where(*has(session, _METADATA, metadata)).exists())
    return page(session, query, ModelRow.id, limit, after, lambda row: row.id)


def get_version(session: Session, owner: str, name: str, version: int) -> VersionRow:
    """Raises ModelNotFound or VersionNotFound."""
    row = session.get(VersionRow, (owner, name, version))
    if row is None:
        get(session, owner, name)
        raise VersionNotFound(
            f"model {name!r} has no version {version}; GET /v1/models/{name}/versions lists those there are"
        )
    return row


def versions(
    session: Session, owner: str, name: str, limit: int, after: int | None, metadata: Mapping[str, str] = NOTHING
) -> Page[VersionRow]:
    """The versions with this metadata, as `listed.of_versions` loads them. Raises ModelNotFound."""
    get(session, owner, name)
    query = select(VersionRow).options(*of_versions(session))
    query = query.where(*_of(VersionRow, owner, name), *has(session, _METADATA, metadata))
    return page(session, query, VersionRow.version, limit, after, lambda row: str(row.version))


def version_numbers(session: Session, owner: str, name: str) -> Sequence[int]:
    """The versions of a model, the oldest first."""
    query = select(VersionRow.version).where(*_of(VersionRow, owner, name)).order_by(VersionRow.version)
    return session.scalars(query).all()


def newest_versions(session: Session, owner: str, names: Sequence[str]) -> dict[str, int]:
    """The newest version of each model that has one."""
    query = (
        select(VersionRow.model_name, func.max(VersionRow.version).label("newest"))
        .where(VersionRow.owner == owner, VersionRow.model_name.in_(names))
        .group_by(VersionRow.model_name)
    )
    return {row.model_name: row.newest for row in session.execute(query)}


def aliases(session: Session, owner: str, names: Sequence[str]) -> dict[str, dict[str, int]]:
    """Alias → version, for each model."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    query = select(AliasRow).where(AliasRow.owner == owner, AliasRow.model_name.in_(names))
    for row in session.scalars(query.order_by(AliasRow.alias)):
        found[row.model_name][row.alias] = row.version
    return found


def get_alias(session: Session, owner: str, name: str, alias: str) -> AliasRow:
    """Raises ModelNotFound or AliasNotFound."""
    row = session.get(AliasRow, (owner, name, alias))
    if row is None:
        get(session, owner, name)
        raise AliasNotFound(f"model {name!r} has no alias {alias!r}; PUT /v1/models/{name}/aliases/{alias} creates it")
    return row


def resolve(session: Session, owner: str, ref: str) -> VersionRow:
    """The version that `name`, `name@alias` or `name:version` means to this owner; before each there may stand whose
    the model is: `alice/name` is one that alice shares.

    A bare name is its `default` alias, else its newest version. Raises ModelNotFound, VersionNotFound, AliasNotFound.
    """
    if "/" in ref:
        of, ref = ref.split("/", 1)
        if of != owner and not is_shared(session, of, name := re.split("[@:]", ref)[0], owner):
            raise _no_model(f"{of}/{name}")
        owner = of
    if "@" in ref:
        name, alias = ref.split("@", 1)
        return get_version(session, owner, name, get_alias(session, owner, name, alias).version)
    if ":" in ref:
        name, number = ref.split(":", 1)
        if not re.fullmatch(r"[0-9]{1,9}", number):
            get(session, owner, name)
            raise VersionNotFound(f"{number!r} is not a version number; write {name}:1")
        return get_version(session, owner, name, int(number))
    default = select(AliasRow.version).where(*_of(AliasRow, owner, ref), AliasRow.alias == DEFAULT_ALIAS)
    newest = select(func.max(VersionRow.version)).where(*_of(VersionRow, owner, ref))
    # one statement: between two, a version may come that is never to be meant
    version = session.scalar(select(func.coalesce(default.scalar_subquery(), newest.scalar_subquery())))
    if version is None:
        get(session, owner, ref)
        raise VersionNotFound(f"model {ref!r} has no versions left; train one")
    return get_version(session, owner, ref, version)


def called(row: VersionRow, owner: str) -> str:
    """The name of its model to an owner, who puts another's before it."""
    return row.model_name if row.owner == owner else f"{row.owner}/{row.model_name}"


def publish(session: Session, owner: str, name: str, **values: object) -> VersionRow:
    """Add the next version of a model, making the model when it is new. Numbers are never used twice."""
    moment = now()
    number = _next_number(session, owner, name, moment)
    if number is None:
        with contextlib.suppress(IntegrityError), session.begin_nested():  # made by another at the same moment
            last = _last_of_its_jobs(session, owner, name)
            made = {"owner": owner, "name": name, "id": new_id("mdl"), "created_at": moment, "updated_at": moment}
            session.add(ModelRow(**made, last_version=last))
        number = _next_number(session, owner, name, moment)
    version = {
        "owner": owner,
        "model_name": name,
        "version": number,
        "created_at": moment,
        "spec": {},
        "metadata": {},
        **values,
    }
    session.connection().execute(_ADD, version)
    raise_revision(session, MODELS)
    return VersionRow(**{"metadata_" if column == "metadata" else column: value for column, value in version.items()})


def served_before(session: Session, owner: str, name: str, number: int) -> tuple[int | None, bool]:
    """The version that the bare name meant before this one was published, in whose transaction it is asked; and whether
    a `default` alias says so. None where there was none."""
    place = {"at_owner": owner, "at_name": name, "at_number": number}
    default: int | None = session.connection().scalar(_DEFAULT, place)
    if default is not None:
        return default, True
    return session.connection().scalar(_NEWEST_BEFORE, place), False


def point(session: Session, owner: str, name: str, alias: str, version: int) -> AliasRow:
    """Make an alias mean a version, in a transaction that holds the model. Its revision is the registry's, which never
    goes back: no alias of that name, deleted ones included, had it since there is one."""
    row = session.get(AliasRow, (owner, name, alias))
    number = raise_revision(session, MODELS)
    if row is None:
        place = {"owner": owner, "model_name": name, "alias": alias}
        row = AliasRow(**place, version=version, revision=number, updated_at=now())
        session.add(row)
    elif row.version != version:
        newer = max(row.revision + 1, number)  # aliases of before had numbers of their own
        row.version, row.revision, row.updated_at = version, newer, now()
    return row


def _next_number(session: Session, owner: str, name: str, moment: datetime) -> int | None:
    """Taken, with the model itself until the transaction ends; None where there is no such model."""
    place = {"at_owner": owner, "at_name": name}
    number: int | None = session.connection().scalar(_COUNT, {**place, "updated_at": moment})
    return number


def _last_of_its_jobs(session: Session, owner: str, name: str) -> int:
    """The highest number that a job says it has published under a name: one that was deleted, and is used anew."""
    trained = select(func.max(JobRow.model_version)).where(JobRow.owner == owner, JobRow.model_name == name)
    return session.scalar(trained.where(JobRow.kind == "train")) or 0


def aliases_of_version(session: Session, owner: str, name: str, version: int) -> Sequence[str]:
    query = select(AliasRow.alias).where(*_of(AliasRow, owner, name), AliasRow.version == version)
    return session.scalars(query.order_by(AliasRow.alias)).all()


def delete_version(session: Session, owner: str, name: str, version: int) -> None:
    session.execute(delete_rows(VersionRow).where(*_of(VersionRow, owner, name), VersionRow.version == version))
    raise_revision(session, MODELS)


def delete(session: Session, owner: str, name: str) -> None:
    """Forget a model, with its versions and aliases; and with it, with whom it is shared."""
    for table in (AliasRow, VersionRow):
        session.execute(delete_rows(table).where(*_of(table, owner, name)))
    session.execute(delete_rows(ModelRow).where(ModelRow.owner == owner, ModelRow.name == name))
    raise_revision(session, MODELS)


def _of(table: type[VersionRow | AliasRow], owner: str, name: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.owner == owner, table.model_name == name

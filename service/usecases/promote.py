"""Aliases: names that say which version of an owner's model is meant; what is noted with a version; and the end of a
version, and of a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from service.domain.sentences import few
from service.domain.spec.metadata import fault_of, merged
from service.errors import AliasChanged, InputInvalid, ModelNotEmpty, VersionAliased
from service.store import models
from service.store.revisions import MODELS, raise_revision
from service.store.session import Database
from service.store.tables import AliasRow, VersionRow


def promote(database: Database, owner: str, name: str, alias: str, version: int, expected: int | None) -> AliasRow:
    """Point an alias at a version. `expected` is the revision that the client has seen (0: none yet).

    Raises ModelNotFound, VersionNotFound, AliasChanged.
    """
    with database.write() as session:
        models.get(session, owner, name, for_change=True)
        models.get_version(session, owner, name, version)
        row = session.get(AliasRow, (owner, name, alias))
        _unchanged(alias, 0 if row is None else row.revision, expected)
        return models.point(session, owner, name, alias, version)


def remove_alias(database: Database, owner: str, name: str, alias: str, expected: int | None) -> None:
    """Forget an alias. Raises ModelNotFound, AliasNotFound, AliasChanged."""
    with database.write(frees_room=True) as session:
        models.get(session, owner, name, for_change=True)
        row = models.get_alias(session, owner, name, alias)
        _unchanged(alias, row.revision, expected)
        session.delete(row)
        raise_revision(session, MODELS)


def annotate(
    database: Database, owner: str, name: str, version: int, patch: Mapping[str, Any]
) -> tuple[VersionRow, dict[str, int]]:
    """Change entries of a version's metadata by a merge patch, all or none; and the aliases of its model. Who changes
    others at the same moment loses none.

    Raises ModelNotFound, VersionNotFound, InputInvalid.
    """
    with database.write() as session:
        models.get(session, owner, name, for_change=True)
        row = models.get_version(session, owner, name, version)
        metadata = merged(row.metadata_, patch)
        if fault := fault_of(metadata):
            raise InputInvalid.at("/metadata", f"the metadata that the version would have {fault}")
        row.metadata_ = metadata
        return row, models.aliases(session, owner, [name])[name]


def delete_version(database: Database, owner: str, name: str, version: int) -> None:
    """Forget a version that no alias points at. Raises ModelNotFound, VersionNotFound, VersionAliased."""
    with database.write(frees_room=True) as session:
        models.get(session, owner, name, for_change=True)
        models.get_version(session, owner, name, version)
        if held := models.aliases_of_version(session, owner, name, version):
            raise VersionAliased(
                f"version {version} of {name!r} is the target of {', '.join(held)}; point the alias elsewhere first"
            )
        models.delete_version(session, owner, name, version)


def delete_model(database: Database, owner: str, name: str, force: bool = False) -> None:
    """Forget a model that has no versions left, or with `force` any, with its versions and aliases. A training that is
    under way makes it anew when it publishes.

    Raises ModelNotFound, ModelNotEmpty.
    """
    with database.write(frees_room=True) as session:
        models.get(session, owner, name, for_change=True)
        if not force and (numbers := models.version_numbers(session, owner, name)):
            what = "versions" if len(numbers) > 1 else "version"
            raise ModelNotEmpty(
                f"model {name!r} still has {what} {few(numbers, 5)}; delete each with DELETE /v1/models/{name}/"
                f"versions/{numbers[0]}, then the model, or all at once with ?force=true"
            )
        models.delete(session, owner, name)


def _unchanged(alias: str, revision: int, expected: int | None) -> None:
    if expected is not None and expected != revision:
        raise AliasChanged(f"alias {alias!r} was changed in the meantime; read it again and retry")

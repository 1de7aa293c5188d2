"""Share a model with another owner, for predicting; and end that."""

from __future__ import annotations

from service.domain.access.owners import OWNER_RULE, is_owner_name
from service.errors import ParameterInvalid
from service.store import models
from service.store.access import shares
from service.store.session import Database
from service.store.tables import ShareRow


def share(database: Database, owner: str, name: str, grantee: str) -> ShareRow:
    """Let the grantee predict with the owner's model; who that is need not be known yet, so that nobody can find out
    whom there is. Raises ModelNotFound, ParameterInvalid."""
    if not is_owner_name(grantee):
        raise ParameterInvalid.at("/grantee", f"{grantee!r} is no name of an owner: it is {OWNER_RULE}")
    if grantee == owner:
        raise ParameterInvalid.at("/grantee", f"{grantee!r} owns the model {name!r}; name another owner")
    with database.write() as session:
        models.get(session, owner, name, for_change=True)
        return shares.share(session, owner, name, grantee)


def unshare(database: Database, owner: str, name: str, grantee: str) -> None:
    """Raises ModelNotFound, ShareNotFound."""
    with database.write(frees_room=True) as session:
        models.get(session, owner, name, for_change=True)
        shares.unshare(session, owner, name, grantee)

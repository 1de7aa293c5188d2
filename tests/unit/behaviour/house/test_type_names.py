"""One meaning for a type's name in the whole code base; those that have two are listed, each with its reason."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.unit.behaviour.house.test_rooms import MODULES

OF_THE_CLIENT = "a user of the client catches it, and knows of no other"
SEVERAL = {
    "Conflict": OF_THE_CLIENT,
    "FieldError": OF_THE_CLIENT,
    "NotFound": OF_THE_CLIENT,
    "Problem": "in the client an answer by RFC 9457, which it knows by that name; to the engines what they minimise",
    "Unavailable": OF_THE_CLIENT,
    "Report": "what a version's report says, typed; in the client the same as a page that a notebook shows",
    "Column": "a column of a dataset, as the client's users have it and as the service stores it",
    "Json": "an object of JSON; the client may import nothing of the service, not even that",
}


def defined(body: Sequence[ast.stmt]) -> Iterator[str]:
    """Classes and aliases at a module's top; also below `if TYPE_CHECKING`."""
    for statement in body:
        match statement:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if name[0].isupper() and not name.isupper():
                yield name
            case ast.If():
                yield from defined(statement.body)


def test_a_type_name_is_defined_once() -> None:
    found = Counter(name for path in MODULES for name in defined(ast.parse(path.read_text(encoding="utf-8")).body))
    assert {name for name, count in found.items() if count > 1} == set(SEVERAL)


def test_few_have_two_meanings() -> None:
    assert len(SEVERAL) <= 10

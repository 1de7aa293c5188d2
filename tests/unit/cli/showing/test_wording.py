"""What a server says, as a command line says it: no route, no parameter, no pointer is left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import service
from service.cli.showing.wording import in_words, place, told
from service.client import FieldError, Invalid

HTTP = re.compile(r"\b(GET|POST|PUT|DELETE|PATCH) /|(?<!\w)\?\w+(\.\w+)?=")
ROOM = Path(service.__file__).parent.parent
# what is said of itself by the document, to people who read it there, and the ways of requests
UNTOLD = ("/cli/", "/client/", "schema", "/settings/", "/waiting.py", "/places.py", "/documentation.py", "/paging.py")


def sentences() -> Iterator[str]:
    """All texts of the service and its workers that name a route or a parameter; docstrings apart."""
    for path in (*(ROOM / "service").rglob("*.py"), *(ROOM / "workers").rglob("*.py")):
        if any(part in str(path.relative_to(ROOM.parent)) for part in UNTOLD):
            continue
        tree = ast.parse(path.read_text())
        alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        within = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                text = "".join(str(it.value) if isinstance(it, ast.Constant) else "x1" for it in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone | within:
                text = node.value
            else:
                continue
            if HTTP.search(text) and not re.fullmatch(r"[A-Z]+ /\S+", text):  # a route alone is a key of answers
                yield text


def test_no_sentence_of_the_service_speaks_of_http_on_a_command_line() -> None:
    found = list(sentences())
    assert len(found) > 10
    assert [text for text in found if HTTP.search(in_words(text))] == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("there is no job 'x'; GET /v1/jobs lists those there are", "there is no job 'x'; `adaline jobs` lists those"),
        ("GET /v1/datasets/ds_1 says when it is ready", "`adaline datasets ds_1` says when it is ready"),
        ("GET /v1/models/m.1/versions lists those", "`adaline versions m.1` lists those"),
        ("cancel it first (POST /v1/jobs/job_1/cancel)", "cancel it first (`adaline cancel job_1`)"),
        ('PUT /v1/models/m/aliases/default {"version": 3} makes', "`adaline alias m default 3` makes"),
        ("Or delete it with ?force=true: versions", "Or delete it with --force: versions"),
        ("say how with ?encoding=latin-1 (or", "say how with --encoding latin-1 (or"),
        ("with ?delimiter= (',' was found)", "with --delimiter (',' was found)"),
        ("upload with ?header=false", "upload with --no-header"),
        ('upload it with ?types={"zip code": "categorical"}', "upload it with --type 'zip code=categorical'"),
        ("declare ?null_values=", "declare --null"),
        ('use "class_weights": {"yes": 2, "no": 1}', "use --set class_weights.yes=2 --set class_weights.no=1"),
        ('use "features": ["a", "b c"]', """use --set 'features=["a", "b c"]'"""),
        (
            'use "optimizer": {"kind": "sgd", "learning_rate": 0.05}, or "auto"',
            'use --set optimizer.kind=sgd --set optimizer.learning_rate=0.05, or "auto"',
        ),
        (
            'must be an object, such as {"validation": 0.2, "test": 0.1}',
            'must be an object, such as {"validation": 0.2, "test": 0.1}',
        ),
        ('a "word": and more', 'a "word": and more'),
    ],
)
def test_sentences_are_put_in_words_of_a_command_line(said: str, shown: str) -> None:
    assert shown in in_words(said)


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("/target", "--target"),
        ("/network/hidden/1", "--hidden, entry 2"),
        ("/network/activation", "--set network.activation"),
        ("/split", "--set split"),
        ("/exclude/0", "--set exclude, entry 1"),
        ("/delimiter", "--delimiter"),
        ("/on_error", "--on-error"),
        ("/null_values", "--null"),
        ("/records/11/living~1room", "row 12, column 'living/room'"),
        ("/instances/0", "row 1"),
        ("/metadata.stage", "--metadata stage"),
    ],
)
def test_a_place_is_the_option_that_it_was_typed_as(pointer: str, shown: str) -> None:
    assert place(pointer) == shown


def test_members_of_a_spec_are_named_from_where_the_mistake_is() -> None:
    detail = 'a linear neuron has no hidden layers: use "kind": "mlp"'
    error = Invalid(422, "spec_invalid", "…", f"/network/hidden: {detail}", (FieldError("/network/hidden", detail),))
    assert told(error) == "--hidden: a linear neuron has no hidden layers: use --set network.kind=mlp"


def test_each_place_is_told_once() -> None:
    errors = (FieldError("/epochs", "must be 1"), FieldError("/seed", "must be 2"))
    error = Invalid(422, "spec_invalid", "…", "/epochs: must be 1 (and 1 more)", errors)
    assert told(error) == "--set epochs: must be 1\n--set seed: must be 2"
    assert told(Invalid(422, "x", "…", "the file has no rows", (FieldError("", "the file has no rows"),))) == (
        "the file has no rows"
    )
    listed = (FieldError("/features/0", "'a' is text"), FieldError("/features/1", "'b' is text"))
    none = Invalid(422, "x", "…", "nothing can be learnt from these features: 'a' is text; 'b' is text", listed)
    assert told(none).splitlines() == [
        "nothing can be learnt from these features:",
        "--set features, entry 1: 'a' is text",
        "--set features, entry 2: 'b' is text",
    ]
    several = Invalid(422, "x", "…", "2 rows cannot be read", (FieldError("/records/0/a", "is missing"),))
    assert told(several) == "2 rows cannot be read\nrow 1, column 'a': is missing"

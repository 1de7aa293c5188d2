"""What the server and the client say, in the words of a command line: options for pointers, commands for routes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any

OPTIONS = {
    "target": "--target",
    "model": "--model",
    "network/hidden": "--hidden",
    "types": "--type",
    "null_values": "--null",
    "header": "--header/--no-header",
    "dataset": "the dataset",
    "version": "VERSION",
    "alias": "ALIAS",
    "expires_at": "--expires",
    "a": "--compare",
    "b": "--compare",
}
PLAIN = (
    "name",
    "owner",
    "scopes",
    "delimiter",
    "encoding",
    "decimal",
    "state",
    "limit",
    "intervals",
    "contributions",
    "on_error",
    "echo",
)
ROWS = ("records", "instances", "dataframe_split")
TYPES = re.compile(r"\?types=\{(.+?)\}")
MEMBER = re.compile(r'"(\w+)": (?=["{\[\d.tfn-])')
NAME = r"[^\s/;,)]+"
ROUTES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (rf'PUT /v1/models/({NAME})/aliases/({NAME}) \{{"version": (\d+)\}}', r"`adaline alias \1 \2 \3`"),
    (rf"PUT /v1/models/({NAME})/aliases/({NAME})", r"`adaline alias \1 \2 VERSION`"),
    (rf"DELETE /v1/models/({NAME})/versions/({NAME})", r"`adaline delete \1:\2`"),
    (rf"DELETE /v1/(?:datasets|jobs|models)/({NAME})", r"`adaline delete \1`"),
    (r"GET /v1/owners", "`adaline owners list`"),
    (rf"GET /v1/models/({NAME})/versions", r"`adaline versions \1`"),
    (rf"POST /v1/jobs/({NAME})/(cancel|pause|resume)", r"`adaline \2 \1`"),
    (r"POST /v1/batch-predictions", "`adaline batch`"),
    (rf"GET /v1/(datasets|jobs|models)/({NAME})", r"`adaline \1 \2`"),
    (r"GET /v1/(datasets|jobs|models)", r"`adaline \1`"),
    (rf"GET /v1/models/({NAME})/shares", r"`adaline share \1`"),
    (r"GET /v1/keys and `adaline keys list` list those there are", "`adaline keys list` lists those there are"),
    (r"sign in again: POST /v1/session", "give the key again (--key, ADALINE_KEY)"),
    (r"send a key: Authorization: Bearer adl_…", "give a key (--key, ADALINE_KEY)"),
    (r"GET /openapi.json", "`adaline openapi`"),
    (r"GET /docs", "/docs in a browser"),
    (r"\?header=true", "--header"),
    (r"\?header=false", "--no-header"),
    (r"\?null_values=", "--null "),
    (r"\?types=", "--type "),
    (r"\?force=true", "--force"),
    (r"\?(\w+)=true", lambda found: _option(found[1])),
    (r"\?metadata\.(?=\w)", "--metadata "),
    (r"\?(\w+)=(?=[\w\"'])", lambda found: f"{_option(found[1])} "),
    (r"\?(\w+)=", lambda found: _option(found[1])),
    (r", or give it more time \(timeout\)", ""),
)


def told(error: Exception) -> str:
    """What an error says, each place that is wrong by the option that it came from."""
    places = [one for one in getattr(error, "errors", ()) if one.pointer]
    detail = str(getattr(error, "detail", error))
    lines = [f"{place(one.pointer)}: {in_words(one.detail, one.pointer)}" for one in places]
    return "\n".join([*_said_before(detail, places), *lines])


def _said_before(detail: str, places: Sequence[Any]) -> list[str]:
    """What the whole says that its places do not."""
    told = next((one for one in places if one.detail in detail), None)
    if told is None:
        return [in_words(detail)]
    head = detail.partition(told.detail)[0].rstrip(": ")
    return [f"{in_words(head)}:"] if head.lstrip("/") not in ("", told.pointer.lstrip("/")) else []


def place(pointer: str) -> str:
    """A JSON pointer into what was sent, as who typed it knows it.

    >>> place("/optimizer/learning_rate"), place("/network/hidden/1"), place("/records/0/size")
    ('--set optimizer.learning_rate', '--hidden, entry 2', "row 1, column 'size'")
    """
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.strip("/").split("/")]
    if parts[0] in ROWS and parts[1:2] and parts[1].isdecimal():
        column = f", column {'/'.join(parts[2:])!r}" if parts[2:] else ""
        return f"row {int(parts[1]) + 1}{column}"
    entry = f", entry {int(parts.pop()) + 1}" if parts[-1].isdecimal() else ""
    if parts[0].startswith("metadata.") or parts == ["metadata"]:
        return "--metadata" + "".join(f" {part}" for part in [parts[0].removeprefix("metadata").lstrip(".")] if part)
    if (option := OPTIONS.get("/".join(parts))) is not None:
        return option + entry
    if len(parts) == 1 and parts[0] in PLAIN:
        return _option(parts[0]) + entry
    return f"--set {'.'.join(parts)}{entry}"


def in_words(text: str, pointer: str = "") -> str:
    """A sentence with commands and options where it has routes, parameters and members of a spec; members are those
    beside what `pointer` points at."""
    text = TYPES.sub(_types, text)
    for route, command in ROUTES:
        text = re.sub(route, command, text)
    return _with_choices(text, pointer.strip("/").split("/")[:-1])


def _with_choices(text: str, above: list[str]) -> str:
    """`"kind": "mlp"` as what sets it: `--set network.kind=mlp`."""
    made, rest = "", 0
    for found in MEMBER.finditer(text):
        if found.start() < rest or text[: found.start()].rstrip().endswith(("{", ",")):
            continue  # within an object that is shown whole
        try:
            value, end = json.JSONDecoder().raw_decode(text, found.end())
        except ValueError:
            continue
        made += text[rest : found.start()] + " ".join(_choices([*above, found[1]], value))
        rest = end
    return made + text[rest:]


def _choices(path: list[str], value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _choices([*path, name], below)
        return
    if path == ["network", "hidden"] and isinstance(value, list):
        yield f"--hidden {','.join(map(str, value))}"
        return
    shown = value if isinstance(value, str) and re.fullmatch(r"[\w.-]+", value) else json.dumps(value)
    yield f"--set {shlex.quote('.'.join(path) + '=' + shown)}"


def _types(found: re.Match[str]) -> str:
    try:
        kinds = json.loads(f"{{{found[1]}}}")
    except ValueError:
        return found[0]
    return " ".join(f"--type {shlex.quote(f'{column}={kind}')}" for column, kind in kinds.items())


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"

"""What the house shows besides runs: its tables, settings, commands, routes, ids, and how it reads the uploads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import fields
from typing import Any

import typer.main

from service.cli.app import app as program
from service.cli.main import COMMANDS
from service.settings import Settings
from tests.unit.behaviour.golden.running import House

ALPHABET = set("0123456789abcdefghjkmnpqrstvwxyz")
ID_CHARACTERS = 26
OF_THE_MACHINE = {"api_processes", "worker_processes"}  # settings whose default it decides


def tables(house: House) -> dict[str, Any]:
    """Of each table of the database: its columns with type, whether they may be empty, default and place in the key."""
    with closing(sqlite3.connect(house.deps.settings.data / "adaline.db")) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        indexes = database.execute("SELECT name, tbl_name FROM sqlite_master WHERE type = 'index'").fetchall()
        return {
            name: {
                "columns": [list(column[1:]) for column in database.execute(f'PRAGMA table_info("{name}")')],
                "indexes": {
                    index: [column for _, _, column in database.execute(f'PRAGMA index_info("{index}")')]
                    for index, table in sorted(indexes)
                    if table == name
                },
            }
            for name in sorted(names)
        }


def settings(_: House) -> dict[str, Any]:
    """Of each setting: its default and the least it may be."""
    return {
        knob.name: [None if knob.name in OF_THE_MACHINE else str(knob.default), knob.metadata["minimum"]]
        for knob in fields(Settings)
    }


def commands(_: House) -> dict[str, Any]:
    """Of each command: its arguments and options, with their names, defaults and whether they are required."""
    assert COMMANDS  # importing them adds the commands to the program
    return dict(_commands(typer.main.get_command(program), "adaline"))


def _commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    yield (
        path,
        [
            [*parameter.opts, *parameter.secondary_opts, str(parameter.default), bool(parameter.required)]
            for parameter in command.params
        ],
    )
    for name, below in sorted(getattr(command, "commands", {}).items()):
        yield from _commands(below, f"{path} {name}")


def routes(house: House) -> dict[str, Any]:
    """Of each path: its methods."""
    found: dict[str, set[str]] = {}
    for rule in house.client.application.url_map.iter_rules():
        found.setdefault(rule.rule, set()).update((rule.methods or set()) - {"OPTIONS", "HEAD"})
    return {path: sorted(methods) for path, methods in sorted(found.items())}


def ids(house: House) -> dict[str, Any]:
    """The form of each kind of id: its prefix, and the number and kind of characters after it."""
    job = house.run("numbers/auto").job
    request = house.client.get("/v1/jobs/job_0").json["request_id"]
    return {kind: _form(id) for kind, id in (("dataset", job["dataset"]), ("job", job["id"]), ("request", request))}


def _form(id: str) -> str:
    prefix, _, rest = id.partition("_")
    assert set(rest) <= ALPHABET, id
    return f"{prefix}_ and {len(rest)} of base 32"


PARTS = {"tables": tables, "settings": settings, "commands": commands, "routes": routes, "ids": ids}
"""By name: what makes the part, of which each member has a line of its own in the record."""

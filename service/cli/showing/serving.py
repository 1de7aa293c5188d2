"""Models and versions, made readable: what serves, what there is, and how good it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Group

from service.cli.showing.fitting import Pairs, Sheet
from service.cli.showing.rendering import NOTHING, SPLITS, details, figure, moment, table
from service.client.records import Model, Version


def models(records: Iterable[Model]) -> Sheet:
    rows = (
        (it.name, figure(it.serves), figure(it.latest_version), _aliases(it.aliases), moment(it.updated_at))
        for it in records
    )
    numbers = ("serves", "newest version")
    return table(("model", *numbers, "aliases", "changed"), rows, numbers, ("changed", "newest version"))


def what_serves(it: Model) -> Pairs:
    """What a model's bare name means, and its aliases."""
    return details((("model", it.name), ("serves", _serves(it)), ("aliases", _aliases(it.aliases))))


def model(it: Model, versions: Sequence[Version]) -> Group:
    """A model with its versions and what each scored on its best-held-out split."""
    names = list(dict.fromkeys(name for version in versions for name in _scores(version)[1]))
    rows = []
    for version in versions:
        split, scores = _scores(version)
        aliases = ", ".join(alias for alias, number in it.aliases.items() if number == version.version)
        figures = [figure(scores.get(name)) for name in names]
        rows.append(
            (
                figure(version.version),
                aliases,
                *figures,
                split,
                ", ".join(version.targets),
                version.task,
                moment(version.created_at),
            )
        )
    return Group(
        what_serves(it),
        table(
            ("version", "aliases", *names, "scored on", "target", "task", "made"),
            rows,
            ("version", *names),
            ("made", "task", "target", *reversed(names[1:]), "scored on"),
        ),
    )


def metadata(it: Version) -> Pairs:
    """What is noted with a version."""
    shown = ((name, _noted(value)) for name, value in it.metadata.items())
    return details((("version", f"{it.model}:{it.version}"), *shown))


def _noted(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _scores(version: Version) -> tuple[str, Mapping[str, Any]]:
    for split in reversed(SPLITS):
        scores = version.metrics.get(split)
        if scores:
            return split, {name: value for name, value in scores.items() if isinstance(value, int | float)}
    return NOTHING, {}


def _serves(it: Model) -> str:
    if it.serves is None:
        return NOTHING
    why = "the alias default" if "default" in it.aliases else "the newest"
    return f"version {it.serves}, {why}"


def _aliases(aliases: Mapping[str, int]) -> str:
    return ", ".join(f"{alias}\u00a0→\u00a0{version}" for alias, version in aliases.items()) or NOTHING

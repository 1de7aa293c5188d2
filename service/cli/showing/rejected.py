"""What is said of a dataset's rejected rows: how many, why, and how to upload the file so that they are in it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from rich.text import Text

from service.visible import visible


def rejected_rows(rejected: Mapping[str, Any] | None) -> list[Text]:
    """Lines below a dataset; none where no row was rejected."""
    if not rejected:
        return []
    lines = [f"{rejected['rows']:,} rows of the file ({rejected['share']:.1%}) are not in the dataset:"]
    for reason in rejected["reasons"]:
        column = f" column {reason['column']}," if reason["column"] else ""
        lines.append(f"  {reason['count']:,} times,{column} first on line {reason['line']}: {reason['reason']}")
    if rejected.get("options"):
        lines.append(f"to read them: adaline upload FILE {' '.join(_flags(rejected['options']))}")
    elif rejected.get("mend"):
        lines.append(f"to read them, {rejected['mend']}")
    return [Text(visible(line), style="yellow") for line in lines]


def _flags(options: Mapping[str, Any]) -> list[str]:
    """Options of an upload as the command line has them."""
    words = [f"--null {shlex.quote(word)}" for word in options.get("null_values", ())]
    types = options.get("types", {})
    return [*words, *(f"--type {shlex.quote(f'{column}={kind}')}" for column, kind in types.items())]

"""The rows of a CSV, and the command that answers them: the end of what users get as predict.py."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from workers.export.standalone.predict import HERE, class_name, load, predict


def rows_of(path: Path, model: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The rows of a file that is written as the dataset of the model was."""
    dialect = {"encoding": "utf-8", "delimiter": ",", "quote": '"', "escape": "", "header": True, "comment": "",
               "blanks_before_quotes": False, "skipped_lines": 0, "header_lines": 1, "row_names": False,
               "cells_beyond": 0, "short_rows": False, **(model.get("dialect") or {})}  # fmt: skip
    csv.field_size_limit(2**31 - 1)
    encoding = "utf-8-sig" if dialect["encoding"] == "utf-8" else dialect["encoding"]
    with path.open(encoding=encoding, newline="") as file:
        for _ in range(dialect["skipped_lines"]):
            file.readline()
        reader = csv.reader(
            file, delimiter=dialect["delimiter"], quotechar=dialect["quote"], escapechar=dialect["escape"] or None,
            skipinitialspace=dialect["blanks_before_quotes"] or dialect["delimiter"] == " ", strict=True,
        )  # fmt: skip
        names: list[str] = []
        above: list[list[str]] = []
        for row in reader:
            is_comment = dialect["comment"] and row and row[0].startswith(dialect["comment"])
            is_blank = len(row) <= 1 and not "".join(row).strip() and len(names) != 1
            if is_blank or not row or (is_comment and len(row) != len(names)):
                continue
            if not names:
                above.append(row)
                if dialect["header"] and len(above) < dialect["header_lines"]:
                    continue
                names = header_of(above, dialect)
                if dialect["header"]:
                    continue
            if len(names) < len(row) <= len(names) + dialect["cells_beyond"] and not "".join(row[len(names) :]).strip():
                row = row[: len(names)]
            elif dialect["short_rows"] and 1 < len(row) < len(names):
                row += [""] * (len(names) - len(row))
            if len(row) != len(names):
                raise ValueError(f"line {reader.line_num}: {len(row)} cells, but there are {len(names)} columns")
            yield dict(zip(names, row, strict=True))


def header_of(lines: list[list[str]], dialect: dict[str, Any]) -> list[str]:
    """The columns' names by the first lines of a file: one for each without, none twice."""
    row = lines[0]
    for _ in range(dialect["cells_beyond"]):
        row = row[: len(row) - (len(row) > 1 and not row[-1].strip())]
    if not dialect["header"]:
        return [f"column_{n}" for n in range(1, len(row) + 1)]
    given = [name.strip() for name in ([""] if dialect["row_names"] else []) + row]
    present = [name for name in given if name]
    if len(lines) > 1 and len(set(present)) < len(present):
        given = [" ".join(filter(None, (name, more.strip()))) for name, more in zip(given, lines[1], strict=False)]
    names, taken = list(given), {lowered(name) for name in given if name}
    seen: set[str] = set()
    for n in sorted(range(len(given)), key=lambda n: not given[n]):
        usual = given[n] or ("index" if n == 0 else f"column_{n + 1}")
        names[n], number = usual, 1
        while lowered(names[n]) in (seen if names[n] == given[n] else taken):
            names[n], number = f"{usual}.{number}", number + 1
        seen.add(lowered(names[n]))
        taken.add(lowered(names[n]))
    return names


def lowered(name: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write("usage: python predict.py rows.csv > predictions.csv\n")
        return 2
    model, _ = load(HERE)
    try:
        answers = predict(list(rows_of(Path(arguments[0]), model)))
    except (OSError, ValueError, KeyError, csv.Error) as error:
        sys.stderr.write(f"error: {error.args[0] if isinstance(error, KeyError) else error}\n")
        return 2
    names = ["prediction"] if isinstance(model["target"], str) else model["target"]
    if model["classes"]:
        names = ["label", *(f"p_{class_name(label)}" for label in model["classes"])]
        answers = [[class_name(one["label"]), *one["probabilities"].values()] for one in answers]
    else:
        answers = [list(one.values()) if isinstance(one, dict) else [one] for one in answers]
    csv.writer(sys.stdout, lineterminator="\n").writerows([names, *answers])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Answers as Adaline's /predict does, from the files beside this one. It needs numpy and safetensors, nothing else.

    python predict.py rows.csv > predictions.csv           a CSV written as the one that the model was trained on
    from predict import predict; predict([{"size": 3, "colour": "red"}])

A cell is a number, true or false, a string as it would stand in that CSV, or None where it is missing. manifest.json
says what the features are and how cells become numbers, weights.safetensors holds the network. This text is the same
for every model.
"""

from __future__ import annotations

import csv
import functools
import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

HERE = Path(__file__).resolve().parent


def predict(rows: Sequence[Mapping[str, Any]], folder: Path = HERE) -> list[Any]:
    """For each row a number; {target: number} for several targets; {"label", "probabilities"} for classes. Raises
    KeyError for a feature that a row does not have, ValueError for a cell that cannot be read."""
    model, weights = load(folder)
    if not rows:
        return []
    answers = network(model["network"], weights, inputs_of(model, rows))
    if classes := model["classes"]:
        second = sigmoid(answers)  # one score tells two classes apart, else there is one for each
        answers = np.hstack([1 - second, second]) if answers.shape[1] == 1 else softmax(answers)
        names = [class_name(label) for label in classes]
        best = answers.argmax(axis=1)
        return [
            {"label": classes[label], "probabilities": dict(zip(names, row, strict=True))}
            for label, row in zip(best.tolist(), answers.tolist(), strict=True)
        ]
    answers = answers * model["target_scale"]["scale"] + model["target_scale"]["centre"]
    if isinstance(model["target"], str):
        return list(answers[:, 0].tolist())
    return [dict(zip(model["target"], row, strict=True)) for row in answers.tolist()]


@functools.cache
def load(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The manifest, and the network's weights and biases in float64."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    tensors = load_file(folder / "weights.safetensors")
    return manifest, {name: tensor.astype(np.float64) for name, tensor in tensors.items()}


def class_name(label: Any) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)


def sigmoid(z: Any) -> Any:
    small = np.exp(-np.abs(z))  # of a negative number: it cannot overflow
    return np.where(z >= 0, 1 / (1 + small), small / (1 + small))


def softmax(scores: Any) -> Any:
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


ACTIVATIONS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "gelu": lambda z: 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z * z * z))),
    "silu": lambda z: z * sigmoid(z),
    "identity": lambda z: z,
}


def network(shape: dict[str, Any], weights: dict[str, Any], values: Any) -> Any:
    """Scores (rows, outputs): W a + b in each layer, an activation between two of them."""
    for layer in range(len(shape["sizes"]) - 1):
        if layer:
            values = ACTIVATIONS[shape["activation"]](values)
        values = values @ weights[f"layers.{layer}.weight"].T
        if shape["bias"]:
            values = values + weights[f"layers.{layer}.bias"]
    return values


def inputs_of(model: dict[str, Any], rows: Sequence[Mapping[str, Any]]) -> Any:
    """What the network reads: columns as numbers, those that it uses, centred, scaled, rounded to float32."""
    transform, style = model["transform"], model["text_style"]
    blocks = [encoded(feature, column_of(feature, rows, style)) for feature in transform["features"]]
    values = np.hstack(blocks)[:, transform["kept"]]
    scaled = (values - transform["centre"]) / transform["scale"]
    return scaled.astype(np.float32).astype(np.float64)


def column_of(feature: dict[str, Any], rows: Sequence[Mapping[str, Any]], style: dict[str, Any]) -> list[Any]:
    """One column of all rows: floats or words, None where a cell is missing."""
    name, cells = feature["name"], []
    for number, row in enumerate(rows, 1):
        if name not in row:
            raise KeyError(f"row {number} has no feature {name!r}")
        try:
            cells.append(read_cell(row[name], name, feature["kind"], style))
        except (ValueError, TypeError, KeyError, OverflowError):
            raise ValueError(f"row {number}, {name!r}: {row[name]!r} is not {feature['kind']}") from None
        if cells[-1] is None and feature["fill"] is None and feature["fill_category"] is None:
            raise ValueError(f"row {number}: {name!r} is missing, and this model fills no gaps")
    return cells


def encoded(feature: dict[str, Any], cells: list[Any]) -> Any:
    """One feature as columns: one of each kept category (and of the others), the parts of a time, or the number; then
    whether the cell is missing, where training had such."""
    gaps = np.array([cell is None for cell in cells])
    if feature["kind"] == "categorical":
        known = {category: position for position, category in enumerate(feature["categories"])}
        words = [feature["fill_category"] if cell is None else cell for cell in cells]
        positions = np.array([known.get(word, len(known)) for word in words])
        block = (positions[:, None] == np.arange(len(known) + feature["other"])).astype(np.float64)
    else:
        numbers = np.array([feature["fill"] if cell is None else cell for cell in cells], dtype=np.float64)
        block = parts_of_time(numbers) if feature["kind"] == "datetime" else numbers[:, None]
    return np.hstack([block, gaps[:, None]]) if feature["indicator"] else block


def parts_of_time(seconds: Any) -> Any:
    """Days since 1970; then the month, weekday and hour as points on a circle."""
    days = np.floor(seconds / 86_400)
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12
    hours = (seconds - days * 86_400) / 3600
    turns = [2 * np.pi * part / period for part, period in ((months, 12), ((days + 3) % 7, 7), (hours, 24))]
    return np.stack(
        [seconds / 86_400, *(np.round(wave(turn), 12) for turn in turns for wave in (np.sin, np.cos))], axis=1
    )


# fmt: off
BOOLEANS = {**dict.fromkeys(["true", "t", "yes", "y", "1"], 1.0), **dict.fromkeys(["false", "f", "no", "n", "0"], 0.0)}
GROUPS = {"": "", ".": ", '\u2019\u00a0\u202f", ",": ". '\u2019\u00a0\u202f"}  # sets thousands apart, by decimal mark
LAKHS = {"": "", ".": "|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}", ",": ""}
LEFT_OUT = re.compile(  # what stands in a column of numbers where one is left out
    "[+-]?[nN][aA][nN]|[.]{1,3}|-{1,3}|[\u2014\u2212\u2013]{1,2}|\u2026|[?]{1,3}|[*]{1,3}|_{1,3}|/|#{2,}|"
    r"#(?:N/A|NAME\?|(?:DIV/0|VALUE|REF|NUM|NULL|SPILL|CALC)!)|Err:[0-9]{3}"
)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
CLOCK = (
    r"(?:(?:,?\s|T)\s*(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]?\d)(?::(?P<second>[0-5]?\d)(?P<fraction>\.\d*)?)?"
    r"(?: ?(?P<half>[aApP])[mM])?(?:Z| (?i:UTC|GMT)|(?P<sign>[+-])(?P<hours>\d{2})(?::?(?P<minutes>\d{2}))?)?)?"
)
DATES = {  # by the order of day, month and year that a column is known to have; those of "" are read in any column
    "ymd": [r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
            r"(?P<year>\d{2}|\d{4})([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})"],
    "dmy": [r"(?P<day>\d{1,2})([-/. ])(?P<month>\d{1,2})\2(?P<year>\d{2}|\d{4})"],
    "mdy": [r"(?P<month>\d{1,2})([-/. ])(?P<day>\d{1,2})\2(?P<year>\d{2}|\d{4})"],
    "": [r"(?P<year>\d{4})([-/ \\])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
         r"(?P<day>\d{1,2})(?:[ /-]|\. )(?P<name>[A-Za-z]{3,9})\.?[ /-](?P<year>\d{4})",
         r"(?P<name>[A-Za-z]{3,9})\.? (?P<day>\d{1,2}),? (?P<year>\d{4})",
         r"(?P<name>[A-Za-z]{3,9})([-/])(?P<day>\d{1,2})\2(?P<year>\d{4})",
         r"(?P<year>\d{4})([-/ ])(?P<name>[A-Za-z]{3,9})\2(?P<day>\d{1,2})"],
}
# fmt: on


def read_cell(cell: Any, column: str, kind: str, style: dict[str, Any]) -> Any:
    """A float or a word, None for a missing cell. Raises ValueError."""
    if cell is None or cell != cell:  # NaN
        return None
    if isinstance(cell, bool | np.bool_):
        if kind == "boolean":
            return float(cell)
        cell = style.get("words", {}).get(column, ("false", "true"))[bool(cell)]
    elif not isinstance(cell, str) and kind != "numeric":  # a number where a word is meant: its digits
        cell = str(int(cell)) if abs(cell) < 1e16 and cell == int(cell) else str(cell)
    text = cell.strip(" \t\n\v\f\r") if isinstance(cell, str) else ""
    if isinstance(cell, str) and text in style["missing"]:
        return None
    if kind == "numeric":
        written = style["decimals"].get(column, style["decimal"]), style.get("marks", {}).get(column, "")
        value = number_of(text, *written) if isinstance(cell, str) else float(cell)
        if LEFT_OUT.fullmatch(text):
            return None
        if not math.isfinite(value):
            raise ValueError
        if value in [number_of(word, *written) for word in style["missing"]]:
            return None  # where -999 is missing, so is -999.0
        return value
    if kind == "boolean":
        return BOOLEANS[text.lower()]
    return seconds_of(text, style["dates"].get(column, "")) if kind == "datetime" else text


@functools.lru_cache(100_000)
def number_of(text: str, mark: str, unit: str) -> float:
    """A number with this decimal mark, perhaps with thousands set apart; a plain one where the mark is "". `unit` is
    the currency or % that may stand beside it. NaN for what is none."""
    gap, sign, point = "[ \u00a0\u202f]*", "[+\u2212\u2013-]", re.escape(mark or ".")
    apart = "".join(rf"|[0-9]{{1,3}}(?:[{group}][0-9]{{3}})+" for group in GROUPS[mark]) + LAKHS[mark]
    number = rf"(?:(?:[0-9]+{apart})(?:{point}(?:[0-9]+)?)?|{point}[0-9]+)(?:[eE][+-]?[0-9]+)?"
    form = f"{sign}?{number}"
    if unit:
        one, bare = re.escape(unit), rf"(?:{re.escape(unit)}{gap})?{number}(?:{gap}{re.escape(unit)})?"
        form = rf"{sign}?{bare}|{one}{gap}{sign}{number}|\({bare}\)"
    if not re.fullmatch(form, text):
        return math.nan
    text = re.sub(gap, "", text.replace(unit, "")).replace("(", "-").replace(")", "") if unit else text
    text = re.sub("[\u2212\u2013]", "-", text)
    return float("".join(letter for letter in text if letter not in GROUPS[mark]).replace(mark or ".", "."))


def seconds_of(text: str, order: str) -> float:
    """Seconds since 1970 in UTC, to the microsecond. A time without a zone is UTC."""
    forms = [*(DATES[order] if order else []), *DATES[""]]
    forms += [form.replace(r"(?P<year>\d{4})", r"(?P<year>\d{2})") for form in DATES[""][1:4] if order]
    found = next(filter(None, (re.fullmatch(f"(?:{form}){CLOCK}", text, re.ASCII) for form in forms)), None)
    if not found:
        raise ValueError
    part: dict[str, Any] = {name: value or "0" for name, value in found.groupdict().items()}
    number = {name: int(value) for name, value in part.items() if value.isdecimal()}
    if order and len(part["year"]) == 2:
        number["year"] += 2000 if number["year"] < 69 else 1900
    month = MONTHS.index(part["name"][:3].lower()) + 1 if "name" in part else number["month"]
    hour = number["hour"] if part["half"] == "0" else number["hour"] % 12 + 12 * (part["half"] in "pP")
    offset = (number["hours"] * 60 + number["minutes"]) * (-1 if part["sign"] == "-" else 1)
    day = datetime(number["year"], month, number["day"]) - datetime(1970, 1, 1)
    seconds = day.days * 86_400 + hour * 3600 + (number["minute"] - offset) * 60 + number["second"]
    return (seconds * 1_000_000 + int(part["fraction"].lstrip(".")[:6].ljust(6, "0"))) / 1e6


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

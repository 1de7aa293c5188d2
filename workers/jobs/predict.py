"""The story of a batch prediction, on one screen: rows in pieces, answers in parts, one file at the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import structlog

from service.domain.cells.conversion import ways
from service.store import datasets
from service.store.described import table_of
from service.store.tables import JobRow
from service.wiring import Deps
from workers.batch.answer import Answers
from workers.batch.convert import ConvertedPiece, pieces
from workers.batch.parts import JOINED, PARTS, Part
from workers.jobs.record.prediction import PredictionRecorder, asked_prediction
from workers.lease import Lease

log = structlog.get_logger(__name__)


def predict(deps: Deps, lease: Lease[JobRow]) -> None:
    """Run a batch prediction. What it raises ends the job (see `workers.jobs.endings`)."""
    asked = asked_prediction(deps, lease.row)
    spec, dataset, predictor = asked.spec, asked.dataset, asked.predictor
    recorder = PredictionRecorder(deps, lease, dataset.rows or 0)
    kinds = predictor.feature_kinds
    read_as = ways(kinds, table_of(dataset))
    answers = Answers.of(predictor, read_as, spec.format)
    with deps.blobs.workspace() as directory, datasets.stored_table(deps.blobs, dataset) as table:
        path, whole = directory / "part", directory / "whole"
        coming = pieces(table, kinds, read_as, predictor.text_style, recorder.done, predictor.piece_rows)
        is_over = False
        while not is_over:
            with contextlib.closing(PARTS[spec.format](path, answers.schema)) as part:
                rows, failed, is_over = _fill(part, coming, answers, recorder, lease)
            if not is_over:
                recorder.keep(path, rows, failed)
        JOINED[spec.format](_all(deps, recorder, path), answers.schema, whole, lease.check)
        recorder.end(whole, rows, failed)
    log.info("predicted", job=lease.row.id, model=spec.model, rows=recorder.done + rows)


def _fill(
    part: Part, coming: Iterator[ConvertedPiece], answers: Answers, recorder: PredictionRecorder, lease: Lease[JobRow]
) -> tuple[int, int, bool]:
    """Add pieces until the part should be kept: its rows, how many of them have no prediction, and whether it is the
    last part."""
    rows = failed = 0
    for piece in coming:
        lease.check()
        answered = answers.table(piece)
        part.add(answered)
        rows += answered.num_rows
        failed += answers.count_failed(answered)
        recorder.looked(rows)
        if recorder.is_due():
            return rows, failed, False
    return rows, failed, True


def _all(deps: Deps, recorder: PredictionRecorder, last: Path) -> Iterator[IO[bytes]]:
    """What every part holds, in order; the last one is still a file of this process."""
    for kept in recorder.parts:
        with contextlib.closing(deps.blobs.open(kept.key)) as stream:
            yield stream
    with last.open("rb") as stream:
        yield stream

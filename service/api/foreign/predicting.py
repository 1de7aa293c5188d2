"""What the routes of other servers have in common: the model's values for columns that are read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from flask import Request

from service.api.context import context
from service.api.http.bodies import read
from service.api.http.documents import body_limit, rows_limit
from service.api.predictions.codecs import refused
from service.domain.cells.columns import CellInvalid, Columns
from service.domain.model.predictor import Predictor
from service.errors import FieldError, RowsInvalid

CELLS = 4_000_000  # values of the widest layer that are held at once


def body_of(request: Request, may_be_binary: bool = False) -> bytes:
    """The whole body: a document, or, where it may be binary, anything.

    Raises BodyTooLarge, BodyMalformed, MediaTypeUnsupported.
    """
    settings = context().deps.settings
    return read(request, body_limit(settings) if may_be_binary else rows_limit(settings))


def predicted(
    predictor: Predictor, columns: Columns, wrong: Callable[[CellInvalid], FieldError]
) -> npt.NDArray[np.float64]:
    """(n_rows,) values, (n_rows, n_targets) for several, or (n_rows, n_classes) probabilities.

    Raises RowsInvalid for a gap that nothing fills, for no rows and for too many.
    """
    most = context().deps.settings.max_prediction_rows
    if most and columns.n_rows > most:
        raise RowsInvalid(
            f"the body has more than {most:,} rows (ADALINE_MAX_PREDICTION_ROWS); split it into several requests"
        )
    if not columns.n_rows:
        raise RowsInvalid("the body has no rows; send at least one")
    size = max(1, min(16_384, CELLS // max(predictor.network.sizes)))
    if columns.n_rows <= size:
        return _piece(predictor, columns, 0, wrong)
    starts = range(0, columns.n_rows, size)
    return np.concatenate(
        [
            _piece(predictor, columns.take(np.arange(start, min(start + size, columns.n_rows))), start, wrong)
            for start in starts
        ]
    )


def _piece(
    predictor: Predictor, columns: Columns, first: int, wrong: Callable[[CellInvalid], FieldError]
) -> npt.NDArray[np.float64]:
    try:
        return predictor.predict(columns)
    except CellInvalid as error:
        raise refused([wrong(CellInvalid(first + error.row, error.column, error.detail))]) from None

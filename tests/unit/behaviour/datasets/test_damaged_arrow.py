"""An Arrow stream whose batch claims a size that no memory has."""

from __future__ import annotations

import re
import struct
from functools import partial

import pyarrow as pa
import pytest

from service.domain.cells.written import PLAIN
from service.errors import BodyMalformed, DecompressedTooLarge
from service.reading.bounds import Bounds
from service.reading.columnar_rows import stream_rows
from service.settings import Settings

BODY_BYTES = 8 * 1000
BOUNDS = Bounds.of(Settings())


def test_batch_that_says_it_is_larger_than_can_be_is_a_damaged_body() -> None:
    sink = pa.BufferOutputStream()
    table = pa.table({"n": [float(number) for number in range(1000)]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    good = sink.getvalue().to_pybytes()
    # the size of the batch is written once for its body and once for its only column
    places = [found.start() for found in re.finditer(re.escape(struct.pack("<q", BODY_BYTES)), good)]
    assert places
    for place in places:
        damaged = good[:place] + struct.pack("<q", 2**60) + good[place + 8 :]
        with pytest.raises((BodyMalformed, DecompressedTooLarge), match=r"damaged|smaller batches"):
            list(stream_rows(iter([damaged]), {"n": "numeric"}, PLAIN, False, BOUNDS, partial(len, damaged)).parts())

"""Files that are made to be slow to look at: the time grows with their size and no faster."""

from __future__ import annotations

import contextlib
import random
import time

import pytest

from service.domain.cells.written import TextStyle
from service.domain.reading import sample
from service.domain.reading.dialect import DialectInvalid, find

SIZE = 256 * 1024
SECONDS = 20  # most take a tenth; what is not linear takes minutes

HOSTILE = {
    "quotes": b'"',
    "delimiters": b",",
    "line ends": b"\n",
    "carriage returns": b"\r",
    "comments": b"#\n",
    "comments like headers": b"#a,b\n",
    "comments and blank lines": b"# a,b\n\n",
    "blanks": b" ",
    "an open quote": b'"x,\n',
    "escapes": b'\\"',
    "quotes between words": b'"x" "y",z\n',
    "every mark": b",;\t| ",
    "nearly numbers": b"1_1_1_1_1_1_1_1_1_1_1_1_1_1_1_1_1_1_1x,2\n",
    "nearly groups": b"1 234 567 890 123 456 789 012 345 678x;1\n",
    "nearly dates": b"12 Abc ... 1999x1999x1999x1999x1999x1999x1999,2\n",
}


@pytest.mark.parametrize("pattern", HOSTILE)
@pytest.mark.parametrize("head", [b"", b"a,b\n", b'a;"b"\n'], ids=["alone", "below a header", "below quotes"])
def test_a_look_at_a_hostile_file_takes_no_time(pattern: str, head: bytes) -> None:
    data = (head + HOSTILE[pattern] * (SIZE // len(HOSTILE[pattern])))[:SIZE]
    assert _seconds(data) < SECONDS


def test_a_look_at_noise_takes_no_time() -> None:
    draw = random.Random(1)
    marks = b"a1,;\t| \"'\\#\n\r.-/"
    for _ in range(5):
        assert _seconds(bytes(draw.choices(marks, k=SIZE))) < SECONDS


def _seconds(data: bytes) -> float:
    began = time.process_time()  # others may be at work on the same cores
    with contextlib.suppress(DialectInvalid):
        found = find(data, False, {})
        sample.typed(found.names, found.rows, sample.decide(found.names, found.rows, {}, TextStyle()))
    return time.process_time() - began

"""Answers that are known to have arrived, for requests of which the server cannot tell whether they were whole.

Of a body in chunks, the WSGI server ends the reading in the same way whether the last chunk has come or the
connection is lost. But to a lost connection nothing can be written: an answer in several pieces is closed early.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from flask import Response

PIECES = 16
PAUSE_SECONDS = 0.004  # granian sees with the second to fourth piece that nobody takes them; no event tells it sooner


def delivered_or(undo: Callable[[], None], answer: Response) -> Response:
    """The answer, in pieces; `undo` is called when the connection does not take them all."""
    whole = answer.get_data()
    step = -(-len(whole) // PIECES)
    delivered = False

    def pieces() -> Iterator[bytes]:
        nonlocal delivered
        for start in range(0, len(whole), step):
            # before the last piece: a client that has it all may be gone before anything else can be noted
            delivered = start + step >= len(whole)
            yield whole[start : start + step]
            time.sleep(PAUSE_SECONDS)

    answer.response = pieces()
    answer.content_length = len(whole)
    answer.call_on_close(lambda: None if delivered else undo())
    return answer

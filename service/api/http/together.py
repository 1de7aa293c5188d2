"""The same look for many at once: who asks while another looks is given what the next look finds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class _Looks(Generic[T]):
    """Looks for one thing, one after the other, and how many ask for it."""

    def __init__(self) -> None:
        self.asking = 0
        self.begun = 0
        self.ended = 0
        self.found: tuple[T | None, BaseException | None] = (None, None)


class Together(Generic[T]):
    """Looks that are shared. What somebody is given was looked for after they asked: never what was seen before."""

    def __init__(self) -> None:
        self._state = threading.Condition()
        self._looks: dict[Hashable, _Looks[T]] = {}

    def look(self, what: Hashable, look: Callable[[], T]) -> T:
        """What `look` gives, by whoever of those that ask for this comes to look; raises what it raises."""
        with self._state:
            mine = self._looks.setdefault(what, _Looks())
            mine.asking += 1
            wanted = mine.begun + 1
            while mine.begun > mine.ended and mine.ended < wanted:
                self._state.wait()
            is_mine = mine.ended < wanted
            mine.begun += is_mine
        try:
            if is_mine:
                self._find(mine, look)
            found, error = mine.found
        finally:
            with self._state:
                mine.asking -= 1
                if not mine.asking:
                    self._looks.pop(what, None)
        if error is not None:
            raise error
        return found  # type: ignore[return-value]  # there is one where there is no error

    def _find(self, mine: _Looks[T], look: Callable[[], T]) -> None:
        found: tuple[T | None, BaseException | None]
        try:
            found = look(), None
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised for each of them
            found = None, error
        with self._state:
            mine.found, mine.ended = found, mine.begun
            self._state.notify_all()

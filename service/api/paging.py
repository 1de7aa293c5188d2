"""The envelope of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from service.store.paging import Page

T = TypeVar("T")


def envelope(page: Page[T], show: Callable[[T], Any] = lambda row: row) -> dict[str, Any]:
    """{"data": […], "has_more": …, "next": …}"""
    return {"data": [show(row) for row in page.data], "has_more": page.next is not None, "next": page.next}

"""Which pages there are, read from the list that the frame goes by."""

from __future__ import annotations

import re

from service.api.pages import BUILT

INDEX = BUILT.parent / "src" / "pages" / "index.ts"
TEXT = INDEX.read_text()
PATTERNS = re.findall(r'pattern: "([^"]+)"', TEXT)
SECTIONS = dict(re.findall(r'name: "([^"]+)", path: "([^"]+)"', TEXT))

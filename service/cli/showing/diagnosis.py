"""What `adaline doctor` shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from service.doctor import Finding

STYLES = {"broken": "bold red", "unsafe": "bold yellow"}


def diagnosis(found: Sequence[Finding]) -> RenderableType:
    """The findings, each with its mend."""
    if not found:
        return Text("Nothing unsafe or broken was found.")
    return Group(*map(_told, found))


def _told(finding: Finding) -> Text:
    said = f" {finding.code}: {finding.detail}\n"
    return Text.assemble((finding.severity, STYLES[finding.severity]), said, f"  mend: {finding.mend}")

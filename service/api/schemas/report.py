"""What the report of a version says, as the schema of its record."""

from __future__ import annotations

from service.api.schemas.derived import schema_of
from service.domain.report.report import Report as Reported

Report = schema_of(Reported)

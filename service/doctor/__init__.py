"""What is unsafe or broken in a deployment, each with its mend."""

from service.doctor.examine import examine
from service.doctor.findings import Finding

__all__ = ("Finding", "examine")

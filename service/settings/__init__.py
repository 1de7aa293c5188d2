"""What an operator may choose: every setting, read once from the environment."""

from service.settings.knobs import ADALINE_ELSEWHERE, MIB, PREFIX, entries
from service.settings.record import Settings

__all__ = ["ADALINE_ELSEWHERE", "MIB", "PREFIX", "Settings", "entries"]

"""What an operator may choose: every setting, read once from the environment."""

from service.settings.files import IN_FILE
from service.settings.knobs import ADALINE_ELSEWHERE, CLIENTS_KEY, MIB, PREFIX, entries
from service.settings.record import Settings

__all__ = ["ADALINE_ELSEWHERE", "CLIENTS_KEY", "IN_FILE", "MIB", "PREFIX", "Settings", "entries"]

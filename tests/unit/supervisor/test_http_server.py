from __future__ import annotations

import subprocess
import sys

from service.supervisor.http_server import SWITCH_SECONDS


def test_threads_of_an_api_process_give_way_soon() -> None:
    """In a process of its own: what `load` sets holds for all that runs in it."""
    code = "from service.supervisor.http_server import load, sys; load('builtins:dict'); print(sys.getswitchinterval())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert abs(float(told) - SWITCH_SECONDS) < 1e-9 < SWITCH_SECONDS < 0.005

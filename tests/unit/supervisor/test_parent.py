from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="prctl(2) is Linux's")


def test_child_whose_parent_is_already_gone_ends_itself() -> None:
    orphan = f"from service.supervisor.parent import tie_to; tie_to({os.getpid()} + 1)(); print('lives')"
    done = subprocess.run([sys.executable, "-c", orphan], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


def test_child_is_killed_with_its_parent_however_that_ends() -> None:
    tied = "from service.supervisor.parent import tie_to; tie_to(os.getppid())(); print('tied', flush=True)"
    child = f"import os, time; {tied}; time.sleep(1000)"
    parent = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(1000)"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"tied\n"
        running.send_signal(signal.SIGKILL)
        assert running.stdout.read() == b""  # ends only when the child, which holds the other end, is gone

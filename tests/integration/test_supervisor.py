"""The supervisor over stand-ins: what its children may do, and what it makes of it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.integration.processes import PATIENCE_SECONDS, Running, alive, eventually, started

SLEEP = "import time; time.sleep(1000)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(1000)"
LAST_WORDS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("asked"), time.sleep(0.2), print("gone"), sys.exit()))
print("up")
time.sleep(1000)
"""
API = """
import http.server, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", {port}), Ready).serve_forever()
"""
BROKER = """
import signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: (print("asked"), sys.exit()))
listening = socket.socket(socket.AF_UNIX); listening.bind({path!r}); listening.listen()
while True:
    with listening.accept()[0] as one: one.recv(100); one.sendall(b"+PONG\\r\\n")
"""


def small_stack(**plan: Any) -> AbstractContextManager[Running]:
    return started([sys.executable, "-m", "tests.integration.small_stack", json.dumps(plan)])


def end(stack: Running, number: signal.Signals = signal.SIGTERM) -> int:
    stack.process.send_signal(number)
    return stack.wait()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_lines_stay_whole_and_say_where_they_come_from() -> None:
    talk = "for i in range(2000): print('{letter}' * 700, i)"
    with small_stack(
        api=talk.format(letter="a") + "\n" + SLEEP, workers={"train": talk.format(letter="b") + "\n" + SLEEP}
    ) as stack:
        stack.until("a 1999")
        stack.until("b 1999")
        assert end(stack) == 0
    spoken = [line for line in stack.lines if "aaa" in line or "bbb" in line]
    assert len(spoken) == 4000
    assert all(re.fullmatch(r"api     \| a{700} \d+|train   \| b{700} \d+", line) for line in spoken)


def test_json_log_has_json_in_every_line() -> None:
    api = """print('{"event": "from the api"}'); print('plain words')\n""" + SLEEP
    with small_stack(form="json", api=api) as stack:
        stack.until("plain words")
        assert end(stack) == 0
    records = [json.loads(line) for line in stack.lines]
    assert {"event": "from the api"} in records
    assert {"event": "plain words", "source": "api"} in records
    assert any(record["event"].startswith("stopping") and record["source"] == "adaline" for record in records)


def test_children_end_in_their_own_way_while_nobody_reads_the_log(tmp_path: Path) -> None:
    wordy = f"""
import os, pathlib, signal
def leave(*_):
    for _ in range(100): os.write(1, b"y" * 99_999 + b"\\n")
    pathlib.Path({str(tmp_path / "left")!r}).touch()
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
while True: os.write(1, b"x" * 999 + b"\\n")
"""
    plan = {"api": "while True: print('x' * 1000)", "workers": {"train": wordy}, "stop_seconds": PATIENCE_SECONDS}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.small_stack", json.dumps(plan)], stdout=subprocess.PIPE
    )
    try:
        # the children fill all there is to fill, and then wait: nobody works any more
        assert eventually(lambda: len(all_ := psutil.Process(process.pid).children()) == 2 and all(map(_waits, all_)))
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
    assert (tmp_path / "left").exists()


def _waits(process: psutil.Process) -> bool:
    before = sum(process.cpu_times()[:2])
    time.sleep(0.3)
    return sum(process.cpu_times()[:2]) == before


def test_goes_on_when_the_reader_of_the_log_has_left(port: int, tmp_path: Path) -> None:
    plan = {"api": API.format(port=port), "workers": {"train": "while True: print('x' * 1000)"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.integration.small_stack", json.dumps(plan)], stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert eventually(lambda: _answers(port))
        assert process.poll() is None
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    finally:
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def test_killed_child_is_started_again() -> None:
    with small_stack(api=SLEEP, workers={"train": "print('up')\n" + SLEEP}) as stack:
        stack.until("train   | up")
        for times in (1, 2, 3):
            _child(stack, "print('up')").kill()
            stack.until("train ended with SIGKILL", times=times)
            stack.until("train   | up", times=times + 1)
        assert end(stack) == 0
    pauses = [float(found[1]) for line in stack.lines if (found := re.search(r"restarting in ([\d.]+) s", line))]
    assert pauses == [0.2, 0.4, 0.8]


def test_what_a_dead_child_leaves_behind_is_killed_before_it_starts_again() -> None:
    parent = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {SLEEP!r}])\nprint('up')\n{SLEEP}"
    with small_stack(api=SLEEP, workers={"train": parent}) as stack:
        stack.until("train   | up")
        child = _child(stack, "print('up')")
        left_behind = child.children()
        assert len(left_behind) == 1
        child.kill()
        stack.until("train ended with SIGKILL")
        assert eventually(lambda: not alive(left_behind))
        assert end(stack) == 0


def test_child_that_never_lives_ends_all_and_is_quoted() -> None:
    broken = "import sys; print('No module named torch'); sys.exit(3)"
    with small_stack(api=SLEEP, workers={"train": broken}) as stack:
        assert stack.wait() == 1
    assert any("train cannot run: it ended with exit code 3, 5 times in a row" in line for line in stack.lines)
    assert stack.lines[-1].startswith("adaline |")
    assert stack.lines[-1].endswith("No module named torch")


def test_ends_the_api_first_and_the_broker_last(tmp_path: Path) -> None:
    path = str(tmp_path / "socket")
    with small_stack(
        broker=BROKER.format(path=path),
        socket=path,
        api=LAST_WORDS,
        workers={"train": LAST_WORDS, "sweeper": LAST_WORDS},
    ) as stack:
        for name in ("api    ", "train  ", "sweeper"):
            stack.until(f"{name} | up")
        assert end(stack, signal.SIGINT) == 0
    said = [line for line in stack.lines if line.endswith(("asked", "gone"))]
    assert said[:2] == ["api     | asked", "api     | gone"]
    assert sorted(said[2:4]) == ["sweeper | asked", "train   | asked"]  # together
    assert said[-1] == "valkey  | asked"
    assert len(said) == 7


def test_deaf_child_is_killed_after_its_time_and_so_is_its_family() -> None:
    deaf_family = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-u', '-c', {DEAF!r}])\n{DEAF}"
    with small_stack(api=SLEEP, workers={"train": deaf_family}, stop_seconds=1) as stack:
        stack.until("train   | deaf", times=2)
        family = stack.descendants
        assert len(family) == 3
        began = time.monotonic()
        assert end(stack) == 0
        assert time.monotonic() - began >= 1
    assert any("train was killed, since it did not stop within 1 s" in line for line in stack.lines)
    assert not alive(family)


def test_second_signal_kills_at_once() -> None:
    with small_stack(api=DEAF, workers={"train": DEAF}, stop_seconds=1000) as stack:
        stack.until("api     | deaf")
        stack.until("train   | deaf")
        stack.process.send_signal(signal.SIGINT)
        stack.until("stopping")
        assert end(stack, signal.SIGINT) == 0


def test_signals_of_the_terminal_reach_the_supervisor_alone() -> None:
    with small_stack(api="print('up')\n" + SLEEP, workers={"train": "print('up')\n" + SLEEP}) as stack:
        stack.until("| up", times=2)
        groups = {os.getpgid(process.pid) for process in stack.descendants}
        assert len(groups) == 2
        assert os.getpgid(stack.process.pid) not in groups
        assert end(stack) == 0


def test_end_of_the_terminal_ends_all_unless_nohup_was_asked_for() -> None:
    command = [sys.executable, "-m", "tests.integration.small_stack", json.dumps({"api": "print('up')\n" + SLEEP})]
    with started(command) as stack:
        stack.until("up")
        assert end(stack, signal.SIGHUP) == 0
    with started(["nohup", *command]) as stack:
        stack.until("up")
        stack.process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            stack.process.wait(0.5)
        assert end(stack) == 0


def test_killed_supervisor_leaves_no_child(port: int) -> None:
    with small_stack(port=port, api=API.format(port=port), workers={"train": DEAF}) as stack:
        stack.until("train   | deaf")
        stack.until("ready")
        family = stack.descendants
        assert len(family) == 2
        stack.process.kill()
        assert eventually(lambda: not alive(family), seconds=10)


def _child(stack: Running, words: str) -> psutil.Process:
    return next(process for process in stack.descendants if any(words in word for word in process.cmdline()))

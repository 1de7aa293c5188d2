from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from service.cli.showing import rendering
from service.logs import configure_logging
from service.settings import Settings
from service.visible import visible, visible_json

ESCAPES = "a\x1b]0;owned\x07\x1b[2Jb\x9b31m\u202ec\rd\x7f"
STEERING = [chr(code) for code in (*range(9), *range(11, 32), *range(127, 160), 0x202E)]


def test_what_steers_a_terminal_is_written_out() -> None:
    assert visible("é\t\n") == "é\t\n"
    assert visible("\x1b[31m") == "\\x1b[31m"
    assert visible("\u202e") == "\\u202e"
    assert not any(sign in visible(ESCAPES) for sign in STEERING)


def test_json_stays_the_same_document() -> None:
    text = visible_json(json.dumps({ESCAPES: [ESCAPES]}, ensure_ascii=False))
    assert json.loads(text) == {ESCAPES: [ESCAPES]}
    assert not any(sign in text for sign in STEERING)


def test_tables_of_the_command_line_show_names_and_steer_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    rendering.console().print(rendering.table((ESCAPES, "kind"), [(ESCAPES, "text")]))
    rendering.console().print(rendering.details([("name", ESCAPES)]))
    shown = capsys.readouterr().out
    assert "\\x1b[2J" in shown
    assert not any(sign in shown for sign in STEERING)


def test_console_log_shows_paths_and_steers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    before = logging.getLogger().handlers
    try:
        configure_logging(Settings(log_format="console"))
        structlog.get_logger("x").info("request", path="/" + ESCAPES)
        logging.getLogger("y").warning("read %s", ESCAPES)
        try:
            raise ValueError(ESCAPES)
        except ValueError:
            structlog.get_logger("x").exception("broke")
    finally:
        logging.getLogger().handlers = before
        structlog.reset_defaults()
    text = written.getvalue()
    assert text.count("\\x1b[2J") >= 3
    assert not any(sign in text for sign in STEERING)

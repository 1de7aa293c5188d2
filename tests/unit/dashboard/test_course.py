"""A job as its events tell it: curves of its stages, what was said, and little of many."""

from __future__ import annotations

from typing import Any

from tests.unit.dashboard.node import run

COURSE = "pages/job/course.ts"
READ = """
  const course = new module.Course();
  for (const event of given) course.add(event);
  const stages = Object.fromEntries([...course.stages].map(([name, { points }]) => [name, points]));
  const { epochs, seq, last } = course;
  return { stages, messages: course.messages.map(({ text }) => text), epochs, seq, last };
"""


def event(seq: int, type: str, **data: Any) -> dict[str, Any]:
    return {"seq": seq, "at": "2026-11-29T12:00:00Z", "type": type, "data": data}


def test_stages_have_curves_of_their_own_and_a_refit_has_none() -> None:
    told = [
        event(1, "state", state="queued"),
        event(2, "state", state="running", attempt=1),
        event(3, "epoch", stage="linear", epoch=1, train_loss=4.0, validation_loss=5.0, learning_rate=0.1),
        event(4, "epoch", stage="linear", epoch=3, train_loss=2.0, validation_loss=None, learning_rate=0.1),
        event(5, "message", text="now the network"),
        event(6, "epoch", stage="mlp", epoch=1, train_loss=3.0, validation_loss=3.5, learning_rate=0.01),
        event(6, "epoch", stage="mlp", epoch=2, train_loss=0.0, validation_loss=0.0, learning_rate=0.01),
        event(7, "progress", stage="refit", epoch=1, fraction=0.9),
        event(8, "state", state="queued", reason="its worker stopped"),
        event(9, "state", state="running", attempt=2),
    ]
    found = run(COURSE, READ, told)
    assert found["stages"] == {
        "linear": {"x": [1, 3], "curves": [[4, 2], [5, None], [0.1, 0.1]]},
        "mlp": {"x": [1], "curves": [[3], [3.5], [0.01]]},  # one that came twice is one
    }
    assert found["messages"] == [
        "queued",
        "running",
        "now the network",
        "queued: its worker stopped",
        "running, attempt 2",
    ]
    assert found["last"] == {"stage": "refit", "epoch": 1, "fraction": 0.9}
    assert (found["epochs"], found["seq"]) == (3, 9)


def test_a_resumed_run_draws_over_the_epochs_that_it_does_again() -> None:
    told = [
        event(seq, "epoch", epoch=epoch, train_loss=loss)
        for seq, epoch, loss in [(1, 1, 9.0), (2, 5, 5.0), (3, 9, 1.0), (4, 6, 4.0)]
    ]
    assert run(COURSE, READ, told)["stages"][""] == {"x": [1, 5, 6], "curves": [[9, 5, 4], [None] * 3, [None] * 3]}


def test_a_hundred_thousand_epochs_and_ten_thousand_messages_are_held_in_little() -> None:
    script = """
      const course = new module.Course();
      const began = performance.now();
      for (let seq = 1; seq <= 100000; seq += 1) {
        const data = { epoch: seq, train_loss: 1 / seq, validation_loss: 2 / seq, learning_rate: 0.1 };
        course.add({ seq, at: "", type: "epoch", data });
        if (seq % 10 === 0) course.add({ seq: seq + 0.5, at: "", type: "message", data: { text: `at ${seq}` } });
      }
      const { points } = course.stages.get("");
      const told = [course.messages.length, course.dropped, course.epochs];
      return [points.x.length, points.x[0], points.x.at(-1), ...told, performance.now() - began];
    """
    held, first, last, messages, dropped, epochs, milliseconds = run(COURSE, script)
    assert held <= 8001
    assert (first, last) == (1, 100_000)
    assert (messages, dropped, epochs) == (500, 9_500, 100_000)
    assert milliseconds < 5_000


def test_a_report_puts_all_epochs_in_place_of_the_few_that_were_told() -> None:
    script = """
      const course = new module.Course();
      course.add(given[0]);
      course.replace("", given[1]);
      course.replace("", []);
      return course.stages.get("").points;
    """
    history = [{"epoch": at, "train_loss": 1 / at, "validation_loss": None, "learning_rate": 0.1} for at in (1, 2, 4)]
    found = run(COURSE, script, [event(1, "epoch", epoch=4, train_loss=0.25), history])
    assert found == {"x": [1, 2, 4], "curves": [[1, 0.5, 0.25], [None] * 3, [0.1] * 3]}

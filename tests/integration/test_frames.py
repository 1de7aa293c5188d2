"""DataFrames and a notebook on a running server, as people hold them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from service.client import Client
from tests.integration.conftest import price

# drives a kernel as a notebook does, and prints what it was given to show
DRIVER = """
import json, sys
from jupyter_client.manager import KernelManager
manager = KernelManager(kernel_name="python3")
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready()
shown = []
def keep(message):
    if message["msg_type"] in ("display_data", "update_display_data", "execute_result", "error"):
        content = message["content"]
        html = content.get("data", {}).get("text/html")
        shown.append([message["msg_type"], html or str(content.get("traceback") or content.get("data"))])
try:
    for cell in json.load(sys.stdin):
        client.execute_interactive(cell, output_hook=keep)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
print(json.dumps(shown))
"""


def frames(houses: Path) -> dict[str, Any]:
    table = pd.read_csv(houses)
    return {"pandas": table, "polars": pl.read_csv(houses), "arrow": pa.Table.from_pandas(table, preserve_index=False)}


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
def test_a_frame_is_the_table_that_its_file_is(library: str, houses: Path, server: Client) -> None:
    frame, file = frames(houses)[library], server.upload(houses)
    dataset = server.upload(frame, f"{library} frame")
    assert [(it.name, it.kind, it.nulls, it.distinct) for it in dataset.columns] == [
        (it.name, it.kind, it.nulls, it.distinct) for it in file.columns
    ]
    assert (dataset.rows, dataset.rejected_rows) == (file.rows, 0)
    assert server.upload(frame).id == dataset.id  # the same bytes again
    model = f"framed-{library}"
    server.train(dataset, "price", model)
    predicted = server.predict(model, frame)
    assert predicted == server.predict(model, houses)
    truth = [price(row.rooms, row.garden, row.city) for row in pd.read_csv(houses).head(5).itertuples()]
    assert predicted[:5] == pytest.approx(truth, rel=1e-2)


def test_a_notebook_shows_a_bar_while_a_model_is_trained_and_then_the_version(houses: Path, server_url: str) -> None:
    cells = [
        "from service.client import Client",
        f"client = Client({server_url!r}); dataset = client.upload({str(houses)!r})",
        "client.train(dataset, 'price', 'noted', epochs=20)",
        "client.report('noted')",
        "client.train(dataset, 'price', 'noted', epochs=2, progress=False).ref",
    ]
    driver = [sys.executable, "-c", DRIVER]
    ran = subprocess.run(driver, input=json.dumps(cells), capture_output=True, text=True, check=True)
    shown = json.loads(ran.stdout)
    kinds = [kind for kind, _ in shown]
    assert kinds[0] == "display_data"
    assert set(kinds[1:-3]) == {"update_display_data"}
    assert kinds[-3:] == ["execute_result"] * 3
    bars = [html for kind, html in shown if kind.endswith("display_data")]
    assert all("<progress" in html for html in bars)
    assert "queued" in bars[0]
    assert 'value="1.0000"' in bars[-1]
    assert "succeeded" in bars[-1]
    version, report, plain = (html for kind, html in shown if kind == "execute_result")
    assert "<b>noted:1</b> predicts price (regression)" in version
    assert "optimum loss" in report
    assert "noted:2" in plain

"""Pages of other origins, and one by a rebound name, in a real browser: nothing changes, and nothing can be read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from service.store import jobs
from service.wiring import Deps
from tests import samples
from tests.integration.api.serving import Server
from tests.integration.browsing import chromium
from tests.integration.processes import eventually

STRANGER = "evil.example"
OPTIONS = (
    f"--host-resolver-rules=MAP {STRANGER} 127.0.0.1",  # a stranger's name that means this machine
    "--disable-features=LocalNetworkAccessChecks",  # newer browsers may ask the user first; older ones do not
)

# everything that a page can have sent without asking, and what it would have to ask for; what it got to see of it
ATTACK = """async (api) => {
  const seen = {};
  const form = () => { const it = new FormData(); it.append('file', new Blob(['a,b\\n1,2\\n']), 'a.csv'); return it };
  const attempts = {
    upload: ['/v1/datasets', {method: 'POST', body: form()}],
    csv: ['/v1/datasets', {method: 'POST', body: 'a,b\\n1,2\\n', headers: {'Content-Type': 'text/csv'}}],
    job: ['/v1/jobs', {method: 'POST', body: '{}', headers: {'Content-Type': 'application/json'}}],
    cancel: ['/v1/jobs/JOB/cancel', {method: 'POST'}],
    predict: ['/v1/models/houses/predict', {method: 'POST', body: ROWS}],
    alias: ['/v1/models/houses/aliases/mine', {method: 'PUT', body: '{"version": 1}'}],
    remove: ['/v1/datasets/DATASET', {method: 'DELETE'}],
    read: ['/v1/datasets', {}],
    document: ['/openapi.json', {}],
  };
  for (const [what, [path, options]] of Object.entries(attempts)) {
    for (const mode of ['cors', 'no-cors']) {
      try {
        const answer = await fetch(api + path, {...options, mode});
        seen[what + ' ' + mode] = answer.type === 'opaque' ? 'opaque' : answer.status + ' ' + await answer.text();
      } catch (error) {
        seen[what + ' ' + mode] = 'failed';
      }
    }
  }
  navigator.sendBeacon(api + '/v1/datasets', form());
  const element = (name, facts) => new Promise((done) => {
    const it = Object.assign(document.createElement(name), facts);
    it.onload = () => done('loaded'); it.onerror = () => done('failed');
    document.body.append(it);
  });
  seen.script = await element('script', {src: api + '/openapi.json'});
  seen.picture = await element('img', {src: api + '/docs/favicon-32x32.png'});
  const frame = document.createElement('iframe');
  frame.name = 'sent';
  document.body.append(frame);
  const posted = document.createElement('form');
  Object.assign(posted, {method: 'post', enctype: 'multipart/form-data', action: api + '/v1/datasets', target: 'sent'});
  posted.innerHTML = '<textarea name="file">a,b</textarea>';
  document.body.append(posted);
  const answered = new Promise((done) => { frame.onload = () => done() });
  posted.submit();
  await answered;
  try { seen.frame = frame.contentDocument.body.innerText } catch { seen.frame = 'failed' }
  return seen;
}"""
ROWS = """'{"records": [{"size": 2, "colour": "red", "sold": false}]}'"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The chromium of this machine."""
    with chromium(*OPTIONS) as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


@pytest.fixture
def state(deps: Deps) -> dict[str, str]:
    """A model, a dataset and a job that pages would like to change."""
    samples.publish(deps, samples.price_predictor(), "houses")
    row = samples.dataset(deps)
    return {"DATASET": row.id, "JOB": samples.job(deps, dataset_id=row.id).id}


@contextmanager
def site() -> Iterator[int]:
    """A web server of somebody else; its port."""

    class Empty(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><body></body>")

        def log_message(self, *_: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def attack(page: Page, api: str, state: dict[str, str]) -> dict[str, str]:
    script = ATTACK.replace("ROWS", ROWS)
    for word, identifier in state.items():
        script = script.replace(word, identifier)
    seen: dict[str, str] = page.evaluate(script, api)
    return seen


def everything(server: Server) -> list[Any]:
    """What there is, as a program reads it."""
    return [server.http.get(f"/v1/{kind}").json() for kind in ("datasets", "jobs", "models", "models/houses")]


def answered(server: Server, method: str, path: str) -> list[object]:
    return [one["status"] for one in server.requests() if (one["method"], one["path"]) == (method, path)]


@pytest.mark.parametrize("name", [STRANGER, "localhost"])
def test_a_page_of_another_origin_changes_and_reads_nothing(
    serve: Callable[..., Server], page: Page, state: dict[str, str], name: str
) -> None:
    server = serve()
    before = everything(server)
    with site() as port:
        page.goto(f"http://{name}:{port}/")
        seen = attack(page, f"http://127.0.0.1:{server.port}", state)
        page.set_content('<iframe sandbox="allow-scripts"></iframe>')  # an origin of its own: null
        seen |= {f"sandboxed {what}": it for what, it in sandboxed(page, server, state).items()}
    assert set(seen.values()) <= {"failed", "opaque", ""}, seen
    assert seen["picture"] == seen["frame"] == seen["upload cors"] == "failed"
    assert everything(server) == before
    # they did come: forms, beacons and requests that need no leave
    assert eventually(lambda: len(answered(server, "POST", "/v1/datasets")) >= 4, 5)
    assert set(answered(server, "POST", "/v1/datasets")) == {403}
    assert set(answered(server, "POST", f"/v1/jobs/{state['JOB']}/cancel")) == {403}
    assert set(answered(server, "POST", "/v1/models/houses/predict")) == {403}


def sandboxed(page: Page, server: Server, state: dict[str, str]) -> dict[str, str]:
    frame = page.frames[-1]
    script = """async (url) => {
      const seen = {};
      for (const mode of ['cors', 'no-cors'])
        for (const method of ['GET', 'POST'])
          seen[method + mode] = await fetch(url, {mode, method}).then(
            (answer) => answer.type === 'opaque' ? 'opaque' : answer.text(), () => 'failed');
      return seen;
    }"""
    seen: dict[str, str] = frame.evaluate(script, f"http://127.0.0.1:{server.port}/v1/jobs/{state['JOB']}/cancel")
    return seen


def test_a_rebound_name_changes_and_reads_nothing(
    serve: Callable[..., Server], page: Page, state: dict[str, str]
) -> None:
    server = serve()
    before = everything(server)
    strange = f"http://{STRANGER}:{server.port}"
    # the page came from the stranger's own machine, before the name was made to mean this one
    page.route(f"{strange}/start", lambda route: route.fulfill(body="<body></body>", content_type="text/html"))
    page.goto(f"{strange}/start")
    seen = attack(page, strange, state)
    assert seen.pop("script") == seen.pop("picture") == "failed"
    # all else is that refusal, or what a browser does not even send in this mode
    assert {seen.pop("alias no-cors"), seen.pop("remove no-cors")} == {"failed"}
    refusal = f"'{STRANGER}' is not a known name of this server"
    assert [what for what, it in seen.items() if refusal not in it] == []
    assert everything(server) == before
    assert set(answered(server, "POST", "/v1/datasets")) == {421}


def test_an_allowed_page_reads_and_changes(serve: Callable[..., Server], page: Page, state: dict[str, str]) -> None:
    with site() as port:
        origin = f"http://{STRANGER}:{port}"
        server = serve(allowed_origins=origin)
        page.goto(f"{origin}/")
        seen = attack(page, f"http://127.0.0.1:{server.port}", state)
    assert {what: seen[f"{what} cors"][:3] for what in ("upload", "predict", "read", "alias", "remove")} == {
        "upload": "202",
        "predict": "415",  # it names no type of its body
        "read": "200",
        "alias": "415",
        "remove": "204",
    }


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_our_own_pages_work(serve: Callable[..., Server], page: Page, name: str) -> None:
    server = serve()
    page.goto(f"http://{name}:{server.port}/docs")
    operation = page.locator("#operations-operations-is_alive")
    operation.wait_for(timeout=20_000)
    operation.locator(".opblock-summary").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    operation.locator(".live-responses-table .response-col_status").first.wait_for(timeout=20_000)
    assert "200" in operation.locator(".live-responses-table .response-col_status").nth(1).inner_text()
    posted = page.evaluate(
        """async () => (await fetch('/v1/datasets',
             {method: 'POST', body: 'a,b\\n1,2\\n', headers: {'Content-Type': 'text/csv'}})).status"""
    )
    assert posted == 202


def test_an_event_source_stops_after_the_end_of_a_job(
    serve: Callable[..., Server], page: Page, deps: Deps, state: dict[str, str]
) -> None:
    with deps.database.write() as session:
        for to in ("running", "succeeded"):
            jobs.move(session, state["JOB"], to)
    server = serve()
    page.goto(f"http://127.0.0.1:{server.port}/docs")
    script = """(url) => new Promise((done) => {
      const seen = [];
      const source = new EventSource(url);
      source.addEventListener('state', (event) => seen.push(JSON.parse(event.data).data.state));
      source.onerror = () => { if (source.readyState === EventSource.CLOSED) done(seen) };
    })"""
    events = f"/v1/jobs/{state['JOB']}/events"
    assert page.evaluate(script, f"http://127.0.0.1:{server.port}{events}") == ["running", "succeeded"]
    assert eventually(lambda: answered(server, "GET", events) == [200, 204])

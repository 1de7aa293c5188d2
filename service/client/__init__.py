"""The Python client of Adaline's HTTP API. It knows the API and nothing else of the service.

from service.client import Client
client = Client()
model = client.train(client.upload("houses.csv"), target="price", model="house-price")
client.predict("house-price", [{"rooms": 3, "garden": True}])
"""

from service.client.access import Key, Share
from service.client.client import Client
from service.client.errors import (
    ClientError,
    Conflict,
    DatasetFailed,
    Denied,
    DownloadDamaged,
    Failed,
    FieldError,
    Invalid,
    JobCancelled,
    JobFailed,
    NotFound,
    Occupied,
    Problem,
    ServerFault,
    Unavailable,
    Unreachable,
)
from service.client.pages import Report
from service.client.records import Alias, Column, Dataset, Event, Job, Model, Version

__all__ = [
    "Alias",
    "Client",
    "ClientError",
    "Column",
    "Conflict",
    "Dataset",
    "DatasetFailed",
    "Denied",
    "DownloadDamaged",
    "Event",
    "Failed",
    "FieldError",
    "Invalid",
    "Job",
    "JobCancelled",
    "JobFailed",
    "Key",
    "Model",
    "NotFound",
    "Occupied",
    "Problem",
    "Report",
    "ServerFault",
    "Share",
    "Unavailable",
    "Unreachable",
    "Version",
]

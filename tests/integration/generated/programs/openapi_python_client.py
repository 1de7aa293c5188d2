"""openapi-python-client's client: one upload, one job, one prediction, one report, one error."""

from __future__ import annotations

import io
import json
import sys
import time

from made import Client, models
from made.api.datasets import upload_dataset
from made.api.jobs import get_job, submit_job
from made.api.models import get_report
from made.api.predictions import predict_with_model
from made.types import File

url, table = sys.argv[1:]
client = Client(base_url=url)
form = models.UploadForm(file=File(payload=io.BytesIO(table.encode()), file_name="houses.csv"))
dataset = upload_dataset.sync(client=client, body=form, prefer="wait=20")
spec = models.TrainingSpec(dataset=dataset.id, model="by-openapi-python-client", target="price")
job = submit_job.sync(client=client, body=spec)
while not job.is_terminal:
    time.sleep(0.1)
    job = get_job.sync(job.id, client=client)
rows = models.PredictionRows.from_dict({"records": [{"rooms": 4, "garden": True, "city": "Nice"}]})
answer = predict_with_model.sync("by-openapi-python-client", client=client, body=rows)
report = get_report.sync("by-openapi-python-client", 1, client=client)
problem = get_job.sync("job_none", client=client)
told = {"state": job.state, "predictions": answer.predictions, "explained": len(report.partial_dependence)}
sys.stdout.write(json.dumps({**told, "code": problem.code}))

"""openapi-generator's Python client: one upload, one job, one prediction, one report, one error."""

from __future__ import annotations

import json
import sys
import time

import openapi_client as made

url, table = sys.argv[1:]
with made.ApiClient(made.Configuration(host=url)) as api:
    uploaded = made.DatasetsApi(api).upload_dataset(("houses.csv", table.encode()), prefer="wait=20")
    spec = made.TrainingSpec(dataset=uploaded.id, model="by-openapi-generator", target=made.TrainingSpecTarget("price"))
    jobs = made.JobsApi(api)
    job = jobs.submit_job(made.SubmitJobRequest(spec))
    while not job.is_terminal:
        time.sleep(0.1)
        job = jobs.get_job(job.id)
    rows = made.PredictionRows(records=[{"rooms": 4, "garden": True, "city": "Nice"}])
    answer = made.PredictionsApi(api).predict_with_model("by-openapi-generator", rows)
    report = made.ModelsApi(api).get_report("by-openapi-generator", 1)
    try:
        jobs.get_job("job_none")
    except made.ApiException as error:
        problem = json.loads(error.body)
    predictions = [one.actual_instance for one in answer.predictions]
told = {"state": job.state, "predictions": predictions, "explained": len(report.partial_dependence)}
sys.stdout.write(json.dumps({**told, "code": problem["code"]}))

// openapi-generator's typescript-fetch: one upload, one job, one prediction.
import { Configuration, DatasetsApi, JobsApi, PredictionsApi } from "./typescript-fetch/index";

async function main([url, table]: string[]): Promise<void> {
  const configuration = new Configuration({ basePath: url });
  const dataset = await new DatasetsApi(configuration).uploadDataset({
    file: new Blob([table]),
    name: "typescript-fetch",
    prefer: "wait=20",
  });
  const jobs = new JobsApi(configuration);
  let job = await jobs.submitJob({
    submitJobRequest: { dataset: dataset.id, model: "by-typescript-fetch", target: "price" },
  });
  while (!job.isTerminal) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    job = await jobs.getJob({ id: job.id });
  }
  const answer = await new PredictionsApi(configuration).predictWithModel({
    ref: "by-typescript-fetch",
    predictionRows: { records: [{ rooms: 4, garden: true, city: "Nice" }] },
  });
  console.log(JSON.stringify({ state: job.state, predictions: answer.predictions }));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});

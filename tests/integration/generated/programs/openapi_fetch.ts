// openapi-typescript's types with openapi-fetch: one upload, one job, one prediction with README's own records.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

async function main([url, table]: string[]): Promise<void> {
  const client = createClient<paths>({ baseUrl: url });
  const uploaded = await client.POST("/v1/datasets", {
    params: { header: { Prefer: "wait=20" }, query: { name: "openapi-fetch" } },
    headers: { "Content-Type": "text/csv" },
    body: table,
    bodySerializer: (text) => text,
  });
  const dataset = uploaded.data;
  if (!dataset || !("id" in dataset)) throw new Error(JSON.stringify(uploaded.error));
  const submitted = await client.POST("/v1/jobs", {
    body: { dataset: dataset.id, model: "by-openapi-fetch", target: "price" },
  });
  let job = submitted.data;
  while (job && !job.is_terminal) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    job = (await client.GET("/v1/jobs/{id}", { params: { path: { id: job.id } } })).data;
  }
  if (!job) throw new Error(JSON.stringify(submitted.error));
  const answer = await client.POST("/v1/models/{ref}/predict", {
    params: { path: { ref: "by-openapi-fetch" } },
    body: { records: [{ rooms: 4, garden: true, city: "Nice" }] },
  });
  if (typeof answer.data !== "object") throw new Error(JSON.stringify(answer.error));
  console.log(JSON.stringify({ state: job.state, predictions: answer.data.predictions }));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});

import { useState } from "preact/hooks";
import { api, bodyOf, may } from "../../api/client";
import { useAction, useResource } from "../../api/use";
import { go, href } from "../../router";
import { Card, Field, Loaded, Notice, Wrong } from "../../ui/parts";
import { ago, counted } from "../../words/format";
import type { Signature } from "./signature";

const MOST = 200;
const BY_ID = "by id";

/** All rows of an uploaded dataset, as a job of the workers: for tables of any size, and for later. */
export function ByDataset({ signature }: { signature: Signature }) {
  const [dataset, setDataset] = useState("");
  const [isById, giveId] = useState(false);
  const [format, setFormat] = useState<"csv" | "parquet">("csv");
  const datasets = useResource(() => bodyOf(api.GET("/v1/datasets", { params: { query: { limit: MOST } } })), []);
  const { run, isRunning, problem } = useAction(async () => {
    const job = await bodyOf(api.POST("/v1/batch-predictions", { body: { model: signature.reference, dataset: dataset.trim(), format } }));
    go(`/jobs/${job.id}`);
  });
  if (!may("read")) return <Notice><p>Your key opens no datasets: it lacks the scope <code>read</code>.</p></Notice>;
  return (
    <Card>
      <Loaded of={datasets}>
        {({ data, has_more }) => {
          const ready = data.filter(({ state }) => state === "ready");
          return (
            <form class="stack predict-dataset" onSubmit={(event) => { event.preventDefault(); void run(); }}>
              <p>A job predicts all rows of a dataset on the workers. Its file has the number of each row and its prediction, and stays until the job is deleted.</p>
              {ready.length === 0 && <p>No dataset is ready. <a href={href("/datasets/new")}>Upload one</a></p>}
              {ready.length > 0 && (
                <Field label="Dataset" hint={has_more ? `the newest ${MOST} datasets; of others, give the id` : undefined}>
                  {(ids) => (
                    <select {...ids} value={isById ? BY_ID : dataset} onChange={(event) => { const chosen = event.currentTarget.value; giveId(chosen === BY_ID); setDataset(chosen === BY_ID ? "" : chosen); }}>
                      <option value="">choose</option>
                      {ready.map((one) => <option key={one.id} value={one.id}>{one.name}, {counted(one.rows ?? 0, "row")}, {ago(one.created_at)}</option>)}
                      {has_more && <option value={BY_ID}>another, by its id …</option>}
                    </select>
                  )}
                </Field>
              )}
              {isById && (
                <Field label="Id of the dataset">
                  {(ids) => <input {...ids} required pattern="[A-Za-z0-9_]{1,64}" placeholder="ds_…" value={dataset} onInput={(event) => setDataset(event.currentTarget.value)} />}
                </Field>
              )}
              <Field label="Format of the file">
                {(ids) => <select {...ids} value={format} onChange={(event) => setFormat(event.currentTarget.value === "parquet" ? "parquet" : "csv")}><option value="csv">CSV</option><option value="parquet">Parquet</option></select>}
              </Field>
              <Wrong problem={problem} />
              <div><button class="button main" disabled={isRunning || dataset.trim() === ""}>Start the prediction</button></div>
            </form>
          );
        }}
      </Loaded>
    </Card>
  );
}

import { useState } from "preact/hooks";
import { api, bodyOf, may } from "../../api/client";
import { useAction, useResource } from "../../api/use";
import { go, href } from "../../router";
import { Card, Field, Loaded, Notice, Wrong } from "../../ui/parts";
import { counted } from "../../words/format";
import type { Signature } from "./signature";

const MOST = 200;

/** All rows of an uploaded dataset, as a job of the workers: for tables of any size, and for later. */
export function ByDataset({ signature }: { signature: Signature }) {
  const [dataset, setDataset] = useState("");
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
            <form class="stack" onSubmit={(event) => { event.preventDefault(); void run(); }}>
              <p>A job predicts all rows of a dataset on the workers. Its file has the number of each row and its prediction, and stays until the job is deleted.</p>
              {ready.length === 0 && <p>No dataset is ready. <a href={href("/datasets/new")}>Upload one</a></p>}
              <Field label="Dataset" hint={has_more ? `the newest ${MOST} are listed; of others, type the id` : undefined}>
                {(ids) => (
                  <>
                    <input {...ids} list="datasets" required pattern="[A-Za-z0-9_]{1,64}" placeholder="ds_…" value={dataset} onInput={(event) => setDataset(event.currentTarget.value)} />
                    <datalist id="datasets">{ready.map((one) => <option key={one.id} value={one.id}>{one.name}, {counted(one.rows ?? 0, "row")}</option>)}</datalist>
                  </>
                )}
              </Field>
              <Field label="Format of the file">
                {(ids) => <select {...ids} value={format} onChange={(event) => setFormat(event.currentTarget.value === "parquet" ? "parquet" : "csv")}><option value="csv">CSV</option><option value="parquet">Parquet</option></select>}
              </Field>
              <Wrong problem={problem} />
              <div><button class="button main" disabled={isRunning}>Start the prediction</button></div>
            </form>
          );
        }}
      </Loaded>
    </Card>
  );
}

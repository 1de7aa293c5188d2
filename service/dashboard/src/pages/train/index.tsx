import { api, bodyOf } from "../../api/client";
import { loadSchemas } from "../../api/schemas";
import { useResource } from "../../api/use";
import { go, href, place } from "../../router";
import { isObject } from "../../ui/form/draft";
import { Card, Empty, Heading, Loaded } from "../../ui/parts";
import { counted } from "../../words/format";
import { Train } from "./train";

const LISTED = 100;

/** Train on the dataset of ?dataset=, again as the job of ?job= did, or choose a dataset first. */
export default function TrainPage() {
  const { query } = place.value;
  const dataset = query.get("dataset") ?? "";
  const target = query.get("target") ?? "";
  const job = query.get("job") ?? "";
  return dataset || job ? <Begin key={`${dataset} ${job}`} dataset={dataset} target={target} job={job} /> : <Choose />;
}

function Begin({ dataset: asked, target, job: id }: { dataset: string; target: string; job: string }) {
  const all = useResource(async () => {
    const job = id ? await bodyOf(api.GET("/v1/jobs/{id}", { params: { path: { id } } })) : undefined;
    const [dataset, schemas] = await Promise.all([
      bodyOf(api.GET("/v1/datasets/{id}", { params: { path: { id: job?.dataset ?? asked } } })),
      loadSchemas(),
    ]);
    // what was read as JSON is JSON; a batch prediction has no spec to train by
    const spec: unknown = job && job.kind !== "predict" ? JSON.parse(JSON.stringify(job.spec)) : undefined;
    return { dataset, schemas, spec: isObject(spec) ? spec : undefined };
  }, [asked, id]);
  return (
    <>
      <Heading title="Train a model" />
      <Loaded of={all}>
        {({ dataset, schemas, spec }) =>
          dataset.state === "ready" && dataset.columns ? (
            <Train dataset={dataset} columns={dataset.columns} schemas={schemas} given={spec} target={target} />
          ) : (
            <Empty title={dataset.state === "failed" ? "This dataset could not be read" : "This dataset is still being read"}>
              <p>{dataset.error?.detail ?? "A model can be trained on it as soon as that has ended."}</p>
              <div class="row">
                <a class="button" href={href(`/datasets/${dataset.id}`)}>Look at the dataset</a>
                <button type="button" class="button" onClick={all.reload}>Look again</button>
              </div>
            </Empty>
          )
        }
      </Loaded>
    </>
  );
}

/** Which dataset to train on: the newest that are ready. */
function Choose() {
  const all = useResource(() => bodyOf(api.GET("/v1/datasets", { params: { query: { limit: LISTED } } })), [], 10);
  return (
    <>
      <Heading title="Train a model">
        <a class="button" href={href("/datasets/new")}>Upload a table</a>
      </Heading>
      <Loaded of={all}>
        {({ data, has_more }) => {
          const ready = data.filter(({ state }) => state === "ready");
          if (ready.length === 0) {
            return (
              <Empty title={data.length > 0 ? "No dataset is ready yet" : "There is nothing to learn from yet"}>
                <p>Upload a CSV or a Parquet file first; then choose the column to predict.</p>
                <a class="button main" href={href("/datasets/new")}>Upload a table</a>
              </Empty>
            );
          }
          return (
            <Card title="Which dataset?">
              <ul class="train-datasets">
                {ready.map((one) => (
                  <li key={one.id}>
                    <button type="button" class="button" onClick={() => go("/train", { dataset: one.id })}>{one.name}</button>
                    <span class="quiet small">{counted(one.rows ?? 0, "row")}, {counted(one.column_count ?? 0, "column")}</span>
                  </li>
                ))}
              </ul>
              {has_more && <p class="small quiet">These are the newest; older ones are among <a href={href("/datasets")}>all datasets</a>, and can be trained on from their pages.</p>}
            </Card>
          );
        }}
      </Loaded>
    </>
  );
}

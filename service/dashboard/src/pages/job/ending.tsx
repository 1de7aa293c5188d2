import { api, bodyOf, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { href } from "../../router";
import { Loaded, Notice } from "../../ui/parts";
import { number } from "../../words/format";
import { Compared } from "./compared";
import { ADVICE } from "./words";

/** How a job ended: what it made, or what went wrong and what to try. */
export function Ending({ job }: { job: Schema<"Job"> }) {
  if (job.state === "failed") return <Failed job={job} />;
  if (job.state === "cancelled") return <Notice>It was cancelled{job.kind === "train" ? ": no version was published" : ""}.</Notice>;
  if (job.state !== "succeeded") return null;
  return job.kind === "predict" ? <Predicted job={job} /> : <Made job={job} />;
}

function Failed({ job }: { job: Schema<"Job"> }) {
  const code = job.error?.code ?? "";
  return (
    <Notice tone="bad">
      <div class="stack tight">
        <h2>What went wrong</h2>
        <p>{job.error?.detail ?? "No reason was told."}</p>
        {ADVICE[code] && <><h3>What to try</h3><p>{ADVICE[code]}</p></>}
        <div class="row">
          {job.kind !== "predict" && <a class="button" href={href("/train", { job: job.id })}>Change its spec and train again</a>}
          {code && <span class="small quiet">code <code>{code}</code></span>}
        </div>
      </div>
    </Notice>
  );
}

function Predicted({ job }: { job: Schema<"Job"> }) {
  const format = "format" in job.spec ? job.spec.format : "csv";
  return (
    <Notice tone="good">
      <div class="row apart">
        <p>The predictions are ready: the number of each row, then what the model says of it.</p>
        <a class="button main" href={`/v1/jobs/${encodeURIComponent(job.id)}/result`} download>Download as {format === "parquet" ? "Parquet" : "CSV"}</a>
      </div>
    </Notice>
  );
}

function Made({ job }: { job: Schema<"Job"> }) {
  const result = useResource(() => bodyOf(api.GET("/v1/jobs/{id}/result", { params: { path: { id: job.id } } })), [job.id]);
  return (
    <Loaded of={result}>
      {(made) => (typeof made === "string" ? null : made.comparison ? <Compared comparison={made.comparison} /> : <Published job={job} made={made} />)}
    </Loaded>
  );
}

const METRICS = ["rmse", "mae", "r2", "accuracy", "log_loss", "roc_auc", "f1"] as const;

function Published({ job, made }: { job: Schema<"Job">; made: Schema<"JobResult"> }) {
  if (!made.model) return null;
  const { name, version } = made.model;
  const path = `/models/${encodeURIComponent(name)}/versions/${version}`;
  const splits = Object.entries(made.metrics ?? {}).filter((entry): entry is [string, Record<string, unknown>] => typeof entry[1] === "object" && entry[1] !== null);
  const split = splits.find(([called]) => called === "validation") ?? splits.find(([called]) => called === "train");
  const figures = METRICS.flatMap((metric) => {
    const value = split?.[1][metric];
    return typeof value === "number" ? [`${metric === "r2" ? "R²" : metric.replace("_", " ")} ${number(value)}`] : [];
  });
  return (
    <Notice tone="good">
      <div class="stack tight">
        <p><strong>Version {version} of {name} is published.</strong> {made.promotion?.sentence ?? ""}</p>
        {split && figures.length > 0 && <p>On the {split[0] === "train" ? "training" : split[0]} rows: {figures.join(", ")}.</p>}
        <div class="row">
          <a class="button main" href={href(path)}>See what it has learnt</a>
          <a class="button" href={href(`/predict/${encodeURIComponent(`${name}:${version}`)}`)}>Predict with it</a>
          <a class="button" href={href("/train", { dataset: job.dataset })}>Train another</a>
        </div>
      </div>
    </Notice>
  );
}

import type { Schema } from "../../api/client";
import { href } from "../../router";
import { Card, Code } from "../../ui/parts";
import { count, counted, moment, seconds } from "../../words/format";
import { Notes } from "./notes";

/** Where a version came from: its data, its spec, what it ran on; and what is noted with it. */
export function Facts({ version, lineage, onChange }: { version: Schema<"Version">; lineage: Schema<"Lineage"> | undefined; onChange: () => void }) {
  const { target, features, task, dataset, job, created_at, spec } = version;
  const notes = Object.entries(lineage?.column_notes ?? {}).filter(([, all]) => all.length > 0);
  return (
    <section class="stack" aria-labelledby="origin">
      <h2 id="origin">Where it came from</h2>
      <div class="columns">
        <Card title="Origin">
          <dl class="facts">
            <dt>Predicts</dt><dd>{typeof target === "string" ? target : target.join(", ")} ({task})</dd>
            <dt>From</dt><dd><details><summary>{counted(features.length, "feature")}</summary>{features.slice(0, 200).map(({ name, kind }) => `${name} (${kind})`).join(", ")}{features.length > 200 ? " …" : ""}</details></dd>
            <dt>Dataset</dt><dd><a href={href(`/datasets/${dataset}`)}>{dataset}</a></dd>
            <dt>Job</dt><dd><a href={href(`/jobs/${job}`)}>{job}</a></dd>
            <dt>Trained</dt><dd>{moment(created_at)}{lineage?.seconds === undefined ? "" : `, in ${seconds(lineage.seconds)}`}</dd>
            {lineage?.trained_rows && <><dt>Rows</dt><dd>{rowsInWords(lineage.trained_rows)}</dd></>}
            {lineage?.engine && <><dt>Engine</dt><dd>{lineage.engine}{lineage.engine_note ? `: ${lineage.engine_note}` : ""}</dd></>}
            {lineage?.dataset_sha256 && <><dt>Data’s SHA-256</dt><dd><code>{lineage.dataset_sha256}</code></dd></>}
            {lineage?.split_sha256 && <><dt>Split’s SHA-256</dt><dd><code>{lineage.split_sha256}</code></dd></>}
            {lineage?.versions && <><dt>Made with</dt><dd>{Object.entries(lineage.versions).map(([name, of]) => `${name} ${of}`).join(", ")}</dd></>}
          </dl>
        </Card>
        <Notes version={version} onChange={onChange} />
      </div>
      {notes.length > 0 && (
        <Card title="How columns were read">
          <dl class="facts">{notes.slice(0, 200).map(([column, all]) => <><dt key={column}>{column}</dt><dd>{all.join("; ")}</dd></>)}</dl>
        </Card>
      )}
      {Object.keys(spec).length > 0 && (
        <details>
          <summary>The spec that it was trained by, with every “auto” replaced by what was used</summary>
          <Code text={JSON.stringify(spec, null, 2)} label="Copy the spec" />
        </details>
      )}
    </section>
  );
}

function rowsInWords({ judged = 0, published = 0 }: Schema<"TrainedRows">): string {
  return judged === published ? `trained on ${count(published)}` : `trained on ${count(published)}; its metrics are of the model before, trained on ${count(judged)}`;
}

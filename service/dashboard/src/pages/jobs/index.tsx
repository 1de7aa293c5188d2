import { useEffect, useState } from "preact/hooks";
import { api, bodyOf, type Schema, signIns } from "../../api/client";
import { asked, FORM, metadataOf } from "../../api/filters";
import { href, place, setQuery } from "../../router";
import { MetadataFilter } from "../../ui/metadata-filter";
import { Empty, Heading, State, Waiting, Wrong } from "../../ui/parts";
import { type Column, VirtualTable } from "../../ui/virtual";
import { usePaged } from "../../ui/virtual/paged";
import { ago, moment, NONE, percent, seconds } from "../../words/format";
import { elapsed, KIND_NAMES } from "../job/words";

type Row = Schema<"ListedJob">;

const STATES = ["queued", "running", "cancelling", "paused", "succeeded", "failed", "cancelled"] as const satisfies readonly Row["state"][];
const KINDS = ["train", "descent-comparison", "predict"] as const satisfies readonly Row["kind"][];
const REFRESH_SECONDS = 3;
const TYPING_MS = 400;

const COLUMNS: Column<Row>[] = [
  { name: "job", title: "Job", width: 15, isHeader: true, show: (job) => <a href={href(`/jobs/${job.id}`)} title={nameOf(job)}>{nameOf(job)}</a> },
  { name: "state", title: "State", width: 7, show: (job) => <State state={job.state} /> },
  { name: "kind", title: "Kind", width: 9, show: (job) => KIND_NAMES[job.kind] ?? job.kind },
  { name: "progress", title: "Progress", width: 9, show: progressOf },
  { name: "submitted", title: "Submitted", width: 9, show: (job) => <span title={moment(job.created_at)}>{ago(job.created_at)}</span> },
  { name: "took", title: "Took", width: 7, isNumber: true, show: (job) => (job.started_at ? seconds(elapsed(job.started_at, job.finished_at)) : NONE) },
  { name: "made", title: "Version", width: 8, show: versionOf },
];

/** All jobs, newest first; states change as one looks. */
export default function JobsPage() {
  const { query } = place.value;
  const state = STATES.find((one) => one === query.get("state"));
  const kind = KINDS.find((one) => one === query.get("kind"));
  const model = query.get("model") ?? "";
  const metadata = metadataOf(query);
  const wanted = { limit: 100, ...(state ? { state } : {}), ...(kind ? { kind } : {}), ...(model ? { model } : {}), ...asked(metadata) };
  const paged = usePaged(
    (after) => bodyOf(api.GET("/v1/jobs", { params: { query: { ...wanted, ...(after ? { after } : {}) } }, querySerializer: FORM })),
    (job) => job.id,
    [JSON.stringify(wanted), signIns.value],
    REFRESH_SECONDS,
  );
  const isFiltered = Object.keys(wanted).length > 1;
  const showAll = () => setQuery(Object.fromEntries(["state", "kind", "model", ...Object.keys(metadata).map((key) => `metadata.${key}`)].map((name) => [name, undefined])));
  return (
    <>
      <Heading title="Jobs">
        <a class="button main" href={href("/train")}>Train a model</a>
      </Heading>
      <div class="row" role="search" aria-label="Which jobs">
        <label class="row">State <Choose value={state} values={STATES} onChoose={(value) => setQuery({ state: value })} /></label>
        <label class="row">Kind <Choose value={kind} values={KINDS} names={KIND_NAMES} onChoose={(value) => setQuery({ kind: value })} /></label>
        <ModelFilter value={model} />
        {isFiltered && <button type="button" class="button little" onClick={showAll}>Show all</button>}
      </div>
      <MetadataFilter of="jobs" />
      {paged.rows === undefined ? (
        paged.problem ? <Wrong problem={paged.problem} onRetry={paged.reload} /> : <Waiting />
      ) : paged.rows.length === 0 ? (
        isFiltered ? (
          <Empty title="No job is like that"><p>Choose another state, kind or model.</p></Empty>
        ) : (
          <Empty title="No job was started yet">
            <p>A job trains a model, compares descents, or predicts a whole dataset.</p>
            <a class="button main" href={href("/train")}>Train a model</a>
          </Empty>
        )
      ) : (
        <VirtualTable label="Jobs" one="job" columns={COLUMNS} rows={paged.rows} keyOf={(job) => job.id} paged={paged} />
      )}
    </>
  );
}

function nameOf(job: Row): string {
  return job.model_name ?? KIND_NAMES[job.kind] ?? job.kind;
}

function progressOf({ state, progress }: Row) {
  if (state === "succeeded" || !progress) return NONE;
  const left = progress.eta_seconds;
  const isGoing = state === "running" || state === "cancelling";
  return `${percent(progress.fraction)}${isGoing && typeof left === "number" && left > 0 ? `, ${seconds(left)} left` : ""}`;
}

function versionOf({ model }: Row) {
  if (!model) return NONE;
  return <a href={href(`/models/${encodeURIComponent(model.name)}/versions/${model.version}`)} aria-label={`Version ${model.version} of ${model.name}`}>version {model.version}</a>;
}

function Choose<Word extends string>({ value, values, names, onChoose }: { value: Word | undefined; values: readonly Word[]; names?: Record<string, string>; onChoose: (value: string | undefined) => void }) {
  return (
    <select value={value ?? ""} onChange={(event) => onChoose(event.currentTarget.value || undefined)}>
      <option value="">all</option>
      {values.map((one) => <option key={one} value={one}>{names?.[one] ?? one}</option>)}
    </select>
  );
}

/** A model's whole name, asked for once one stops typing. */
function ModelFilter({ value }: { value: string }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = window.setTimeout(() => setQuery({ model: text.trim() || undefined }), TYPING_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return <label class="row">Model <input type="search" value={text} autocomplete="off" spellcheck={false} placeholder="its whole name" onInput={(event) => setText(event.currentTarget.value)} /></label>;
}

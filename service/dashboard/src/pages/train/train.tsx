import { useMemo, useRef, useState } from "preact/hooks";
import { api, bodyOf, may, type Schema, session } from "../../api/client";
import type { Schemas } from "../../api/schemas";
import { useAction } from "../../api/use";
import { go, href } from "../../router";
import { at, chosen, type Draft, put, withoutPresets } from "../../ui/form/draft";
import { fieldsOf, type Json } from "../../ui/form/schema";
import { Card, Code, Field, Notice, Tabs, Wrong } from "../../ui/parts";
import { SchemaForm } from "../../ui/schema-form";
import { counted } from "../../words/format";
import "../../styles/train.css";
import { Checked } from "./checked";
import { again, suggestedName, targetsOf } from "./columns";
import { curlOf, pythonOf } from "./lines";
import { Kinds } from "./kinds";
import { PickColumns } from "./pick-columns";
import { isSpec, usePreflight } from "./use-preflight";

const ABOVE = ["dataset", "target", "features", "exclude", "model", "kind"];  // what has a place of its own on the page
const WAYS = ["Train a model", "Compare descents"] as const;
const TOOLS = ["curl", "Python"] as const;

/** A spec, as a person makes it: columns, kind of network, everything else; what the server says of it beside that. */
export function Train({ dataset, columns, schemas, given, target }: { dataset: Schema<"Dataset">; columns: Schema<"Column">[]; schemas: Schemas; given: Draft | undefined; target: string }) {
  const [draft, setDraft] = useState<Draft>(() => {
    if (!given) return begun(dataset, columns, target);
    const all = fieldsOf({ $ref: given.kind === "descent-comparison" ? "ComparisonSpec" : "TrainingSpec" }, schemas);
    return again(columns, { ...withoutPresets(given, all), ...(given.kind === "descent-comparison" ? { kind: given.kind } : {}) });
  });
  const [tool, setTool] = useState<(typeof TOOLS)[number]>("curl");
  const isNamed = useRef(given !== undefined);
  const isComparison = draft.kind === "descent-comparison";
  const fields = useMemo(() => fieldsOf({ $ref: isComparison ? "ComparisonSpec" : "TrainingSpec" }, schemas, ABOVE), [schemas, isComparison]);
  const preflight = usePreflight(draft);
  const mayTrain = may("train");
  const isReady = isSpec(draft);
  const key = useRef({ of: "", is: "" });
  const { run, isRunning, problem, clear } = useAction(async () => {
    if (!isSpec(draft)) return;
    const body = JSON.stringify(draft);
    if (key.current.of !== body) key.current = { of: body, is: randomKey() };  // the same again is the same job
    const job = await bodyOf(api.POST("/v1/jobs", { body: draft, params: { header: { "Idempotency-Key": key.current.is } } }));
    go(`/jobs/${job.id}`);
  });
  const change = (next: Draft) => {
    if (problem) clear();  // it was said of what is changed now
    if (isComparison) setDraft(next);
    else setDraft(isNamed.current ? next : put(next, ["model"], targetsOf(next).length > 0 ? suggestedName(dataset.name, targetsOf(next)) : undefined));
  };
  const wrong = preflight.problem ?? problem;
  const many = fields.reduce((sum, { name }) => sum + chosen(draft[name]), 0) - (at(draft, ["network", "kind"]) === undefined ? 0 : 1);
  const isHidden = wrong?.problem.errors.some(({ pointer }) => !ABOVE.some((name) => pointer === `/${name}` || pointer.startsWith(`/${name}/`))) ?? false;
  const [isOpen, setOpen] = useState(false);
  return (
    <div class="train">
      <div class="stack">
        <p>
          On <a href={href(`/datasets/${dataset.id}`)}>{dataset.name}</a>: {counted(dataset.rows ?? 0, "row")}, {counted(columns.length, "column")}. <a class="small" href={href("/train")}>Another dataset</a>
        </p>
        {!mayTrain && <Notice tone="warn">Your key may not train; it opens {session.value?.scopes.join(", ")}. You can still check a spec, and copy it.</Notice>}
        <Tabs names={WAYS} label="What to do" chosen={isComparison ? WAYS[1] : WAYS[0]} onChoose={(way) => { clear(); setDraft(other(draft, way === WAYS[1], dataset.name)); }} />
        {isComparison && <p class="quiet">Batch, stochastic and mini-batch descent go down the same loss, on scaled columns and on the columns as they are. No model is made.</p>}
        <Card title="Columns">
          <PickColumns columns={columns} rows={dataset.rows ?? 0} draft={draft} onChange={change} problem={wrong} />
        </Card>
        <Card title={isComparison ? "Network" : "Model"}>
          <div class="stack">
            <Kinds schemas={schemas} draft={draft} onChange={change} isComparison={isComparison} />
            {!isComparison && (
              <Field label="Name of the model" hint="Lower-case letters, digits and . _ -. A name that exists gets another version." wrong={wrong?.at("/model") ?? ""}>
                {(ids) => (
                  <input
                    {...ids}
                    value={typeof draft.model === "string" ? draft.model : ""}
                    autocomplete="off"
                    spellcheck={false}
                    maxLength={100}
                    onInput={(event) => { isNamed.current = event.currentTarget.value !== ""; clear(); setDraft(put(draft, ["model"], event.currentTarget.value || undefined)); }}
                  />
                )}
              </Field>
            )}
            <details open={isOpen || isHidden} onToggle={(event) => setOpen(event.currentTarget.open)}>
              <summary>Everything else{many > 0 ? ` (${many} chosen)` : ""}</summary>
              {(isOpen || isHidden) && <div class="train-all"><SchemaForm fields={fields} draft={draft} onChange={change} problem={wrong} /></div>}
            </details>
          </div>
        </Card>
        <Card title="The same from a terminal or a program">
          <div class="stack tight">
            <Tabs names={TOOLS} label="Lines for" chosen={tool} onChoose={setTool} />
            {isReady ? (
              <Code text={tool === "curl" ? curlOf(window.location.origin, draft, session.value?.key != null) : pythonOf(window.location.origin, draft)} />
            ) : (
              <p class="quiet">The lines are here once a column to predict is chosen.</p>
            )}
            {session.value?.key != null && <p class="small quiet">Put your key into the environment first: <code>export ADALINE_KEY=adl_…</code></p>}
          </div>
        </Card>
      </div>
      <aside class="train-side stack" aria-label="Preflight">
        <button type="button" class="button main" disabled={!mayTrain || !isReady || isRunning || preflight.problem !== undefined} onClick={() => void run()}>
          {isComparison ? "Compare the descents" : "Train"}
        </button>
        <Wrong problem={problem} />
        <Card title="Preflight"><Checked {...preflight} isReady={isReady} /></Card>
      </aside>
    </div>
  );
}

/** A draft that says no more than the dataset, and the column to predict where that is one of its. */
function begun(dataset: Schema<"Dataset">, columns: Schema<"Column">[], target: string): Draft {
  return columns.some(({ name }) => name === target) ? { dataset: dataset.id, target, model: suggestedName(dataset.name, [target]) } : { dataset: dataset.id };
}

/** The draft for the other kind of job: what both have stays, and what only one has goes. */
function other(draft: Draft, isComparison: boolean, dataset: string): Draft {
  const both = ["dataset", "target", "features", "exclude", "network"].flatMap((name): [string, Json][] => {
    const value = draft[name];
    return value === undefined || (name === "target" && Array.isArray(value)) ? [] : [[name, value]];
  });
  const kept: Draft = Object.fromEntries(both);
  if (isComparison) return { kind: "descent-comparison", ...put(kept, ["network", "kind"], at(kept, ["network", "kind"]) === "mlp" ? "mlp" : undefined) };
  return typeof kept.target === "string" ? { ...kept, model: suggestedName(dataset, [kept.target]) } : kept;
}

function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

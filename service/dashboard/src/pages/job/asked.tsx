import type { Schema } from "../../api/client";
import { href } from "../../router";
import { isObject, word } from "../../ui/form/draft";
import { label } from "../../ui/form/schema";
import { Code } from "../../ui/parts";
import { modelOf } from "./words";

const FIRST = ["target", "task", "network", "loss", "optimizer", "batch_size", "epochs", "split", "format"];

/** The spec of a job, the fields that matter first; `auto` is replaced there by what was used. */
export function WhatWasAsked({ job }: { job: Schema<"Job"> }) {
  const spec: unknown = job.spec;
  if (!isObject(spec)) return null;
  const model = modelOf(job);
  const path = job.model ? `/models/${encodeURIComponent(job.model.name)}/versions/${job.model.version}` : "";
  return (
    <div class="stack tight">
      <dl class="facts small">
        {model && <><dt>Model</dt><dd>{path ? <a href={href(path)}>{model}</a> : model}</dd></>}
        {FIRST.filter((name) => name in spec).map((name) => <Fact key={name} name={name} value={spec[name]} />)}
      </dl>
      <details>
        <summary>The whole spec</summary>
        <Code text={JSON.stringify(spec, null, 2)} />
      </details>
    </div>
  );
}

function Fact({ name, value }: { name: string; value: unknown }) {
  return <><dt>{label(name)}</dt><dd>{inWords(value)}</dd></>;
}

function inWords(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join(", ");
  if (isObject(value)) return Object.entries(value).filter(([, one]) => one !== null && one !== false).map(([name, one]) => `${name.replace(/_/g, " ")} ${inWords(one)}`).join(", ");
  return typeof value === "number" || typeof value === "string" || typeof value === "boolean" || value === null ? word(value) : "";
}

import { useState } from "preact/hooks";
import { api, may, type Schema } from "../../api/client";
import { useAction } from "../../api/use";
import { go, href } from "../../router";
import { Ask, Wrong } from "../../ui/parts";

/** Deletes a dataset, after a question; where jobs or versions refer to it, after another that names them. */
export function Remove({ of }: { of: Schema<"Dataset"> }) {
  const [isOpen, open] = useState(false);
  const { run, isRunning, problem, clear } = useAction(async (force: boolean) => {
    await api.DELETE("/v1/datasets/{id}", { params: { path: { id: of.id }, query: { force } } });
    go("/datasets");
  });
  if (!may("train")) return null;
  const inUse = problem?.code === "dataset_in_use";
  return (
    <>
      <button type="button" class="button danger" disabled={isRunning} onClick={() => { clear(); open(true); }}>Delete</button>
      <Ask
        open={isOpen}
        title={inUse ? "It is in use: delete it anyway?" : `Delete ${of.name}?`}
        action={inUse ? "Delete it anyway" : "Delete the dataset"}
        onAnswer={(yes) => {
          if (yes) void run(inUse);
          else open(false);
        }}
      >
        {inUse ? <References of={problem.problem.references ?? []} /> : <Wrong problem={problem} />}
        {!problem && <p>Its rows, its profile and the uploaded file go. Models that were trained on it keep serving. This cannot be undone.</p>}
      </Ask>
    </>
  );
}

function References({ of }: { of: Schema<"Reference">[] }) {
  return (
    <div class="stack tight" role="alert">
      {of.some(({ type }) => type === "version") && <p>Versions were trained on it. They keep serving, but cannot be trained again as they were.</p>}
      {of.some(({ type }) => type === "job") && <p>Jobs that are not finished need it. Those that have not read it yet will fail.</p>}
      <ul>
        {of.map((one) => (
          <li key={`${one.id}${one.model}${one.version}`}>
            {one.type === "job" ? <a href={href(`/jobs/${one.id}`)}>job {one.id}</a> : <a href={href(`/models/${encodeURIComponent(one.model ?? "")}/versions/${one.version}`)}>{one.model}, version {one.version}</a>}
            {one.state && ` (${one.state})`}
          </li>
        ))}
      </ul>
    </div>
  );
}

import { useId, useMemo, useState } from "preact/hooks";
import type { Schema } from "../../api/client";
import type { ApiProblem } from "../../api/problem";
import type { Draft } from "../../ui/form/draft";
import { Badge } from "../../ui/parts";
import { count, counted, number, percent } from "../../words/format";
import { featuresOf, targetsOf, whyNot, withFeatures, withTargets } from "./columns";

const SHOWN = 100;

/** The columns of a dataset: which is predicted, and which are learnt from. */
export function PickColumns({ columns, rows, draft, onChange, problem }: {
  columns: Schema<"Column">[];
  rows: number;
  draft: Draft;
  onChange: (draft: Draft) => void;
  problem: ApiProblem | undefined;
}) {
  const [search, setSearch] = useState("");
  const [shown, setShown] = useState(SHOWN);
  const [isSeveral, setSeveral] = useState(targetsOf(draft).length > 1);
  const group = useId();
  const targets = targetsOf(draft);
  const isComparison = draft.kind === "descent-comparison";
  const features = useMemo(() => featuresOf(columns, draft), [columns, draft]);
  const words = search.trim().toLowerCase();
  const found = useMemo(() => (words ? columns.filter(({ name }) => name.toLowerCase().includes(words)) : columns), [columns, words]);
  const choose = (name: string, isChosen: boolean) => {
    const next = !isSeveral ? [name] : isChosen ? columns.map((column) => column.name).filter((one) => one === name || targets.includes(one)) : targets.filter((one) => one !== name);
    onChange(withTargets(columns, draft, next));
  };
  const tick = (names: string[], isChosen: boolean) => {
    const next = new Set(features);
    for (const name of names) if (isChosen) next.add(name);
      else next.delete(name);
    onChange(withFeatures(columns, draft, next));
  };
  const wrong = ["/target", "/features", "/exclude"].map((place) => problem?.at(place)).filter(Boolean).join("; ");
  const names = found.filter((column) => !targets.includes(column.name)).map(({ name }) => name);
  return (
    <div class="stack tight">
      <p>
        {targets.length === 0 ? "Choose the column to predict." : <>Predict <strong>{targets.join(", ")}</strong> from {counted(features.size, "column")}.</>}
      </p>
      {wrong && <p class="wrong-words" role="alert">{wrong}</p>}
      <div class="row">
        <label class="row"><span>Find a column</span><input type="search" value={search} onInput={(event) => { setSearch(event.currentTarget.value); setShown(SHOWN); }} /></label>
        <button type="button" class="button little" onClick={() => tick(names, true)}>Learn from {words ? "those found" : "all"}</button>
        <button type="button" class="button little" onClick={() => tick(names, false)}>From none {words ? "of those found" : ""}</button>
        {!isComparison && (
          <label class="check small">
            <input type="checkbox" checked={isSeveral} onChange={(event) => { setSeveral(event.currentTarget.checked); if (!event.currentTarget.checked && targets.length > 1) onChange(withTargets(columns, draft, targets.slice(0, 1))); }} />
            Predict several numbers together
          </label>
        )}
      </div>
      <div class="scroll train-columns" tabIndex={0} role="region" aria-label="Columns">
        <table>
          <thead>
            <tr><th scope="col">Predict</th><th scope="col">Learn from</th><th scope="col">Column</th><th scope="col">Kind</th><th scope="col" class="number">Missing</th><th scope="col" class="number">Distinct</th><th scope="col">Values</th></tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((column) => {
              const isTarget = targets.includes(column.name);
              const why = whyNot(column, draft);
              return (
                <tr key={column.name}>
                  <td><input type={isSeveral ? "checkbox" : "radio"} name={group} checked={isTarget} aria-label={`Predict ${column.name}`} onChange={(event) => choose(column.name, event.currentTarget.checked)} /></td>
                  <td><input type="checkbox" checked={features.has(column.name)} disabled={isTarget} aria-label={`Learn from ${column.name}`} onChange={(event) => tick([column.name], event.currentTarget.checked)} /></td>
                  <th scope="row" class="train-name">{column.name}</th>
                  <td>{column.kind} {why && !isTarget && <Badge>{why}</Badge>}</td>
                  <td class="number">{column.nulls > 0 ? percent(column.nulls / Math.max(rows, 1)) : "none"}</td>
                  <td class="number">{count(column.distinct)}</td>
                  <td>{spanOf(column)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="quiet small">
        {found.length === 0 ? "No column is called so." : found.length > shown ? `${count(shown)} of ${counted(found.length, "column")} are shown. ` : counted(found.length, "column")}
        {found.length > shown && <button type="button" class="button little" onClick={() => setShown(shown + SHOWN)}>Show {count(Math.min(SHOWN, found.length - shown))} more</button>}
      </p>
    </div>
  );
}

function spanOf({ minimum, maximum }: Schema<"Column">): string {
  if (minimum === undefined || minimum === null || maximum === undefined || maximum === null) return "";
  const shown = (value: number | string) => (typeof value === "number" ? number(value) : value.slice(0, 10));
  return `${shown(minimum)} to ${shown(maximum)}`;
}

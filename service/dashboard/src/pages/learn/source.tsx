import { useEffect, useId, useState } from "preact/hooks";
import { asProblem, type ApiProblem } from "../../api/problem";
import type { Schema } from "../../api/client";
import { href, setQuery } from "../../router";
import { Card, Field, Notice, Wrong } from "../../ui/parts";
import { counted } from "../../words/format";
import { type Sample } from "../../lesson/sample.ts";
import { type Loaded, readyDatasets } from "./table";

export interface Columns {
  target: string;
  first: string;
  second: string;
}

const NAMED = 300; // columns in a list to choose from; more are found by typing

/** Which table, and which of its columns; all of it is in the address, so that a lesson can be linked to. */
export function Source({ dataset, loaded, columns, sample }: { dataset: string; loaded: Loaded | undefined; columns: Columns | undefined; sample: Sample | undefined }) {
  const [list, setList] = useState<{ datasets: Schema<"Dataset">[]; next: string | null }>({ datasets: [], next: null });
  const [problem, setProblem] = useState<ApiProblem>();
  const more = (after?: string) =>
    readyDatasets(after).then(
      (page) => setList((before) => ({ datasets: after ? [...before.datasets, ...page.datasets] : page.datasets, next: page.next })),
      (error: unknown) => setProblem(asProblem(error)),
    );
  useEffect(() => void more(), []);
  const names = loaded?.table.columns ?? [];
  const isListed = !dataset || list.datasets.some(({ id }) => id === dataset);
  return (
    <Card title="The table" class="stack">
      <div class="columns least">
        <Field label="Learn on">
          {(ids) => (
            <select {...ids} value={dataset} onChange={(event) => setQuery({ dataset: event.currentTarget.value, target: undefined, x: undefined, x2: undefined })}>
              <option value="">Palmer penguins (built in)</option>
              {!isListed && <option value={dataset}>{loaded?.table.name ?? dataset}</option>}
              {list.datasets.map(({ id, name, rows }) => <option key={id} value={id}>{name} ({counted(rows ?? 0, "row")})</option>)}
            </select>
          )}
        </Field>
        {columns && (
          <>
            <ColumnField label="Predict (y)" names={names.filter((name) => name !== columns.first && name !== columns.second)} value={columns.target} onChoose={(target) => setQuery({ target })} />
            <ColumnField label="From (x)" names={names.filter((name) => name !== columns.target && name !== columns.second)} value={columns.first} onChoose={(x) => setQuery({ x })} />
            <ColumnField label="And from (a second x)" none="nothing else" names={names.filter((name) => name !== columns.target && name !== columns.first)} value={columns.second} onChoose={(x2) => setQuery({ x2 })} />
          </>
        )}
      </div>
      {list.next && <div><button type="button" class="button little" onClick={() => void more(list.next ?? undefined)}>List older datasets too</button></div>}
      <Wrong problem={problem} />
      {loaded?.isBuiltIn && (
        <p class="small quiet">
          342 penguins near Palmer Station, Antarctica, measured from 2007 to 2009: flippers and bills in millimetres, bodies in grams (Gorman, Williams and
          Fraser 2014; the table palmerpenguins by Horst, Hill and Gorman, CC0).
        </p>
      )}
      {loaded && !loaded.isBuiltIn && sample && (
        <p class="small quiet">
          {loaded.table.rows.length < loaded.of ? `The first ${counted(loaded.table.rows.length, "row")} of ${counted(loaded.of, "row")}` : `All ${counted(loaded.of, "row")}`}
          {sample.leftOut > 0 ? `, without ${counted(sample.leftOut, "row")} that lack one of these numbers` : ""}. The columns that hold numbers can be chosen.{" "}
          {columns && <a href={href("/train", { dataset, target: columns.target })}>Train a model on all of it</a>}
        </p>
      )}
      {loaded && names.length < 2 && <Notice tone="warn">This table has {counted(names.length, "column")} of numbers; the lesson needs one to predict and one to predict it from. Choose another table.</Notice>}
    </Card>
  );
}

function ColumnField({ label, names, value, none, onChoose }: { label: string; names: string[]; value: string; none?: string; onChoose: (name: string) => void }) {
  const list = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const isKnown = (name: string): boolean => names.includes(name) || (none !== undefined && name === "");
  if (names.length <= NAMED)
    return (
      <Field label={label}>
        {(ids) => (
          <select {...ids} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
            {none && <option value="">{none}</option>}
            {names.map((name) => <option key={name} value={name}>{name}</option>)}
          </select>
        )}
      </Field>
    );
  return (
    <Field label={label} hint={`one of ${counted(names.length, "column")}: type its name`} wrong={draft !== null && !isKnown(draft) && !names.some((name) => name.startsWith(draft)) ? "There is no such column of numbers" : ""}>
      {(ids) => (
        <>
          <input
            {...ids}
            list={list}
            value={draft ?? value}
            placeholder={none}
            onInput={(event) => setDraft(event.currentTarget.value)}
            onChange={() => {
              if (draft === null || !isKnown(draft)) return;
              setDraft(null);
              onChoose(draft);
            }}
          />
          <datalist id={list}>{names.slice(0, 1000).map((name) => <option key={name} value={name} />)}</datalist>
        </>
      )}
    </Field>
  );
}

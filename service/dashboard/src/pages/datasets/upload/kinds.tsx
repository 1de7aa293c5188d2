import { useState } from "preact/hooks";
import { Field } from "../../../ui/parts";
import { cellOf } from "../cells";
import { type Draft, change } from "./draft";
import type { Preview } from "./looked";
import { statementsOf } from "./questions";
import { KINDS } from "./reading";
import { Turn } from "../turn";

const AT_ONCE = 50;
const SAMPLES = 4;

/** Each column as it would be read, with its kind to correct: a row each, so that 10,000 of them are as well to use. */
export function Kinds({ of, preview }: { of: Draft; preview: Preview }) {
  const [from, setFrom] = useState(0);
  const [part, setPart] = useState("");
  const missing = preview.dialect?.text_style?.missing ?? [];
  const places = preview.columns.map((column, at) => ({ column, at }));
  const found = part ? places.filter(({ column }) => column.name.toLowerCase().includes(part.toLowerCase())) : places;
  const start = from < found.length ? from : 0;
  const shown = found.slice(start, start + AT_ONCE);
  return (
    <div class="stack tight">
      {places.length > AT_ONCE && (
        <div class="row apart">
          <Field label="Columns whose name has">
            {(ids) => <input {...ids} type="search" value={part} onInput={(event) => { setPart(event.currentTarget.value); setFrom(0); }} />}
          </Field>
          <Turn from={start} shown={shown.length} total={found.length} what="columns" step={AT_ONCE} onTurn={setFrom} />
        </div>
      )}
      <div class="scroll" tabIndex={0} role="region" aria-label="Columns and their kinds">
        <table class="kinds">
          <thead>
            <tr><th scope="col">Column</th><th scope="col">Kind</th><th scope="col">First cells</th></tr>
          </thead>
          <tbody>
            {shown.map(({ column, at }) => (
              <tr key={column.name}>
                <th scope="row" class="name">
                  {column.name}
                  {statementsOf(column.notes, missing).map((note) => <p class="quiet small note" key={note}>{note}.</p>)}
                </th>
                <td><Kind of={of} column={column} /></td>
                <td class="samples">{samples(preview, at, column.kind)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Kind({ of, column }: { of: Draft; column: Preview["columns"][number] }) {
  const declared = of.reading.kinds.get(column.name) ?? "";
  const set = (kind: string) => {
    const kinds = new Map(of.reading.kinds);
    if (kind) kinds.set(column.name, kind);
    else kinds.delete(column.name);
    change({ reading: { ...of.reading, kinds } });
  };
  return (
    <select aria-label={`Kind of ${column.name}`} value={declared} onChange={(event) => set(event.currentTarget.value)}>
      <option value="">{declared ? "as found" : `${column.kind} (found)`}</option>
      {KINDS.map(({ kind, words }) => <option key={kind} value={kind}>{words}</option>)}
    </select>
  );
}

function samples(preview: Preview, at: number, kind: string) {
  const cells = preview.rows.slice(0, SAMPLES).map((row) => cellOf(row[at], kind));
  return cells.map((cell, n) => <span class="sample" key={n}>{cell}</span>);
}

import { useState } from "preact/hooks";
import { api, bodyOf, type Schema } from "../../api/client";
import { useResource } from "../../api/use";
import { Loaded } from "../../ui/parts";
import { count } from "../../words/format";
import { cellOf } from "./cells";
import { Turn } from "./turn";

const COLUMNS = 40;
const CELLS = 20_000; // of an answer
const MOST = 50;

/** The rows as they were read, some at a time; of a wide table some columns at a time. */
export function Rows({ of }: { of: Schema<"Dataset"> }) {
  const columns = of.columns ?? [];
  const limit = Math.max(5, Math.min(MOST, Math.floor(CELLS / Math.max(columns.length, 1))));
  const [offset, setOffset] = useState(0);
  const [left, setLeft] = useState(0);
  const rows = useResource(() => bodyOf(api.GET("/v1/datasets/{id}/rows", { params: { path: { id: of.id }, query: { offset, limit } } })), [of.id, offset]);
  const shown = columns.slice(left, left + COLUMNS);
  return (
    <Loaded of={rows}>
      {({ data, has_more }) => (
        <div class="stack tight">
          <div class="row apart">
            <Turn from={offset} shown={data.length} total={of.rows} hasMore={has_more} what="rows" step={limit} onTurn={setOffset} />
            <Turn from={left} shown={shown.length} total={columns.length} what="columns" step={COLUMNS} onTurn={setLeft} />
          </div>
          <div class="scroll" tabIndex={0} role="region" aria-label="Rows">
            <table class="cells">
              <thead>
                <tr>
                  <th scope="col" class="number">Row</th>
                  {shown.map(({ name, kind }) => <th key={name} scope="col" class={kind === "numeric" ? "number" : ""} title={name}>{name}</th>)}
                </tr>
              </thead>
              <tbody>
                {data.map((row, at) => (
                  <tr key={offset + at}>
                    <th scope="row" class="number quiet">{count(offset + at + 1)}</th>
                    {shown.map(({ name, kind }, place) => <td key={name} class={kind === "numeric" ? "number" : ""}>{cellOf(row[left + place], kind)}</td>)}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </div>
      )}
    </Loaded>
  );
}

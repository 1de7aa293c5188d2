import { counted } from "../../../words/format";
import { cellOf } from "../cells";
import type { Preview } from "./looked";

const ROWS = 8;
const COLUMNS = 40;

/** The first rows as a table; of a wide one its first columns, as the columns have a list of their own. */
export function FirstRows({ preview: { columns, rows } }: { preview: Preview }) {
  const shown = columns.slice(0, COLUMNS);
  return (
    <div class="stack tight">
      <div class="scroll" tabIndex={0} role="region" aria-label="First rows">
        <table class="cells">
          <thead>
            <tr>{shown.map(({ name, kind }) => <th key={name} scope="col" class={kind === "numeric" ? "number" : ""}>{name}</th>)}</tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS).map((row, at) => (
              <tr key={at}>
                {shown.map(({ name, kind }, place) => <td key={name} class={kind === "numeric" ? "number" : ""}>{cellOf(row[place], kind)}</td>)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {columns.length > shown.length && <p class="quiet small">{counted(columns.length - shown.length, "further column")} are not shown here.</p>}
    </div>
  );
}

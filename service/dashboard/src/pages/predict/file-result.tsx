import { Scroll } from "../../ui/scroll";
import { count } from "../../words/format";
import type { AnswerReader, FailedRow } from "./answer-reader";

/** What a reader has seen so far; it goes on, this stays. */
export interface Snapshot {
  header: string[];
  first: string[][];
  errors: FailedRow[];
  rows: number;
  failed: number;
  bytes: number;
}

export function snapshot({ header, first, errors, rows, failed, bytes }: AnswerReader): Snapshot {
  return { header, first: [...first], errors: [...errors], rows, failed, bytes };
}

// of a wide table, the first columns and the last, among which the predictions are
const FIRST_COLUMNS = 8;
const LAST_COLUMNS = 24;

/** The first rows, and the first of those that have no prediction. */
export function FileResult({ seen }: { seen: Snapshot }) {
  const { header, first, errors, rows, failed } = seen;
  if (first.length === 0) return null;
  const places = header.map((_, at) => at);
  const shown = header.length > FIRST_COLUMNS + LAST_COLUMNS ? [...places.slice(0, FIRST_COLUMNS), ...places.slice(-LAST_COLUMNS)] : places;
  return (
    <>
      <Scroll label="First rows">
        <table>
          <caption class="visually-hidden">The first {count(first.length)} of {count(rows)} rows</caption>
          <thead><tr><th scope="col" class="number">Row</th>{shown.map((at) => <th key={at} scope="col">{header[at]}</th>)}</tr></thead>
          <tbody>
            {first.map((cells, row) => (
              <tr key={row}><td class="number quiet">{count(row + 1)}</td>{shown.map((at) => <td key={at} class="cell">{cells[at]}</td>)}</tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p class="quiet small">
        {rows > first.length ? `The first ${count(first.length)} of ${count(rows)} rows.` : ""}
        {shown.length < header.length ? ` ${count(header.length - shown.length)} columns in the middle are left out here.` : ""}
      </p>
      {failed > 0 && (
        <details open={failed < 6}>
          <summary>{count(failed)} rows without a prediction</summary>
          <ul>
            {errors.map(({ row, detail }) => <li key={row}>row {count(row)}: {detail}</li>)}
          </ul>
          {failed > errors.length && <p class="quiet small">and {count(failed - errors.length)} more, each with its reason in the last column.</p>}
        </details>
      )}
    </>
  );
}

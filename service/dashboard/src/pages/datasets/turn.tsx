import { count } from "../../words/format";

interface Given {
  /** Of the first that is shown, from 0. */
  from: number;
  shown: number;
  /** null where nobody knows how many there are; then `hasMore` tells whether these are the last. */
  total: number | null;
  hasMore?: boolean;
  /** What they are: "columns". */
  what: string;
  step: number;
  onTurn: (from: number) => void;
}

/** A part of many, and the way to the next; nothing where all are shown. */
export function Turn({ from, shown, total, hasMore, what, step, onTurn }: Given) {
  const isLast = total !== null ? from + shown >= total : !hasMore;
  if (from === 0 && isLast) return null;
  const most = total !== null ? ` of ${count(total)}` : "";
  return (
    <nav class="row" aria-label={`Parts of the ${what}`}>
      <button type="button" class="button little" disabled={from === 0} onClick={() => onTurn(Math.max(0, from - step))}>Previous {what}</button>
      <span class="quiet small" role="status">{shown ? `${count(from + 1)} to ${count(from + shown)}${most}` : `none${most}`}</span>
      <button type="button" class="button little" disabled={isLast} onClick={() => onTurn(from + shown)}>Next {what}</button>
    </nav>
  );
}

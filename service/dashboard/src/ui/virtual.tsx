import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import "../styles/virtual.css";
import { counted } from "../words/format";
import { Waiting, Wrong } from "./parts";
import { seenRows, stretches } from "./virtual/drawn";
import type { Paged } from "./virtual/paged";

export interface Column<Row> {
  name: string;
  title?: ComponentChildren;
  /** How wide, in rem; columns share what is left over in these proportions. */
  width: number;
  isNumber?: boolean;
  /** The cell that names the row, a header to readers of screens. */
  isHeader?: boolean;
  show: (row: Row, index: number) => ComponentChildren;
}

const AROUND = 8;  // rows drawn beyond those that are seen
const AHEAD = 40;  // rows left when the next page is asked for

/**
 * A table of any length: only the rows that are seen are drawn, all of one height, and what is too long for its cell is cut (give
 * it a `title`). Readers of screens are told the whole length (-1 while it is not known); the row with the focus stays drawn.
 * `paged` is where more rows come from as one scrolls.
 */
export function VirtualTable<Row>({ label, columns, rows, keyOf, paged, one = "row", rowRem = 2.75, isChosen }: {
  label: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  paged?: Pick<Paged<Row>, "hasMore" | "isLoading" | "problem" | "more" | "reload" | "onSeen">;
  /** What a row is called: "version". */
  one?: string;
  rowRem?: number;
  isChosen?: (row: Row) => boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const head = useRef<HTMLTableSectionElement>(null);
  const rowHeight = useRowHeight(rowRem);
  const [[from, to], setRange] = useState<[number, number]>([0, Math.min(rows.length, 40)]);
  const [held, setHeld] = useState<string | number | null>(null);

  const look = () => {
    const shown = box.current;
    if (!shown) return;
    const height = shown.clientHeight - (head.current?.offsetHeight ?? 0);
    const range = seenRows(rows.length, rowHeight, { top: shown.scrollTop, height }, AROUND);
    setRange((before) => (before[0] === range[0] && before[1] === range[1] ? before : range));
    paged?.onSeen(range);
    if (paged?.hasMore && !paged.isLoading && !paged.problem && range[1] + AHEAD >= rows.length) paged.more();
  };
  const looking = useRef(look);
  looking.current = look;
  useLayoutEffect(look, [rows, rowHeight, paged?.hasMore, paged?.isLoading, paged?.problem]);
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(() => looking.current());
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);

  const heldAt = held === null ? null : rows.findIndex((row) => keyOf(row) === held);
  const total = columns.reduce((sum, column) => sum + column.width, 0);
  const draw = (row: Row, index: number) => {
    const key = keyOf(row);
    return (
      <tr key={key} aria-rowindex={index + 2} class={isChosen?.(row) ? "chosen" : undefined} style={{ height: `${rowHeight}px` }} onFocusIn={() => setHeld(key)}>
        {columns.map(({ name, isNumber, isHeader, show }) =>
          isHeader ? <th key={name} scope="row">{show(row, index)}</th> : <td key={name} class={isNumber ? "number" : undefined}>{show(row, index)}</td>,
        )}
      </tr>
    );
  };
  return (
    <div class="stack tight">
      <div class="scroll virtual" ref={box} tabIndex={0} role="group" aria-label={label} onScroll={() => look()} onFocusOut={() => setHeld(null)}>
        <table aria-label={label} aria-rowcount={paged?.hasMore ? -1 : rows.length + 1} style={{ minWidth: `${total}rem` }}>
          <colgroup>
            {columns.map(({ name, width }) => <col key={name} style={{ width: `${(100 * width) / total}%` }} />)}
          </colgroup>
          <thead ref={head}>
            <tr aria-rowindex={1}>
              {columns.map(({ name, title, isNumber }) => <th key={name} scope="col" class={isNumber ? "number" : undefined}>{title ?? name}</th>)}
            </tr>
          </thead>
          <tbody>
            {stretches(rows.length, [Math.min(from, rows.length), Math.min(to, rows.length)], heldAt).flatMap((stretch) =>
              stretch.isDrawn
                ? rows.slice(stretch.from, stretch.to).map((row, index) => draw(row, stretch.from + index))
                : [<tr key={stretch.from === 0 ? "above" : stretch.to === rows.length ? "below" : "between"} class="room" aria-hidden="true" style={{ height: `${(stretch.to - stretch.from) * rowHeight}px` }} />],
            )}
          </tbody>
        </table>
      </div>
      {paged && (
        <div class="row small quiet virtual-foot">
          <span role="status">{paged.hasMore ? `The first ${counted(rows.length, one)}; more come as you scroll.` : counted(rows.length, one)}</span>
          {paged.hasMore && !paged.isLoading && <button type="button" class="button little" onClick={paged.more}>Load more</button>}
          {paged.isLoading && <Waiting />}
        </div>
      )}
      {paged && <Wrong problem={paged.problem} onRetry={paged.hasMore ? paged.more : paged.reload} />}
    </div>
  );
}

/** The height of a row in pixels, at the text size that the browser is set to. */
function useRowHeight(rem: number): number {
  const [size, set] = useState(() => parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
  useEffect(() => {
    const onResize = () => set(parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    window.addEventListener("resize", onResize);
    return () => window.removeEventListener("resize", onResize);
  }, []);
  return Math.round(size * rem);
}

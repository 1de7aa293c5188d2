/** Which rows of a long table are drawn: those that are seen, some around them, and the one that has the focus. */

export interface Stretch {
  /** The first row and the one after the last. */
  from: number;
  to: number;
  isDrawn: boolean;
}

export interface Seen {
  /** How far the table is scrolled, and how much of it is seen, in pixels. */
  top: number;
  height: number;
}

/** The rows from the first to the one after the last that are seen, with `around` more on both sides. */
export function seenRows(count: number, rowHeight: number, { top, height }: Seen, around: number): [number, number] {
  if (count === 0 || rowHeight <= 0) return [0, 0];
  const first = Math.min(Math.max(0, Math.floor(top / rowHeight) - around), count - 1);
  const last = Math.min(count, Math.ceil((Math.max(0, top) + height) / rowHeight) + around);
  return [first, Math.max(last, first + 1)];
}

/** All rows, as stretches that are drawn or only take their room; `held` stays drawn wherever the table is scrolled to. */
export function stretches(count: number, [from, to]: [number, number], held: number | null): Stretch[] {
  const drawn: [number, number][] = to > from ? [[from, to]] : [];
  if (held !== null && held >= 0 && held < count) {
    if (held < from - 1 || to <= from) drawn.unshift([held, held + 1]);
    else if (held === from - 1) drawn[0] = [held, to];
    else if (held === to) drawn[0] = [from, held + 1];
    else if (held > to) drawn.push([held, held + 1]);
  }
  const found: Stretch[] = [];
  let at = 0;
  for (const [first, end] of drawn) {
    if (first > at) found.push({ from: at, to: first, isDrawn: false });
    found.push({ from: first, to: end, isDrawn: true });
    at = end;
  }
  if (at < count) found.push({ from: at, to: count, isDrawn: false });
  return found;
}

/** A list that the server gives page by page, newest first, as it is kept and asked for again. */

export interface KeptPage<Row> {
  /** The cursor that it was asked for with; undefined for the first. */
  after: string | undefined;
  rows: Row[];
  next: string | null;
}

export interface Answered<Row> {
  data: Row[];
  next: string | null;
}

/**
 * The pages after one of them was asked for anew. What is new in it comes in, what changed is replaced, what was deleted goes;
 * rows that new ones have pushed out of the answer stay below it, and where deleted ones have drawn it into later pages, it takes
 * their place. Where its last row was not known at all, so much is new that the list begins anew with it.
 */
export function refreshed<Row>(pages: KeptPage<Row>[], at: number, answer: Answered<Row>, keyOf: (row: Row) => string | number): KeptPage<Row>[] {
  const page = pages[at];
  if (!page) return pages;
  const before = pages.slice(0, at);
  const last = answer.data.at(-1);
  if (answer.next !== null && last !== undefined) {
    for (let until = at; until < pages.length; until += 1) {
      const { rows = [], next = null } = pages[until] ?? {};
      const place = rows.findIndex((row) => keyOf(row) === keyOf(last));
      if (place < 0) continue;
      const below = rows.slice(place + 1);
      const isEnd = below.length === 0 && until === pages.length - 1;
      return [...before, { after: page.after, rows: [...answer.data, ...below], next: isEnd ? answer.next : next }, ...pages.slice(until + 1)];
    }
  }
  return [...before, { after: page.after, rows: answer.data, next: answer.next }];
}

/** The pages that hold some rows, from the first to the one after the last. */
export function pagesOf<Row>(pages: KeptPage<Row>[], [from, to]: [number, number]): number[] {
  const found: number[] = [];
  let at = 0;
  for (const [index, page] of pages.entries()) {
    const end = at + page.rows.length;
    if (at < to && end > from) found.push(index);
    at = end;
  }
  return found;
}

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
 * rows of the page that others have pushed out of the answer stay. Where nothing of the page is left in the answer, so much is
 * new that the list begins anew with it.
 */
export function refreshed<Row>(pages: KeptPage<Row>[], at: number, answer: Answered<Row>, keyOf: (row: Row) => string | number): KeptPage<Row>[] {
  const page = pages[at];
  if (!page) return pages;
  const last = answer.data.at(-1);
  if (answer.next === null || last === undefined) {
    return [...pages.slice(0, at), { after: page.after, rows: answer.data, next: answer.next }];
  }
  const isFollowed = at + 1 < pages.length;
  const place = page.rows.findIndex((row) => keyOf(row) === keyOf(last));
  if (place < 0) {
    // rows below the answer's end are not known to follow it
    return [...pages.slice(0, at), { after: page.after, rows: answer.data, next: answer.next }];
  }
  const pushedOut = page.rows.slice(place + 1);
  const next = isFollowed || pushedOut.length ? page.next : answer.next;
  const kept = { after: page.after, rows: [...answer.data, ...pushedOut], next };
  return [...pages.slice(0, at), kept, ...pages.slice(at + 1)];
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

import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { needsKey, signIns } from "../../api/client";
import { type ApiProblem, asProblem } from "../../api/problem";
import { type Answered, type KeptPage, pagesOf, refreshed } from "./merge";

export interface Paged<Row> {
  /** All rows that have come so far; undefined before the first page. */
  rows: readonly Row[] | undefined;
  hasMore: boolean;
  isLoading: boolean;
  problem: ApiProblem | undefined;
  /** Ask for the next page. */
  more: () => void;
  /** Begin anew. */
  reload: () => void;
  /** Tells which rows are seen: those are what `everySeconds` asks for again. */
  onSeen: (range: [number, number]) => void;
}

interface State<Row> {
  pages: KeptPage<Row>[];
  isLoading: boolean;
  problem?: ApiProblem;
}

/**
 * A list that the server gives page by page (`ask` is given the cursor, undefined for the first page), begun anew when one of
 * `on` changes. With `everySeconds`, the first page and those of the rows that are seen are asked for again while the page is
 * looked at, so that new rows come in at the top and states change.
 */
export function usePaged<Row>(
  ask: (after: string | undefined) => Promise<Answered<Row>>,
  keyOf: (row: Row) => string | number,
  on: unknown[],
  everySeconds?: number,
): Paged<Row> {
  const [state, set] = useState<State<Row>>({ pages: [], isLoading: true });
  const newest = useRef(0);
  const isAsking = useRef(false);
  const seen = useRef<[number, number]>([0, 1]);
  const now = useRef({ ask, keyOf, state });
  now.current = { ask, keyOf, state };

  /** Ask in turn, unless the list has begun anew meanwhile. */
  const asking = useCallback(async (work: (isCurrent: () => boolean) => Promise<void>) => {
    if (isAsking.current) return;
    isAsking.current = true;
    const number = newest.current;
    const isCurrent = () => number === newest.current;
    try {
      await work(isCurrent);
    } catch (error) {
      if (isCurrent()) set((before) => ({ ...before, isLoading: false, problem: asProblem(error) }));
    } finally {
      if (isCurrent()) isAsking.current = false;
    }
  }, []);

  const begin = useCallback((keeps: boolean) => {
    newest.current += 1;
    isAsking.current = false;
    set((before) => (keeps ? { ...before, isLoading: true } : { pages: [], isLoading: true }));
    void asking(async (isCurrent) => {
      const { data, next } = await now.current.ask(undefined);
      if (isCurrent()) set({ pages: [{ after: undefined, rows: data, next }], isLoading: false });
    });
  }, []);

  const more = useCallback(() => {
    const last = now.current.state.pages.at(-1);
    const after = last?.next;
    if (!after) return;
    void asking(async (isCurrent) => {
      set((before) => ({ pages: before.pages, isLoading: true }));
      const { data, next } = await now.current.ask(after);
      if (isCurrent()) set((before) => ({ pages: [...before.pages, { after, rows: data, next }], isLoading: false }));
    });
  }, []);

  useEffect(() => {
    begin(false);
    return () => {
      newest.current += 1;
    };
  }, on);
  // what a session that ended was not told is asked again in the next one
  const asks = signIns.value;
  const askedAt = useRef(asks);
  useEffect(() => {
    if (askedAt.current !== asks) begin(true);
    askedAt.current = asks;
  }, [asks]);
  useEffect(() => {
    if (!everySeconds) return;
    const timer = window.setInterval(() => {
      if (document.visibilityState !== "visible" || needsKey.value || !now.current.state.pages.length) return;
      void asking(async (isCurrent) => {
        const places = new Set([0, ...pagesOf(now.current.state.pages, seen.current)]);
        for (const place of [...places].sort((one, other) => other - one)) {
          const page = now.current.state.pages[place];
          if (!page) continue;
          const { data, next } = await now.current.ask(page.after);
          if (!isCurrent()) return;
          set((before) => ({ isLoading: false, pages: refreshed(before.pages, place, { data, next }, now.current.keyOf) }));
        }
      });
    }, everySeconds * 1000);
    return () => window.clearInterval(timer);
  }, [everySeconds, ...on]);

  const rows = useMemo(() => (state.pages.length ? state.pages.flatMap((page) => page.rows) : undefined), [state.pages]);
  return {
    rows,
    hasMore: Boolean(state.pages.at(-1)?.next),
    isLoading: state.isLoading,
    problem: state.problem,
    more,
    reload: useCallback(() => begin(true), []),
    onSeen: useCallback((range: [number, number]) => {
      seen.current = range;
    }, []),
  };
}

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { needsKey } from "../../api/client";
import { type ApiProblem, asProblem } from "../../api/problem";
import { useNextSession } from "../../api/use";
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
  const kept = useRef<KeptPage<Row>[]>([]);  // what the state shows once it is drawn
  const newest = useRef(0);
  const isAsking = useRef<"" | "page" | "again">("");
  const isWanted = useRef(false);  // that the next page is asked for, once what is asked for again has come
  const seen = useRef<[number, number]>([0, 1]);
  const now = useRef({ ask, keyOf });
  now.current = { ask, keyOf };

  const keep = (pages: KeptPage<Row>[]) => {
    kept.current = pages;
    set({ pages, isLoading: false });
  };

  /** Ask in turn, unless the list has begun anew meanwhile. */
  const asking = async (what: "page" | "again", work: (isCurrent: () => boolean) => Promise<void>) => {
    if (isAsking.current) {
      if (what === "page" && isAsking.current === "again") isWanted.current = true;
      return;
    }
    isAsking.current = what;
    const number = newest.current;
    const isCurrent = () => number === newest.current;
    try {
      await work(isCurrent);
    } catch (error) {
      if (isCurrent()) set((before) => ({ ...before, isLoading: false, problem: asProblem(error) }));
    }
    if (!isCurrent()) return;
    isAsking.current = "";
    if (isWanted.current) more();
    isWanted.current = false;
  };

  const begin = (keeps: boolean) => {
    newest.current += 1;
    isAsking.current = "";
    isWanted.current = false;
    if (!keeps) kept.current = [];
    set({ pages: kept.current, isLoading: true });
    void asking("page", async (isCurrent) => {
      const { data, next } = await now.current.ask(undefined);
      if (isCurrent()) keep([{ after: undefined, rows: data, next }]);
    });
  };

  const more = () => {
    const after = kept.current.at(-1)?.next;
    if (!after) return;
    void asking("page", async (isCurrent) => {
      set({ pages: kept.current, isLoading: true });
      const { data, next } = await now.current.ask(after);
      if (isCurrent()) keep([...kept.current, { after, rows: data, next }]);
    });
  };

  const again = () =>
    asking("again", async (isCurrent) => {
      const places = new Set([0, ...pagesOf(kept.current, seen.current)]);
      for (const place of [...places].sort((one, other) => other - one)) {
        const page = kept.current[place];
        if (!page) continue;
        const answer = await now.current.ask(page.after);
        if (!isCurrent()) return;
        keep(refreshed(kept.current, place, answer, now.current.keyOf));
      }
    });

  useEffect(() => {
    begin(false);
    return () => {
      newest.current += 1;
    };
  }, on);
  useNextSession(() => begin(true));
  useEffect(() => {
    if (!everySeconds) return;
    const timer = window.setInterval(() => {
      if (document.visibilityState === "visible" && !needsKey.value && kept.current.length) void again();
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
    reload: () => begin(true),
    onSeen: (range) => {
      seen.current = range;
    },
  };
}

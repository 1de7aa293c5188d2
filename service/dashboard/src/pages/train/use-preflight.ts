import { useEffect, useState } from "preact/hooks";
import { api, bodyOf, type Schema, signIns } from "../../api/client";
import { type ApiProblem, asProblem } from "../../api/problem";
import type { Draft } from "../../ui/form/draft";

export type Spec = Schema<"TrainingSpec"> | Schema<"ComparisonSpec">;

const PAUSE_MS = 350;

/** Whether a draft says what every spec must; all else is the server's to judge. */
export function isSpec(draft: unknown): draft is Spec {
  if (typeof draft !== "object" || draft === null || !("dataset" in draft && "target" in draft)) return false;
  return ("kind" in draft && draft.kind === "descent-comparison") || ("model" in draft && draft.model !== "");
}

export interface Preflight {
  /** of the newest draft that was right; older while another is looked at */
  check: Schema<"SpecCheck"> | undefined;
  problem: ApiProblem | undefined;
  isChecking: boolean;
  /** Ask once more. */
  retry: () => void;
}

/** What the server says of a draft, asked once nothing was changed for a moment; an answer to an older draft is dropped. */
export function usePreflight(draft: Draft): Preflight {
  const [times, setTimes] = useState(0);
  const [state, set] = useState<Omit<Preflight, "retry">>({ check: undefined, problem: undefined, isChecking: false });
  useEffect(() => {
    if (!isSpec(draft)) {
      set({ check: undefined, problem: undefined, isChecking: false });
      return;
    }
    const stop = new AbortController();
    set((before) => ({ ...before, isChecking: true }));
    const timer = window.setTimeout(() => {
      bodyOf(api.POST("/v1/jobs/validate", { body: draft, signal: stop.signal })).then(
        (check) => !stop.signal.aborted && set({ check, problem: undefined, isChecking: false }),
        (error: unknown) => !stop.signal.aborted && set((before) => ({ ...before, problem: asProblem(error), isChecking: false })),
      );
    }, PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [JSON.stringify(draft), times, signIns.value]);
  return { ...state, retry: () => setTimes(times + 1) };
}

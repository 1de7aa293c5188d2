import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { needsKey, signIns } from "./client";
import { type ApiProblem, asProblem } from "./problem";

export interface Resource<T> {
  data: T | undefined;
  problem: ApiProblem | undefined;
  isLoading: boolean;
  /** Ask again; what was there stays until the answer comes. */
  reload: () => void;
}

/**
 * What `ask` answers, asked again when one of `on` changes, and every `everySeconds` while the page is seen. An answer that
 * comes after a newer question was asked is dropped.
 */
export function useResource<T>(ask: () => Promise<T>, on: unknown[], everySeconds?: number): Resource<T> {
  const [state, set] = useState<{ data?: T; problem?: ApiProblem; isLoading: boolean }>({ isLoading: true });
  const newest = useRef(0);
  const asked = useRef(ask);
  asked.current = ask;
  const load = useCallback(async (keeps: boolean) => {
    const number = ++newest.current;
    set((before) => (keeps ? { ...before, isLoading: true } : { isLoading: true }));
    try {
      const data = await asked.current();
      if (number === newest.current) set({ data, isLoading: false });
    } catch (error) {
      if (number === newest.current) set((before) => ({ ...before, problem: asProblem(error), isLoading: false }));
    }
  }, []);
  useEffect(() => {
    void load(false);
    return () => {
      newest.current += 1;
    };
  }, on);
  useNextSession(() => void load(true));
  useEffect(() => {
    if (!everySeconds) return;
    const timer = window.setInterval(() => {
      if (document.visibilityState === "visible" && !needsKey.value) void load(true);
    }, everySeconds * 1000);
    return () => window.clearInterval(timer);
  }, [everySeconds, ...on]);
  return { data: state.data, problem: state.problem, isLoading: state.isLoading, reload: () => void load(true) };
}

/** An action that is asked for by a person: whether it goes on, what went wrong, and how to start it. */
export function useAction<Arguments extends unknown[]>(act: (...given: Arguments) => Promise<void>): {
  run: (...given: Arguments) => Promise<void>;
  isRunning: boolean;
  problem: ApiProblem | undefined;
  clear: () => void;
} {
  const [state, set] = useState<{ isRunning: boolean; problem?: ApiProblem }>({ isRunning: false });
  return {
    run: async (...given) => {
      set({ isRunning: true });
      try {
        await act(...given);
        set({ isRunning: false });
      } catch (error) {
        set({ isRunning: false, problem: asProblem(error) });
      }
    },
    isRunning: state.isRunning,
    problem: state.problem,
    clear: () => set({ isRunning: false }),
  };
}

/** Act when somebody has signed in again: what a session that ended was not told is asked for again in the next one. */
export function useNextSession(act: () => void): void {
  const asks = signIns.value;
  const askedAt = useRef(asks);
  useEffect(() => {
    if (askedAt.current !== asks) act();
    askedAt.current = asks;
  }, [asks]);
}

/** What the server would read of the draft, asked anew when what is declared of it changes. */
import { useEffect, useState } from "preact/hooks";
import { type Schema, signIns } from "../../../api/client";
import { type ApiProblem, asProblem } from "../../../api/problem";
import { Stopped, send } from "../../../api/upload";
import type { Draft } from "./draft";
import { bodyOf, hasPreview, optionsOf, partOf } from "./reading";

export type Preview = Schema<"Preview">;

export interface Looked {
  preview: Preview | undefined;
  problem: ApiProblem | undefined;
  isLooking: boolean;
  again: () => void;
}

const PREVIEW_TYPE = "application/vnd.adaline.preview+json";
const PAUSE_MS = 250; // of typing, before the server is asked

export function useLooked({ file, told, reading }: Draft): Looked {
  const [state, set] = useState<Omit<Looked, "again">>({ preview: undefined, problem: undefined, isLooking: true });
  const [turn, setTurn] = useState(0);
  const options = optionsOf(reading, told.mediaType);
  useEffect(() => set({ preview: undefined, problem: undefined, isLooking: true }), [file]);
  useEffect(() => {
    if (!hasPreview(file.size, told)) return set({ preview: undefined, problem: undefined, isLooking: false });
    const stop = new AbortController();
    set((before) => ({ ...before, isLooking: true }));
    const timer = window.setTimeout(() => {
      look(file, told, options, stop.signal).then(
        (preview) => set({ preview, problem: undefined, isLooking: false }),
        (error: unknown) => {
          if (!(error instanceof Stopped)) set((before) => ({ ...before, problem: asProblem(error), isLooking: false }));
        },
      );
    }, PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
      stop.abort();
    };
  }, [file, JSON.stringify([...options]), turn, signIns.value]);
  return { ...state, again: () => setTurn((n) => n + 1) };
}

async function look(file: File, told: Draft["told"], options: Map<string, string>, signal: AbortSignal): Promise<Preview> {
  const { query, body, headers } = bodyOf(partOf(file, told.mediaType), told, options);
  query.set("preview", "true");
  const { mediaType, text } = await send({ path: "/v1/datasets", query, body, headers, signal });
  if (mediaType !== PREVIEW_TYPE) throw new Error(`the server answered ${mediaType || "nothing"} for a preview`);
  return JSON.parse(text) as Preview;
}

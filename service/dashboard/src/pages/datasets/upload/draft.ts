/** What is about to be uploaded. It outlives the page: who looks at another one, or signs in anew, finds it again. */
import { signal } from "@preact/signals";
import { Stopped, type Sent, send } from "../../../api/upload";
import { type ApiProblem, asProblem } from "../../../api/problem";
import type { Schema } from "../../../api/client";
import { go, place } from "../../../router";
import { AS_FOUND, type Reading, type Told, bodyOf, optionsOf, toldOf } from "./reading";

export interface Draft {
  file: File;
  told: Told;
  name: string;
  reading: Reading;
  /** Questions that were answered with "it stays so". */
  settled: ReadonlySet<string>;
}

export interface Upload {
  file: File;
  name: string;
  sent: Sent;
  began: number;
  cancel: () => void;
}

export const draft = signal<Draft | null>(null);
export const upload = signal<Upload | null>(null);
export const uploadProblem = signal<ApiProblem | undefined>(undefined);
/** What the last upload was made of, for who finds that it is to be read in another way. */
export const last = signal<{ id: string; draft: Draft } | null>(null);
/** The dataset that the last upload became, where its end was seen on another page. */
export const arrived = signal<{ id: string; name: string } | null>(null);

export function choose(file: File, reading: Partial<Reading> = {}): void {
  const told = toldOf(file.name);
  draft.value = { file, told, name: told.name, reading: { ...AS_FOUND, ...reading }, settled: new Set() };
  uploadProblem.value = undefined;
}

/** Take up what was uploaded last, as it was declared. */
export function takeUp(): void {
  if (last.value) draft.value = { ...last.value.draft, settled: new Set() };
  go("/datasets/new");
}

export function drop(): void {
  draft.value = null;
  uploadProblem.value = undefined;
}

export function change(changes: Partial<Draft>): void {
  if (draft.value) draft.value = { ...draft.value, ...changes };
}

/** Send the file, and go to the dataset that it becomes. */
export async function start(sending: Draft): Promise<void> {
  const { file, told, name, reading } = sending;
  const stop = new AbortController();
  const began = Date.now();
  const tell = (sent: Sent) => {
    upload.value = { file, name, sent, began, cancel: () => stop.abort() };
  };
  tell({ sent: 0, total: file.size });
  uploadProblem.value = undefined;
  arrived.value = null;
  window.addEventListener("beforeunload", warn);
  try {
    const options = optionsOf(reading, told.mediaType);
    options.set("name", name.trim());
    const answer = await send({ path: "/v1/datasets", ...bodyOf(file, told, options), onProgress: tell, signal: stop.signal });
    const made = JSON.parse(answer.text) as Schema<"Dataset">;
    draft.value = null;
    last.value = { id: made.id, draft: sending };
    if (place.value.path === "/datasets/new") go(`/datasets/${made.id}`, { again: answer.status === 200 ? "yes" : undefined });
    else arrived.value = { id: made.id, name: made.name };
  } catch (error) {
    if (!(error instanceof Stopped)) uploadProblem.value = asProblem(error);
  } finally {
    window.removeEventListener("beforeunload", warn);
    upload.value = null;
  }
}

/** A page that is closed takes its upload with it. */
function warn(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

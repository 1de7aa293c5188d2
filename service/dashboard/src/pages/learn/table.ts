import { api, bodyOf, type Schema } from "../../api/client";
import { PENGUINS } from "../../lesson/penguins.ts";
import type { Table } from "../../lesson/sample.ts";

/** A table for the lesson, with how much of the dataset it is. */
export interface Loaded {
  table: Table;
  /** Rows of the whole dataset. */
  of: number;
  isBuiltIn: boolean;
}

export const BUILT_IN: Loaded = { table: PENGUINS, of: PENGUINS.rows.length, isBuiltIn: true };

const MOST_ROWS = 1000;
const MOST_CELLS = 400_000; // of an answer: a wide table gives fewer rows

/** The first rows of a dataset, with its columns that hold numbers (truths count as 1 and 0). */
export async function tableOf(id: string): Promise<Loaded> {
  const dataset = await bodyOf(api.GET("/v1/datasets/{id}", { params: { path: { id } } }));
  const columns = (dataset.columns ?? []).filter(isNumber).map(({ name }) => name);
  const wide = dataset.columns?.length ?? 1;
  const limit = Math.max(10, Math.min(MOST_ROWS, Math.floor(MOST_CELLS / Math.max(1, wide))));
  const rows = await bodyOf(api.GET("/v1/datasets/{id}/rows", { params: { path: { id }, query: { limit } } }));
  const at = columns.map((name) => rows.columns.indexOf(name));
  const table = { name: dataset.name, columns, rows: rows.data.map((row) => at.map((column) => cell(row[column]))) };
  return { table, of: dataset.rows ?? rows.data.length, isBuiltIn: false };
}

function isNumber({ kind }: Schema<"Column">): boolean {
  return kind === "numeric" || kind === "boolean";
}

function cell(value: unknown): number | null {
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** Datasets that are ready, newest first; `after` is where the list before ended. */
export async function readyDatasets(after: string | undefined): Promise<{ datasets: Schema<"Dataset">[]; next: string | null }> {
  const page = await bodyOf(api.GET("/v1/datasets", { params: { query: { limit: 100, ...(after ? { after } : {}) } } }));
  return { datasets: page.data.filter(({ state }) => state === "ready"), next: page.has_more ? (page.next ?? null) : null };
}

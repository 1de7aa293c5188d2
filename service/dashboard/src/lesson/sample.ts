/** The numbers of a lesson: columns of a table chosen, rows split, inputs scaled by what the training rows alone say. */
import { type Parts, split } from "./order.ts";
import { fitScaler, noScaler, type Rows, type Scaler, scaled } from "./scaling.ts";

/** Columns of numbers; null where a cell is missing. */
export interface Table {
  name: string;
  columns: string[];
  rows: (number | null)[][];
}

export interface Sample {
  features: string[];
  target: string;
  x: number[][];
  y: number[];
  /** Rows left out, for want of one of the numbers. */
  leftOut: number;
}

/** The rows of a table that have all the chosen columns. */
export function sampleOf(table: Table, features: readonly string[], target: string): Sample {
  const at = [...features, target].map((name) => table.columns.indexOf(name));
  const x: number[][] = [];
  const y: number[] = [];
  for (const row of table.rows) {
    const cells = at.map((column) => row[column] ?? null);
    const numbers = cells.filter((cell): cell is number => cell !== null && Number.isFinite(cell));
    if (numbers.length < cells.length) continue;
    x.push(numbers.slice(0, -1));
    y.push(numbers.at(-1) ?? 0);
  }
  return { features: [...features], target, x, y, leftOut: table.rows.length - x.length };
}

/** Shares of the rows that validate and test, and the seed that decides which. */
export interface Division {
  seed: number;
  validation: number;
  test: number;
}

export interface Part {
  x: number[][];
  y: number[];
}

export interface Prepared {
  parts: Parts;
  scaler: Scaler;
  train: Part;
  validation: Part;
  test: Part;
}

/** `fitOn` says which rows the scaler sees: the training rows, or, to show what that would leak, all. */
export function prepare(sample: Sample, division: Division, isScaled: boolean, fitOn: "train" | "all" = "train"): Prepared {
  const parts = split(sample.x.length, division.seed, division);
  const pick = (rows: readonly number[]): Rows => rows.map((row) => sample.x[row] ?? []);
  const seen = fitOn === "train" ? pick(parts.train) : sample.x;
  const scaler = isScaled ? fitScaler(seen) : noScaler(sample.features.length);
  const part = (rows: readonly number[]): Part => ({ x: scaled(pick(rows), scaler), y: rows.map((row) => sample.y[row] ?? 0) });
  return { parts, scaler, train: part(parts.train), validation: part(parts.validation), test: part(parts.test) };
}

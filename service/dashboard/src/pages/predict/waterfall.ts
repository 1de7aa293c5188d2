/** How an average row's answer becomes this row's, step by step. */
import type { Sum } from "./answers.ts";

export interface Step {
  /** null: all features without a step of their own. */
  name: string | null;
  /** How many features it is of. */
  features: number;
  value: number;
  from: number;
  to: number;
}

export interface Waterfall {
  start: number;
  steps: Step[];
  end: number;
  /** What all of it lies within. */
  low: number;
  high: number;
}

/** The features that add most in steps of their own, at most `most`; the others together in a last one. */
export function waterfall({ intercept, added }: Sum, most: number): Waterfall {
  const ranked = [...added].sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
  const alone = ranked.length > most ? ranked.slice(0, most - 1) : ranked;
  const rest = ranked.slice(alone.length);
  const parts: Pick<Step, "name" | "features" | "value">[] = alone.map(({ name, value }) => ({ name, features: 1, value }));
  if (rest.length > 0) parts.push({ name: null, features: rest.length, value: rest.reduce((sum, { value }) => sum + value, 0) });
  let at = intercept;
  const steps = parts.map((part) => {
    const step = { ...part, from: at, to: at + part.value };
    at = step.to;
    return step;
  });
  const ends = [intercept, ...steps.map(({ to }) => to)];
  return { start: intercept, steps, end: at, low: Math.min(...ends), high: Math.max(...ends) };
}

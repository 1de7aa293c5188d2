/** What a scaler that was fitted on all rows knows of the rows that test. */
import { descend, parametersAt, type Settings } from "./descent.ts";
import { loss } from "./neuron.ts";
import { type Division, prepare, type Sample } from "./sample.ts";
import type { Scaler } from "./scaling.ts";

export interface Leak {
  honest: Scaler;
  leaky: Scaler;
  /** How far the training rows' mean is from 0 after the leaky scaler: it should be 0. */
  trainMeans: number[];
  /** Losses of the same run on test rows, with each scaler. */
  honestTest: number;
  leakyTest: number;
}

export function leakOf(sample: Sample, division: Division, settings: Settings): Leak {
  const [honest, leaky] = (["train", "all"] as const).map((fitOn) => {
    const prepared = prepare(sample, division, true, fitOn);
    const run = descend(prepared.train.x, prepared.train.y, settings);
    return { scaler: prepared.scaler, test: loss(prepared.test.x, prepared.test.y, parametersAt(run, run.steps)) };
  }) as [{ scaler: Scaler; test: number }, { scaler: Scaler; test: number }];
  const trainMeans = honest.scaler.means.map((mean, column) => (mean - (leaky.scaler.means[column] ?? 0)) / (leaky.scaler.scales[column] ?? 1));
  return { honest: honest.scaler, leaky: leaky.scaler, trainMeans, honestTest: honest.test, leakyTest: leaky.test };
}

/** The sample with one feature of some row multiplied: a slip, as of a decimal point. */
export function slipped(sample: Sample, row: number, feature: number, times: number): Sample {
  return { ...sample, x: sample.x.map((cells, index) => (index === row ? cells.map((cell, column) => (column === feature ? cell * times : cell)) : cells)) };
}

/** What a scaler that was fitted on all rows knows of the rows that test. */
import { descend, parametersAt, type Settings } from "./descent.ts";
import { loss } from "./neuron.ts";
import { type Division, prepare, type Sample } from "./sample.ts";
import type { Scaler } from "./scaling.ts";

/** What a run comes to with a scaler. */
export interface Outcome {
  scaler: Scaler;
  trainLoss: number;
  testLoss: number;
}

export interface Leak {
  /** Fitted on the training rows. */
  honest: Outcome;
  /** Fitted on all rows. */
  leaky: Outcome;
  /** Where the leaky scaler puts the mean of the training rows, for each feature: it should be 0. */
  trainMeans: number[];
}

export function leakOf(sample: Sample, division: Division, settings: Settings): Leak {
  const outcome = (fitOn: "train" | "all"): Outcome => {
    const { scaler, train, test } = prepare(sample, division, true, fitOn);
    const run = descend(train.x, train.y, settings);
    return { scaler, trainLoss: run.losses.at(-1) ?? NaN, testLoss: loss(test.x, test.y, parametersAt(run, run.steps)) };
  };
  const honest = outcome("train");
  const leaky = outcome("all");
  const trainMeans = honest.scaler.means.map((mean, column) => (mean - (leaky.scaler.means[column] ?? 0)) / (leaky.scaler.scales[column] ?? 1));
  return { honest, leaky, trainMeans };
}

/** The sample with one feature of some row multiplied: a slip, as of a decimal point. */
export function slipped(sample: Sample, row: number, feature: number, times: number): Sample {
  return { ...sample, x: sample.x.map((cells, index) => (index === row ? cells.map((cell, column) => (column === feature ? cell * times : cell)) : cells)) };
}

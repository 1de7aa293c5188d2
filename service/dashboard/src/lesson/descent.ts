/** Gradient descent step by step: batch, stochastic and mini-batch, from parameters of zero. */
import { gradient, loss } from "./neuron.ts";
import { orderOf } from "./order.ts";
import type { Rows } from "./scaling.ts";

export type Variant = "batch" | "mini-batch" | "stochastic";

export interface Settings {
  variant: Variant;
  /** Rows of a step, for mini-batches. */
  batchSize: number;
  rate: number;
  epochs: number;
  seed: number;
}

/** A whole run: what each step left, and the losses after each epoch. */
export interface Run {
  settings: Settings;
  /** Parameters of the neuron: one for each feature, and the bias. */
  width: number;
  stepsPerEpoch: number;
  steps: number;
  /** Epochs that were made: fewer than asked for where the loss left the range of numbers. */
  epochs: number;
  isDiverged: boolean;
  /** (steps + 1) × width: before the first step, and after each. */
  parameters: Float64Array;
  /** On all training rows: at the start, and after each epoch. */
  losses: number[];
}

/** A step with its numbers: what the formula has in it. */
export interface Step {
  /** From 1. */
  epoch: number;
  /** Within its epoch, from 1. */
  inEpoch: number;
  /** Of the training rows. */
  rows: number[];
  /** On these rows, before the step. */
  loss: number;
  gradient: number[];
  before: number[];
  after: number[];
}

export function rowsOfStep(count: number, { variant, batchSize }: Settings): number {
  return variant === "batch" ? count : variant === "stochastic" ? 1 : Math.max(1, Math.min(batchSize, count));
}

/** The order of rows in an epoch (from 1): batch descent takes them as they come. */
export function orderOfEpoch(count: number, settings: Settings, epoch: number): number[] {
  return settings.variant === "batch" ? Array.from({ length: count }, (_, index) => index) : orderOf(count, settings.seed, epoch);
}

export function descend(x: Rows, y: readonly number[], settings: Settings): Run {
  const count = x.length;
  const width = (x[0]?.length ?? 0) + 1;
  const size = rowsOfStep(count, settings);
  const stepsPerEpoch = Math.ceil(count / size);
  const parameters = new Float64Array((settings.epochs * stepsPerEpoch + 1) * width);
  let now: number[] = Array<number>(width).fill(0);
  const losses = [loss(x, y, now)];
  let steps = 0;
  let epoch = 0;
  while (epoch < settings.epochs && Number.isFinite(losses[epoch])) {
    epoch += 1;
    const order = orderOfEpoch(count, settings, epoch);
    for (let from = 0; from < count; from += size) {
      const found = gradient(x, y, now, order.slice(from, from + size)).gradient;
      now = now.map((value, index) => value - settings.rate * (found[index] ?? 0));
      steps += 1;
      parameters.set(now, steps * width);
    }
    losses.push(loss(x, y, now));
  }
  const isDiverged = !Number.isFinite(losses[epoch]);
  return { settings, width, stepsPerEpoch, steps, epochs: epoch, isDiverged, parameters: parameters.subarray(0, (steps + 1) * width), losses };
}

/** Parameters after a number of steps. */
export function parametersAt(run: Run, step: number): number[] {
  const at = Math.max(0, Math.min(step, run.steps)) * run.width;
  return Array.from(run.parameters.subarray(at, at + run.width));
}

/** The step that leads from `done` steps to the next, its numbers counted anew; null after the last. */
export function stepAfter(run: Run, x: Rows, y: readonly number[], done: number): Step | null {
  if (done < 0 || done >= run.steps) return null;
  const epoch = Math.floor(done / run.stepsPerEpoch) + 1;
  const size = rowsOfStep(x.length, run.settings);
  const from = (done % run.stepsPerEpoch) * size;
  const rows = orderOfEpoch(x.length, run.settings, epoch).slice(from, from + size);
  const before = parametersAt(run, done);
  return { epoch, inEpoch: (done % run.stepsPerEpoch) + 1, rows, before, after: parametersAt(run, done + 1), ...gradient(x, y, before, rows) };
}

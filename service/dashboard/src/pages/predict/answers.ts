/** The answer for one row, in one shape whatever was predicted. */
import type { components } from "../../api/schema";

export type Predictions = components["schemas"]["Predictions"];

/** What each feature adds to a sum. */
export interface Sum {
  intercept: number;
  added: { name: string; value: number }[];
}

export interface Outcome {
  /** A target, or a class. */
  name: string;
  value: number | null;
  interval: [number, number] | null;
  sum: Sum | null;
}

export interface Answer {
  version: number;
  /** Of several classes, the most probable; null where numbers are predicted. */
  label: string | null;
  outcomes: Outcome[];
  /** Features whose value is unlike any of training. */
  flags: string[];
}

type Contributions = NonNullable<Predictions["contributions"]>[number];
type Intervals = NonNullable<Predictions["intervals"]>[number];
type Prediction = Predictions["predictions"][number];

/** Of an answer to a single row. `targets` are the columns that are predicted, `features` those of the model. */
export function answerOf(told: Predictions, targets: readonly string[], features: ReadonlySet<string>): Answer {
  const prediction = told.predictions[0] ?? null;
  const sums = told.contributions?.[0];
  const intervals = told.intervals?.[0];
  const about = { version: told.model.version, flags: told.flags?.[0] ?? [] };
  if (isClasses(prediction)) {
    const classes = Object.entries(prediction.probabilities).sort(([, one], [, other]) => other - one);
    // of two classes there is a single sum: the log-odds of the second one
    const outcomes = classes.map(([name, value]) => ({ name, value, interval: null, sum: sumOf(ofName(sums, name), features) }));
    const only = sumOf(sums, features);
    const second = Object.keys(prediction.probabilities)[1];
    return { ...about, label: String(prediction.label), outcomes: outcomes.map((one) => (only && one.name === second ? { ...one, sum: only } : one)) };
  }
  if (typeof prediction === "object" && prediction !== null) {
    const outcomes = Object.entries(prediction).map(([name, value]) => ({ name, value, interval: pairOf(ofName(intervals, name)), sum: sumOf(ofName(sums, name), features) }));
    return { ...about, label: null, outcomes };
  }
  const outcome = { name: targets[0] ?? "prediction", value: prediction, interval: pairOf(intervals), sum: sumOf(sums, features) };
  return { ...about, label: null, outcomes: [outcome] };
}

function isClasses(prediction: Prediction): prediction is components["schemas"]["ClassPrediction"] {
  return typeof prediction === "object" && prediction !== null && "label" in prediction && typeof prediction["probabilities"] === "object";
}

/** What is told of one target or class, where that is told of each. */
function ofName(told: Contributions | Intervals | undefined, name: string): unknown {
  return typeof told === "object" && !Array.isArray(told) && Object.hasOwn(told, name) ? told[name] : undefined;
}

function pairOf(told: unknown): [number, number] | null {
  if (!Array.isArray(told)) return null;
  const [low, high]: unknown[] = told;
  return typeof low === "number" && typeof high === "number" ? [low, high] : null;
}

/** The intercept is what no feature is called. */
function sumOf(told: unknown, features: ReadonlySet<string>): Sum | null {
  if (typeof told !== "object" || told === null) return null;
  let intercept: number | null = null;
  const added: Sum["added"] = [];
  for (const [name, value] of Object.entries(told)) {
    if (typeof value !== "number") return null;
    if (features.has(name)) added.push({ name, value });
    else if (intercept === null) intercept = value;
    else return null;
  }
  return intercept === null ? null : { intercept, added };
}

import type { Schema } from "../../api/client";

export const KIND_NAMES: Record<string, string> = { train: "Training", "descent-comparison": "Descents compared", predict: "Batch prediction" };
const STAGES: Record<string, string> = { linear: "linear neuron", mlp: "network", refit: "on all rows" };

export function stageName(stage: string): string {
  return STAGES[stage] ?? stage;
}

/** The model that a job makes or uses; empty for a comparison. */
export function modelOf(job: Schema<"Job">): string {
  if (job.model) return job.kind === "predict" ? `${job.model.name}:${job.model.version}` : job.model.name;
  return "model" in job.spec ? job.spec.model : "";
}

/** Seconds between two times; up to now where the second is missing. */
export function elapsed(from: string, to: string | null): number {
  return Math.max(0, ((to === null ? Date.now() : new Date(to).getTime()) - new Date(from).getTime()) / 1000);
}

/** What to do about an error, by its code; its own words say what is wrong, and often what helps. */
export const ADVICE: Record<string, string> = {
  diverged: "Leave the learning rate at auto, so that a safe one is chosen from the curvature, or set one below the bound that the preflight shows. Scaled columns and a limit for the gradient's norm (clip_norm) help too.",
  not_finite: "Very large values in a column do this. Scale the columns (scaler: robust or robust_clip), or leave the column out.",
  too_long: "Give it fewer epochs or fewer rows, or a budget_seconds: then it ends in time and keeps what it has learnt.",
  too_large: "Make the hidden layers smaller, or leave out columns with many categories.",
  out_of_memory: "Make the network or its batches smaller, learn from fewer columns, or run the worker on a machine with more memory.",
  gpu_unavailable: "Set device to auto or cpu.",
  missing_values: "Choose another way for missing values (missing: mean, median or most_frequent), or drop these rows.",
  too_few_rows: "Keep more rows for training: smaller shares for validation and test, or another way for missing values than drop.",
  features_constant: "Choose columns that have more than one value.",
  worker_lost: "The process that ran it has ended several times. The machine may have run out of memory: try a smaller network or fewer columns, and look at the system page.",
};

import type { Schema } from "../../api/client";

/** What a report says of one target; of several, one is looked at at a time. */
export interface View extends Omit<Schema<"OfTarget">, "weights"> {
  target: string;
  /** From 1, as pictures are named; 0 for the only one. */
  number: number;
  weights?: Schema<"OfTarget">["weights"];
  metrics: Record<string, Schema<"Metrics">>;
  baseline: Record<string, Schema<"Metrics">>;
  linear: Record<string, Schema<"Metrics">>;
}

type ByPart = Record<string, Schema<"Metrics">>;

/** A report as it is seen for each target. */
export function viewsOf(report: Schema<"Report">, target: string | string[]): View[] {
  const { metrics = {}, baseline = {}, by_target: each } = report;
  const linear = report.verdict?.linear ?? {};
  if (!each) return [{ ...report, target: String(target), number: 0, metrics, baseline, linear }];
  // pictures are numbered as the spec names the targets; the report has them by name
  const names = Array.isArray(target) ? target : Object.keys(each);
  return names.map((name, place) => ({
    ...each[name], target: name, number: place + 1, metrics: of(metrics, name), baseline: of(baseline, name), linear: of(linear, name),
  }));
}

function of(byPart: ByPart, target: string): ByPart {
  return Object.fromEntries(Object.entries(byPart).map(([part, scores]) => [part, scores.by_target?.[target] ?? scores]));
}

/** The figures of a report by their names in the field, in the order in which they are read. */

interface Meaning {
  name: string;
  isLowerBetter: boolean;
  says: string;
}

const METRICS: Record<string, Meaning> = {
  rmse: { name: "RMSE", isLowerBetter: true, says: "root of the mean squared error, in the target’s units" },
  mse: { name: "MSE", isLowerBetter: true, says: "mean squared error" },
  mae: { name: "MAE", isLowerBetter: true, says: "mean absolute error, in the target’s units" },
  r2: { name: "R²", isLowerBetter: false, says: "share of the target’s variance that is explained; 0 is no better than the mean" },
  quantile_loss: { name: "Quantile loss", isLowerBetter: true, says: "in the target’s units" },
  log_loss: { name: "Log loss", isLowerBetter: true, says: "mean of −ln of the probability given to the true class" },
  accuracy: { name: "Accuracy", isLowerBetter: false, says: "share of rows whose class is predicted" },
  roc_auc: { name: "ROC AUC", isLowerBetter: false, says: "chance that a row of the class scores above one of the others; 0.5 is guessing" },
  f1: { name: "F1", isLowerBetter: false, says: "harmonic mean of precision and recall" },
};

/** Parts of a split, those that judge first. */
export const PARTS = ["validation", "test", "train"] as const;
export type Part = (typeof PARTS)[number];

export function metricName(metric: string): string {
  return METRICS[metric]?.name ?? metric.replaceAll("_", " ");
}

export function metricMeaning(metric: string): string {
  return METRICS[metric]?.says ?? "";
}

export function isLowerBetter(metric: string): boolean {
  return METRICS[metric]?.isLowerBetter ?? true;
}

type Figures = object | null | undefined;

/** The single figures among metrics, in their order: matrices and parts of several targets are left out. */
export function figures(metrics: Figures): [string, number | null][] {
  const found = new Map<string, number | null>();
  for (const [name, value] of Object.entries(metrics ?? {})) {
    if (typeof value === "number" || value === null) found.set(name, value);
  }
  const order = Object.keys(METRICS);
  const place = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return [...found].sort(([one], [other]) => place(one) - place(other));
}

/** The part that tells how good predictions of new rows are: the first that has figures. */
export function judgedOn(byPart: Record<string, Figures>): Part | null {
  return PARTS.find((part) => figures(byPart[part]).length > 0) ?? null;
}

/** The figure of a kind, of the part that judges; "error" is what training makes small, "fit" a share of what is right. */
export function headline(byPart: Record<string, Figures>, kind: "error" | "fit"): { metric: string; value: number | null } | null {
  const part = judgedOn(byPart);
  if (part === null) return null;
  const names = kind === "error" ? ["rmse", "log_loss"] : ["r2", "accuracy"];
  const found = figures(byPart[part]).find(([name]) => names.includes(name));
  return found ? { metric: found[0], value: found[1] } : null;
}

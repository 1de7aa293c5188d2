import type { Schema } from "../../api/client";
import { number } from "../../words/format";
import { headline, judgedOn, metricName } from "../../words/metrics";

type Kind = "error" | "fit";

/** What a list shows of a version; the rest of what the server says of it is not kept, since there may be thousands. */
export interface Row {
  version: number;
  target: string;
  aliases: string[];
  part: string | null;
  error: ReturnType<typeof headline>;
  fit: ReturnType<typeof headline>;
  created_at: string;
}

export function rowOf({ version, target, aliases, metrics, created_at }: Schema<"ListedVersion">): Row {
  const named = typeof target === "string" ? target : target.join(", ");
  return { version, target: named, aliases, part: judgedOn(metrics), error: headline(metrics, "error"), fit: headline(metrics, "fit"), created_at };
}

/** The metrics that a column holds, by name: one, or several where the versions' tasks are not the same. */
export function titleOf(rows: readonly Row[], kind: Kind): string {
  const metrics = [...new Set(rows.map((row) => row[kind]?.metric).filter((metric) => metric !== undefined))];
  return metrics.length ? metrics.map(metricName).join(" or ") : kind === "error" ? "Error" : "Fit";
}

export function figureOf(row: Row, kind: Kind): string {
  const found = row[kind];
  return found ? number(found.value) : "–";
}

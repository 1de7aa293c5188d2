import type { Schema } from "../../api/client";

export type Weight = Schema<"Weight">;

/** The feature, with its class where it is of one. */
export function nameOf({ class: label, feature = "" }: Weight): string {
  return label === undefined ? feature : `${label}: ${feature}`;
}

/** Where the learnt coefficient lies, seen from the optimum's confidence interval. */
export function placeOf({ learnt, low, high }: Weight): "inside" | "above" | "below" | "–" {
  if (typeof learnt !== "number" || typeof low !== "number" || typeof high !== "number") return "–";
  return learnt < low ? "below" : learnt > high ? "above" : "inside";
}

export function toldOf(place: ReturnType<typeof placeOf>): string {
  return place === "–" ? place : `${place} it`;
}

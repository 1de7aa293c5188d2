import type { Schema } from "../../api/client";

type Dependence = Pick<Schema<"PartialDependence">, "values" | "predictions">;

/** The mean predictions at each value, by class where there are classes; a single one has no name. */
export function curvesOf({ predictions = [] }: Dependence): { name: string; values: number[] }[] {
  if (Array.isArray(predictions)) return [{ name: "", values: predictions }];
  return Object.entries(predictions).map(([name, values]) => ({ name, values }));
}

/** Whether the values are numbers that ascend, which a curve can be drawn over. */
export function isCurve({ values = [] }: Dependence): boolean {
  return values.length > 1 && values.every((value, place) => typeof value === "number" && (place === 0 || value > Number(values[place - 1])));
}

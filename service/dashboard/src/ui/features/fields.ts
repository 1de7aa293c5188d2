/** The fields of a form with one field a feature: what each asks for, and what is typed to begin with. */
import type { FeatureKind, TrainedFeature } from "../../api/manifest.ts";

/** What is known of a feature; `known` is null where only its name and kind are (a model that another owner shares). */
export interface FeatureField {
  name: string;
  /** `unknown`: words, a time or a category, nobody says which. */
  kind: FeatureKind | "unknown";
  low: number | null;
  high: number | null;
  /** Whole numbers alone, or whole days. */
  isWhole: boolean;
  choices: string[];
  words: [string, string];
  /** Whether something takes the place of a missing cell; null where nobody says. */
  fills: boolean | null;
  /** Of a usual row, as one would type it. */
  usual: string;
}

/** What is in one field. */
export interface Typed {
  text: string;
  isMissing: boolean;
}

/** What a profile of the training table adds; the manifest has no medians. */
export interface Seen {
  name: string;
  whole?: boolean;
  quantiles?: Record<string, number | string | null>;
  top?: { value: string | number | boolean }[];
  values?: (string | number | boolean)[];
}

const DAY = 86_400;
const NO_YES: [string, string] = ["false", "true"];

export function fieldOf(feature: TrainedFeature, seen: Seen | undefined): FeatureField {
  const isDays = feature.kind === "datetime" && isWholeDay(feature.low) && isWholeDay(feature.high);
  const isWhole = feature.kind === "datetime" ? isDays : (seen?.whole ?? false);
  const choices = feature.kind === "categorical" ? [...new Set([...feature.categories, ...(seen?.values ?? []).map(String)])] : [];
  const field = { ...bare(feature.name, feature.kind), low: feature.low, high: feature.high, isWhole, choices, words: feature.words ?? NO_YES, fills: feature.fill !== null };
  return { ...field, usual: usualOf(field, feature, seen) };
}

/** A field of which nothing but its name and perhaps its kind is known. */
export function bare(name: string, kind: FeatureField["kind"]): FeatureField {
  return { name, kind, low: null, high: null, isWhole: false, choices: [], words: NO_YES, fills: null, usual: "" };
}

/** The kind that a tensor's datatype in /v2 gives away. */
export function kindOfTensor(datatype: string): FeatureField["kind"] {
  return datatype === "BOOL" ? "boolean" : datatype === "BYTES" ? "unknown" : "numeric";
}

const isWholeDay = (seconds: number | null) => seconds !== null && seconds % DAY === 0;

function usualOf(field: FeatureField, { kind, fill }: TrainedFeature, seen: Seen | undefined): string {
  const middle = seen?.quantiles?.["0.5"];
  const top = seen?.top?.[0]?.value;
  switch (kind) {
    case "numeric": {
      const value = typeof middle === "number" ? middle : typeof fill === "number" ? fill : null;
      if (value === null) return "";
      return String(field.isWhole ? Math.round(value) : Number(value.toPrecision(4)));
    }
    case "boolean":
      return (typeof top === "boolean" ? top : typeof fill === "number" && fill >= 0.5) ? "true" : "false";
    case "datetime": {
      const at = typeof middle === "string" ? Date.parse(middle) / 1000 : fill;
      return typeof at === "number" && Number.isFinite(at) ? timeText(at, field.isWhole) : "";
    }
    default:
      return top !== undefined ? String(top) : typeof fill === "string" ? fill : (field.choices[0] ?? "");
  }
}

/** Seconds since 1970 as a field for dates or times takes them; empty for what it cannot show. */
export function timeText(seconds: number, isDay: boolean): string {
  const at = new Date(Math.round(seconds) * 1000);
  if (Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1 || at.getUTCFullYear() > 9999) return "";
  return at.toISOString().slice(0, isDay ? 10 : 19);
}
